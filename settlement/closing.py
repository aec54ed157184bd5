"""Closing a window: the books go on at once, the figures follow, and the money after them.

Closing is one short transaction, which holds the tills back for the moment in which the next window
opens, and then several that work out what the closed one came to, however long that takes. Killed
anywhere between them, the window waits in `closing` until `resume` finishes it.
"""

import re
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from exchange import store as books
from exchange import windows
from kit.database import Database
from kit.ids import to_text
from settlement import deferrals, postings, revisions, rollup, store
from settlement.bank.agreement import disagreements, hold_money, money_moved
from settlement.book_checks.standing import refuse_unless_balanced
from settlement.calendar import dates
from settlement.defaults.errors import CoveredAlready
from settlement.defaults.store import shortfalls_of
from settlement.errors import (
    BankDisagrees,
    MoneyMoved,
    SettlementStepRefused,
    UnrevisedDeferrals,
    WindowNameInvalid,
    WindowNameTaken,
    WindowNotClosed,
    WindowNotOpen,
)
from settlement.sealing.seal import seal_window
from settlement.sealing.sealer import Sealer
from settlement.store import Window
from staff.audit.recording import record
from staff.errors import SecondPersonRequired

log = structlog.get_logger("closing")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")

# From which states each can be reached.
_FROM = {
    "approved": ("closed",),
    "paying": ("approved", "paying"),
    "settled": ("paying",),
    "aborted": ("closed", "approved"),
}


def open_first(session: Session, name: str) -> None:
    """Open the books with their first window. Raises WindowNameInvalid, WindowAlreadyOpen."""
    _check_name(name)
    windows.open_first(session, name)


def close(
    database: Database,
    *,
    window: str,
    next_name: str,
    currency: str,
    by: str,
    now: datetime,
    signer: Sealer,
    moment: datetime | None = None,
) -> None:
    """Close the open window, open the next, and settle what the closed one came to.

    `by` is an operator's name, or `calendar`: another one must approve. `moment` is for tests and
    replays: windows keep the database's own time. Raises WindowNameInvalid,
    WindowNotFound, WindowNotOpen, WindowNameTaken, in this order, with nothing done; then what
    `resume` raises, with the window closed and left in `closing`.
    """
    with database.transaction() as session:
        begin(
            session,
            window=window,
            next_name=next_name,
            currency=currency,
            by=by,
            moment=moment,
        )
    resume(database, window=window, now=now, signer=signer)


def begin(
    session: Session,
    *,
    window: str,
    next_name: str,
    currency: str,
    by: str,
    moment: datetime | None = None,
) -> None:
    """Close the window to the tills and open the next: the first, short half. Commit soon.

    Raises WindowNameInvalid, WindowNotFound, WindowNotOpen, WindowNameTaken, in this order.
    """
    _check_name(next_name)
    # Before the tills are held back; and again below, for another may be closing it right now.
    _check_open(store.get_window(session, window))
    books.lock_windows(session)
    _check_open(store.get_window(session, window))
    if store.find_window(session, next_name) is not None:
        raise WindowNameTaken(name=next_name)
    # Every refusal is above this line.
    closed, opened = windows.close_and_open_next(session, next_name, moment)
    store.insert_settlement(
        session,
        closed.id,
        currency=currency,
        dates=dates(session, opened.opened_at),
        closed_at=opened.opened_at,
        by=by,
    )
    _note(session, window, "closed", opened.opened_at, by, "open", None)


def resume(database: Database, *, window: str, now: datetime, signer: Sealer) -> None:
    """Work out a window in `closing`, exactly once; one that was worked out already is left alone.

    Its points are summed and kept, its journals sealed, and its figures worked out: a transaction
    each, so that whoever is killed leaves less to do. Raises WindowNotFound, WindowNotClosed, Busy,
    PointsUnpriced, NettingDoesNotBalance, FxRateMissing, StatementDoesNotAddUp, in this order; the
    window then stays in `closing`.
    """
    with database.transaction() as session:
        found = store.get_window(session, window)
        if found.state == "open":
            raise WindowNotClosed(state=found.state)
        if store.lock_settlement(session, found.id) != "closing":
            return
        _fix_moved(session, found.id)
    head = seal_window(database, found.id, signer, now)
    with database.transaction() as session:
        if store.lock_settlement(session, found.id) == "closing":
            store.take_time(session)
            by = found.closed_by or "calendar"
            revisions.work_out(session, found, by=by, now=now, signer=signer, head=head)


def approve(session: Session, window: str, now: datetime, *, by: str, because: UUID) -> None:
    """Another person than closed it agrees to the figures; nothing contested is in them.

    `because` is the proposal that was approved. Raises WindowNotFound, Busy, SettlementStepRefused,
    SecondPersonRequired, UnrevisedDeferrals, BooksDoNotBalance, in this order.
    """
    found = _locked(session, window, "approved")
    if found.closed_by == by:
        raise SecondPersonRequired
    if revisions.is_stale(session, found):
        raise UnrevisedDeferrals
    refuse_unless_balanced(session)
    _step(session, found, "approved", now, by, because)


def start_paying(session: Session, window: str, now: datetime, *, by: str, because: UUID) -> None:
    """The payments are on their way, as two people agreed: `because` is their proposal.

    Once for each revision: whose figures are worked out anew while it is paid is paid anew. Raises
    WindowNotFound, Busy, SettlementStepRefused, BooksDoNotBalance, in this order.
    """
    found = _locked(session, window, "paying")
    if found.state == "paying" and store.paid_revision(session, found.id) == found.revision:
        raise SettlementStepRefused(state=found.state, needs="approved")
    refuse_unless_balanced(session)
    _step(session, found, "paying", now, by, because)


def mark_settled(
    session: Session, window: str, now: datetime, *, by: str, regardless: UUID | None = None
) -> None:
    """All money arrived: what was owed for the window no longer counts towards anybody's cap.

    `regardless` is what two people approved, who said why a payment that the bank does not show
    need not be waited for. Raises WindowNotFound, Busy, SettlementStepRefused, BankDisagrees, in
    this order.
    """
    found = _locked(session, window, "settled")
    missing = disagreements(session, found.id)
    if missing and regardless is None:
        raise BankDisagrees(payments=len(missing))
    _step(session, found, "settled", now, by, regardless)
    books.settle_exposure(session, found.id, now)


def abort(session: Session, window: str, now: datetime, *, by: str, because: UUID) -> None:
    """Give the settlement up, as two people approved: all of it goes into the next that closes.

    What the window owed no longer counts as owed, and its points stand as they did before.
    What is contested must be left out first, or it would come into the next with all the rest.
    Raises WindowNotFound, Busy, SettlementStepRefused, CoveredAlready, MoneyMoved,
    UnrevisedDeferrals, in this order.
    """
    hold_money(session)  # First: whoever matches money comes to the window after it.
    found = _locked(session, window, "aborted")
    if any(row["method"] == "cover" for row in shortfalls_of(session, found.id)):
        raise CoveredAlready
    if money_moved(session, found.id):
        raise MoneyMoved
    if revisions.is_stale(session, found):
        raise UnrevisedDeferrals
    deferral = deferrals.defer_window(session, found.id, because=because, now=now)
    deferrals.release(session, deferral, now)
    _step(session, found, "aborted", now, by, because)
    nothing = dict.fromkeys(books.released(session, found.id), (0, 0))
    books.release_exposures(session, found.id, nothing)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise WindowNameInvalid(name=name)


def _check_open(window: Window) -> None:
    if window.state != "open":
        raise WindowNotOpen(state=window.state)


def _locked(session: Session, name: str, to: str) -> Window:
    """The window, held until this transaction ends, if it is ready for the step."""
    found = store.get_window(session, name)
    state = store.lock_settlement(session, found.id) or found.state
    if state not in _FROM[to]:
        needs = " or ".join(each for each in _FROM[to] if each != to)
        raise SettlementStepRefused(state=state, needs=needs)
    return store.get_window(session, name)


def _step(
    session: Session, window: Window, to: str, now: datetime, by: str, because: UUID | None
) -> None:
    """Take a locked window to its next state, and write it down."""
    store.set_state(session, window.id, to, now, by, because)
    _note(session, window.name, to, now, by, window.state, because)


def _note(
    session: Session,
    window: str,
    to: str,
    now: datetime,
    by: str,
    before: str,
    because: UUID | None,
) -> None:
    """`window-closed`, `window-approved`, `window-paying`, `window-settled`, `window-aborted`."""
    proposal = {} if because is None else {"proposal": to_text("prp", because)}
    record(
        session,
        who=by,
        what=f"window-{to}",
        object_=f"window {window}",
        now=now,
        before={"state": before},
        after={"state": to, **proposal},
    )


def _fix_moved(session: Session, window: int) -> None:
    """Keep what moved in the window: the sums that were made as it went, if a scan agrees."""
    if store.has_moved(session, window):
        return
    store.take_time(session)
    moved = rollup.movements(session, window)
    plain: dict[tuple[str, int, int | None], int] = {}
    for each in moved:
        key = each.kind, each.issuer, each.acceptor
        plain[key] = plain.get(key, 0) + each.points
    if plain != postings.plain_sums(session, window):
        log.error("rolled-up-sums-differ", window=window)
        moved = postings.movements(session, window)
    store.insert_moved(session, window, moved)
