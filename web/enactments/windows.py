"""Acts on settlement windows: approved, paid, given up, or settled though the bank does not agree.

Whoever approves sees the figures as they are kept; what was agreed to is compared with them again.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from settlement import agreed, closing, store
from settlement.bank import payment_files
from staff.approvals import Proposal
from staff.errors import ProposalChanged
from web.enactments.acts import Act


def _approval(session: Session, decided: Proposal, now: datetime) -> str:
    window = _hold(session, decided)
    if not agreed.still_figures(session, decided.content):
        raise ProposalChanged
    closing.approve(session, window, now, by=str(decided.decided_by), because=decided.id)
    return f"{window} approved at revision {decided.content['revision']}"


def _payment(session: Session, decided: Proposal, now: datetime) -> str:
    window = _hold(session, decided)
    files = agreed.still_files(session, decided.content, by=decided.proposed_by, now=now)
    if files is None:
        raise ProposalChanged
    closing.start_paying(session, window, now, by=_both(decided), because=decided.id)
    payment_files.keep(session, window, files)
    return f"{window} is being paid, by files for the bank: {len(files)}"


def _abort(session: Session, decided: Proposal, now: datetime) -> str:
    window = _as_proposed(session, decided)
    closing.abort(session, window, now, by=_both(decided), because=decided.id)
    return f"{window} given up: it goes into the next settlement"


def _settle_regardless(session: Session, decided: Proposal, now: datetime) -> str:
    window = _as_proposed(session, decided)
    closing.mark_settled(session, window, now, by=_both(decided), regardless=decided.id)
    return f"{window} settled, though the bank does not show every payment"


def _hold(session: Session, decided: Proposal) -> str:
    """The window's name; nobody else takes a step of it. Raises WindowNotFound, Busy."""
    window = store.get_window(session, decided.content["window"])
    store.lock_settlement(session, window.id)
    return window.name


def _as_proposed(session: Session, decided: Proposal) -> str:
    """The window, if its figures are still those that were spoken of. Raises ProposalChanged."""
    name = _hold(session, decided)
    if store.get_window(session, name).revision != decided.content["revision"]:
        raise ProposalChanged
    return name


def _both(decided: Proposal) -> str:
    return f"{decided.proposed_by}, {decided.decided_by}"


ACTS: dict[str, Act] = {
    "window-approval": _approval,
    "window-payment": _payment,
    "window-abort": _abort,
    "settle-regardless": _settle_regardless,
}
