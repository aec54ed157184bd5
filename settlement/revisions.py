"""A settlement's figures, worked out from its content: at the closing, and again when that changes.

What a revision holds is never changed. The next one stands beside it, and says why.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from exchange import store as books
from kit.database import Database
from partners import terms
from settlement import content, fx_rates, store
from settlement.content import Content
from settlement.drafting import Period, draft
from settlement.errors import (
    SettlementStepRefused,
    StatementDoesNotAddUp,
    WindowNotClosed,
)
from settlement.reckoning import Reckoning, reckon
from settlement.sealing.sealer import Sealer
from settlement.statement_checks import check
from settlement.statement_files import as_csv, as_json
from settlement.statements import Statement, TreeHead, number
from settlement.store import Participant, Window

Reason = Literal["closing", "dispute", "without", "covered"]

# From which states a window may be worked out again: a contested line only before the figures are
# agreed, a default until the money has moved.
_FROM: dict[Reason, tuple[str, ...]] = {
    "dispute": ("closed",),
    "without": ("closed", "approved", "paying"),
    "covered": ("closed", "approved", "paying"),
}


def revise(
    database: Database,
    *,
    window: str,
    reason: Reason,
    by: str,
    now: datetime,
    signer: Sealer,
    because: UUID | None = None,
    covers: Mapping[int, int] | None = None,
) -> int:
    """Work a closed window out again, as its content and its covers now are; the revision in force.

    When nothing came out differently, that is the one there was. Without `covers`, those in force
    stay. Raises what `revise_within` raises.
    """
    with database.transaction() as session:
        return revise_within(
            session,
            window=window,
            reason=reason,
            by=by,
            now=now,
            signer=signer,
            because=because,
            covers=covers,
        )


def revise_within(
    session: Session,
    *,
    window: str,
    reason: Reason,
    by: str,
    now: datetime,
    signer: Sealer,
    because: UUID | None = None,
    covers: Mapping[int, int] | None = None,
) -> int:
    """`revise` in a transaction that has more to do.

    Raises WindowNotFound, Busy, SettlementStepRefused, and what working out refuses.
    """
    found = store.get_window(session, window)
    state = store.lock_settlement(session, found.id) or found.state
    if state not in _FROM[reason]:
        raise SettlementStepRefused(state=state, needs=" or ".join(_FROM[reason]))
    store.take_time(session)
    found = store.get_window(session, window)
    kept = {
        row["party"]: row["cover"] for row in store.positions(session, found.id) if row["cover"]
    }
    covers = kept if covers is None else covers
    figured = _figure(session, found, covers)
    if list(figured.figures.obligations) == store.obligations(session, found.id) and {
        party: cover for party, cover in covers.items() if cover
    } == kept:
        return found.revision
    _write(session, found, figured, reason, because, by, now, signer, head=None)
    return found.revision + 1


def work_out(
    session: Session,
    window: Window,
    *,
    by: str,
    now: datetime,
    signer: Sealer,
    head: TreeHead | None,
) -> None:
    """The first revision: what the closing comes to. The window is locked and in `closing`.

    Raises PointsUnpriced, NettingDoesNotBalance, FxRateMissing, StatementDoesNotAddUp.
    """
    store.bring_in(session, window.id)
    figured = _figure(session, window, {})
    _write(session, window, figured, "closing", None, by, now, signer, head)
