"""Acts on settlement windows: given up, or settled although the bank does not agree."""

from datetime import datetime

from sqlalchemy.orm import Session

from settlement import closing, store
from staff.approvals import Proposal
from staff.errors import ProposalChanged
from web.enactments.acts import Act


def _abort(session: Session, decided: Proposal, now: datetime) -> str:
    window = _as_proposed(session, decided)
    closing.abort(session, window, now, by=_both(decided), because=decided.id)
    return f"{window} given up: it goes into the next settlement"


def _settle_regardless(session: Session, decided: Proposal, now: datetime) -> str:
    window = _as_proposed(session, decided)
    closing.mark_settled(session, window, now, by=_both(decided), regardless=decided.id)
    return f"{window} settled, though the bank does not show every payment"


def _as_proposed(session: Session, decided: Proposal) -> str:
    """The window, if its figures are still those that were spoken of. Raises ProposalChanged."""
    window = store.get_window(session, decided.content["window"])
    if window.revision != decided.content["revision"]:
        raise ProposalChanged
    return window.name


def _both(decided: Proposal) -> str:
    return f"{decided.proposed_by}, {decided.decided_by}"


ACTS: dict[str, Act] = {"window-abort": _abort, "settle-regardless": _settle_regardless}
