"""A settlement's figures, worked out from its content: at the closing, and again when that changes.

What a revision holds is never changed. The next one stands beside it, and says why.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from exchange import store as books
from kit.database import Database
from partners import terms
from settlement import content, fx_rates, postings, store
from settlement.bank import accounts
from settlement.calendar import zone
from settlement.content import Content
from settlement.drafting import Period, draft
from settlement.errors import (
    SettlementStepRefused,
    StatementDoesNotAddUp,
    WindowNotClosed,
)
from settlement.fx import Rate
from settlement.reckoning import Reckoning, reckon
from settlement.sealing import store as sealed
from settlement.sealing.sealer import Sealer
from settlement.statement_checks import check
from settlement.statement_files import as_csv, as_json
from settlement.statements import Statement, TreeHead, number
from settlement.store import Participant, Window
from staff.audit.recording import record

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

    When nothing else is left out and the covers are the same, that is the one there was. Without
    `covers`, those in force stay. Raises what `revise_within` raises.
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
    same = {party: cover for party, cover in covers.items() if cover} == kept
    if same and not is_stale(session, found):
        return found.revision
    store.count_deferrals(session, found.id, found.revision + 1)
    figured = _figure(session, found, covers)
    head = sealed.latest_head(session)  # It has the window's journals, and what came after.
    _write(session, found, figured, reason, because, by, now, signer, head)
    record(
        session,
        who=by,
        what="window-revised",
        object_=f"window {window}",
        now=now,
        before={"revision": found.revision},
        after={"revision": found.revision + 1, "why": reason},
    )
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
    store.count_deferrals(session, window.id, window.revision + 1)
    figured = _figure(session, window, {})
    _write(session, window, figured, "closing", None, by, now, signer, head)


def is_stale(session: Session, window: Window) -> bool:
    """Whether something was left out since the figures in force were worked out."""
    return store.deferred_since(session, window.id)


@dataclass(frozen=True, slots=True)
class _Figured:
    content: Content
    figures: Reckoning
    rates: Mapping[str, Rate]
    partners: Mapping[int, Participant]
    outstanding: Mapping[int, int]  # Points, by issuer, when the window ended.
    covers: Mapping[int, int]


def _figure(session: Session, window: Window, covers: Mapping[int, int]) -> _Figured:
    if window.closed_at is None or window.currency is None or window.route is None:
        raise WindowNotClosed(state=window.state)
    counted = content.content(session, window.id)
    outstanding = postings.outstanding(session, window.id)
    partners = _partners(session, window, counted, outstanding)
    rates = fx_rates.in_force(session, window.currency, store.day_of(session, window.closed_at))
    figures = reckon(
        counted.settled,
        terms.every(session),
        currencies={party: each.currency for party, each in partners.items()},
        rates=rates,
        base=window.currency,
        route=window.route,
        covers=covers,
    )
    return _Figured(counted, figures, rates, partners, outstanding, covers)


def _partners(
    session: Session, window: Window, counted: Content, outstanding: Mapping[int, int]
) -> dict[int, Participant]:
    """Everybody gets a statement but those who left before the window and have nothing in it."""
    if window.closed_at is None:
        raise WindowNotClosed(state=window.state)
    busy = {
        party
        for each in (*counted.moved, *counted.brought_in)
        for party in (each.issuer, each.acceptor)
    }
    busy |= {party for party, points in outstanding.items() if points}
    return {
        party: each
        for party, each in store.participants(session, window.closed_at).items()
        if party in busy or each.left_at is None or each.left_at >= window.opened_at
    }


def _write(
    session: Session,
    window: Window,
    figured: _Figured,
    reason: Reason,
    because: UUID | None,
    by: str,
    now: datetime,
    signer: Sealer,
    head: TreeHead | None,
) -> None:
    revision = window.revision + 1
    figures = figured.figures
    statements = _statements(session, window, figured, revision, head)
    # Every refusal is above this line.
    store.insert_revision(
        session, window.id, revision, reason=reason, because=because, by=by, now=now
    )
    store.insert_obligations(session, window.id, revision, figures.obligations)
    store.insert_positions(
        session, window.id, revision, figures.positions, figures.fixed, figured.rates
    )
    store.insert_payments(session, window.id, revision, figures.payments)
    store.insert_statements(
        session, [_signed(window, statement, now, signer) for statement in statements]
    )
    store.set_revision(session, window.id, revision)
    # Last, and in the order of the parties: accruals wait for these rows until the commit.
    released = dict.fromkeys(books.released(session, window.id), (0, 0))
    released |= {each.party: (each.points, each.owed) for each in figures.releases}
    books.release_exposures(session, window.id, released)


def _statements(
    session: Session, window: Window, figured: _Figured, revision: int, head: TreeHead | None
) -> list[Statement]:
    """Those of the partners whose figures are others than in the statement they have."""
    if window.closed_at is None or window.call_on is None:
        raise WindowNotClosed(state=window.state)
    before = store.last_statements(session, window.id)
    period = Period(
        window=window.name,
        opened_at=window.opened_at,
        closed_at=window.closed_at,
        due_on=window.call_on,
        movements=figured.content.moved,
        content=figured.content.settled,
        held_back=figured.content.left_out,
        brought_in=figured.content.brought_in,
        reckoning=figured.figures,
        rates=figured.rates,
        outstanding=figured.outstanding,
        names={party: name for party, (_, name) in store.names(session).items()},
        revision=revision,
        replaces={party: row["number"] for party, row in before.items()},
        cover=figured.covers,
        adjusted=postings.adjusted(session, window.id, list(figured.partners)),
        banks=accounts.details(session),
        zone=zone(session, window.closed_at),
        head=head,
    )
    statements = []
    for sequence, party in enumerate(sorted(figured.partners), start=1):
        statement = draft(period, party, number=number(window.name, sequence, revision))
        if problems := check(statement):
            raise StatementDoesNotAddUp(number=statement.number, problems=problems)
        known = before.get(party)
        if known is None or _figures_of(statement) != _figures_of_document(known["document"]):
            statements.append(statement)
    return statements


def _figures_of(statement: Statement) -> dict[str, Any]:
    return _figures_of_document(as_json(statement))


def _figures_of_document(document: bytes) -> dict[str, Any]:
    """What a statement says, but for what every statement says of itself."""
    said: dict[str, Any] = json.loads(document)
    return {
        name: value
        for name, value in said.items()
        if name not in ("number", "revision", "replaces", "head", "bank")
    }


def _signed(
    window: Window, statement: Statement, now: datetime, signer: Sealer
) -> dict[str, object]:
    """A row of settlement.statement."""
    document = as_json(statement)
    return {
        "number": statement.number,
        "window_id": window.id,
        "revision": statement.revision,
        "party_id": statement.party,
        "document": document,
        "csv": as_csv(statement),
        "digest": hashlib.sha256(document).digest(),
        "key_id": signer.id,
        "signature": signer.private.sign(document),
        "issued_at": now,
    }
