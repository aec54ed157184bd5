"""Closing a window: the books go on at once, the figures follow, and the money after them.

Closing is two transactions. The first holds the tills back for the moment in which the next
window opens; the second works out what the closed one came to, however long that takes. Killed
between the two, the window waits in `closing` until `resume` finishes it.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from exchange import store as books
from exchange import windows
from kit.database import Database
from partners import terms
from partners.public_keys import PrivateKey
from settlement import fx_rates, postings, store
from settlement.drafting import Period, draft
from settlement.errors import (
    SettlementStepRefused,
    StatementDoesNotAddUp,
    WindowNameInvalid,
    WindowNameTaken,
    WindowNotClosed,
    WindowNotOpen,
)
from settlement.reckoning import Reckoning, reckon
from settlement.statement_checks import check
from settlement.statement_files import as_csv, as_json
from settlement.statements import Statement, number
from settlement.store import Window

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
_STEPS = {"approved": "closed", "paying": "approved", "settled": "paying"}


class Signer(Protocol):
    """The hub's key, and the id under which its public half is published."""

    @property
    def id(self) -> str: ...

    @property
    def private(self) -> PrivateKey: ...


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
    now: datetime,
    signer: Signer,
) -> None:
    """Close the open window, open the next, and settle what the closed one came to.

    Raises WindowNameInvalid, WindowNotFound, WindowNotOpen, WindowNameTaken, in this order, with
    nothing done; then what `resume` raises, with the window closed and left in `closing`.
    """
    with database.transaction() as session:
        begin(session, window=window, next_name=next_name, currency=currency)
    resume(database, window=window, now=now, signer=signer)


def begin(session: Session, *, window: str, next_name: str, currency: str) -> None:
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
    closed, opened = windows.close_and_open_next(session, next_name)
    store.insert_settlement(session, closed.id, currency, opened.opened_at)


def resume(database: Database, *, window: str, now: datetime, signer: Signer) -> None:
    """Work out a window in `closing`, exactly once; one that was worked out already is left alone.

    Raises WindowNotFound, WindowNotClosed, Busy, PointsUnpriced, NettingDoesNotBalance,
    FxRateMissing, StatementDoesNotAddUp, in this order; the window then stays in `closing`.
    """
    with database.transaction() as session:
        found = store.get_window(session, window)
        if found.state == "open":
            raise WindowNotClosed(state=found.state)
        if store.lock_settlement(session, found.id) == "closing":
            store.take_time(session)
            _work_out(session, store.get_window(session, window), now, signer)


def approve(session: Session, window: str, now: datetime) -> None:
    """Finance agrees to the figures. Raises WindowNotFound, Busy, SettlementStepRefused."""
    _step(session, window, "approved", now)


def start_paying(session: Session, window: str, now: datetime) -> None:
    """The payments are on their way. Raises WindowNotFound, Busy, SettlementStepRefused."""
    _step(session, window, "paying", now)


def mark_settled(session: Session, window: str, now: datetime) -> None:
    """All money arrived: what was owed for the window no longer counts towards anybody's cap.

    Raises WindowNotFound, Busy, SettlementStepRefused.
    """
    books.settle_exposure(session, _step(session, window, "settled", now), now)


def settle_at_once(session: Session, window: str, now: datetime) -> list[str]:
    """Take every step that is left until `settled`, and name those taken.

    Raises WindowNotFound, Busy, SettlementStepRefused.
    """
    steps = {"closed": approve, "approved": start_paying, "paying": mark_settled}
    taken: list[str] = []
    while step := steps.get(store.get_window(session, window).state):
        step(session, window, now)
        taken.append(store.get_window(session, window).state)
    if not taken:
        raise SettlementStepRefused(state=store.get_window(session, window).state, needs="closed")
    return taken


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise WindowNameInvalid(name=name)


def _check_open(window: Window) -> None:
    if window.state != "open":
        raise WindowNotOpen(state=window.state)


def _step(session: Session, name: str, to: str, now: datetime) -> int:
    window = store.get_window(session, name)
    state = store.lock_settlement(session, window.id) or window.state
    if state != _STEPS[to]:
        raise SettlementStepRefused(state=state, needs=_STEPS[to])
    store.set_state(session, window.id, to, now)
    return window.id


def _work_out(session: Session, window: Window, now: datetime, signer: Signer) -> None:
    if window.closed_at is None or window.currency is None:
        raise WindowNotClosed(state=window.state)
    moved = postings.movements(session, window.id)
    outstanding = postings.outstanding(session, window.id)
    busy = {party for each in moved for party in (each.issuer, each.acceptor)}
    busy |= {party for party, points in outstanding.items() if points}
    # Everybody gets a statement but those who left before the window and have nothing in it.
    partners = {
        party: each
        for party, each in store.participants(session, window.closed_at).items()
        if party in busy or each.left_at is None or each.left_at >= window.opened_at
    }
    rates = fx_rates.in_force(session, window.currency, store.day_of(session, window.closed_at))
    figures = reckon(
        moved,
        terms.every(session),
        currencies={party: each.currency for party, each in partners.items()},
        rates=rates,
        base=window.currency,
    )
    period = Period(
        window=window.name,
        opened_at=window.opened_at,
        closed_at=window.closed_at,
        due_on=(window.closed_at + timedelta(days=7)).date(),
        movements=moved,
        content=moved,
        reckoning=figures,
        rates=rates,
        outstanding=outstanding,
        names={party: name for party, (_, name) in store.names(session).items()},
    )
    statements = _statements(window, period, list(partners))
    # Every refusal is above this line.
    store.insert_obligations(session, window.id, figures.obligations)
    store.insert_positions(session, window.id, figures.positions, figures.fixed, rates)
    store.insert_payments(session, window.id, figures.payments)
    for statement in statements:
        _issue(session, window, statement, now, signer)
    store.set_state(session, window.id, "closed", now)
    _release(session, window, figures)


def _release(session: Session, window: Window, figures: Reckoning) -> None:
    # Last, and in the order of the parties: accruals wait for these rows until the commit.
    for each in sorted(figures.releases, key=lambda release: release.party):
        books.release_exposure(session, window.id, each.party, each.points, each.owed)


def _statements(window: Window, period: Period, parties: Sequence[int]) -> list[Statement]:
    statements = []
    for sequence, party in enumerate(parties, start=1):
        statement = draft(period, party, number=number(window.name, sequence, period.revision))
        if problems := check(statement):
            raise StatementDoesNotAddUp(number=statement.number, problems=problems)
        statements.append(statement)
    return statements


def _issue(
    session: Session, window: Window, statement: Statement, now: datetime, signer: Signer
) -> None:
    document = as_json(statement)
    store.insert_statement(
        session,
        {
            "number": statement.number,
            "window_id": window.id,
            "party_id": statement.party,
            "document": document,
            "csv": as_csv(statement),
            "digest": hashlib.sha256(document).digest(),
            "key_id": signer.id,
            "signature": signer.private.sign(document),
            "issued_at": now,
        },
    )
