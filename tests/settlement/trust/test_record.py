"""A partner's record, as the bank's files tell it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from settlement import closing
from settlement.trust.levels import level
from settlement.trust.record import GRACE, Record, record_of
from tests.books import Books
from tests.factories import build_proposal
from tests.settlement.bank.scene import Desk, after, paying
from tests.settlement.coalition import NOW, Coalition


@pytest.fixture
def desk(books: Books, tmp_path: Path) -> Desk:
    return Desk(Coalition(books), tmp_path)


def record(desk: Desk, slug: str) -> Record:
    with desk.coalition.database.transaction() as session:
        return record_of(session, desk.coalition.parties[slug], datetime.now(UTC))


def settle(desk: Desk, window: str) -> None:
    """By two people, whatever the bank says."""
    with desk.coalition.database.transaction() as session:
        agreed = build_proposal(session, kind="settle-regardless", proposed_by="mei",
                                decided_by="li")  # fmt: skip
        closing.mark_settled(session, window, NOW, by="mei, li", regardless=agreed.id)


def test_a_new_partner_has_none(desk: Desk) -> None:
    desk.coalition.partner("market")
    found = record(desk, "market")
    assert (list(found.kept), found.usual, found.security) == ([], 0, 0)
    assert level(found.facts) == 0


@pytest.mark.parametrize(("days", "late"), [(-2, False), (0, False), (3, False), (4, True)])
def test_what_came_within_the_grace_is_in_time(desk: Desk, days: int, late: bool) -> None:
    window = desk.trade()
    desk.pay(window)
    due = desk.due(window, "in")
    desk.says(paying(due), on=after(due, days))
    assert not record(desk, "market").kept  # Nothing counts before the window is settled.
    settle(desk, window)
    found = record(desk, "market")
    (kept,) = found.kept
    assert (kept.window, kept.owed, kept.net) == (window, 60_000, -60_000)
    assert kept.came_on == after(due, days)
    assert kept.due_on == due.window.call_on
    assert kept.late == late == (kept.came_on > kept.due_on + GRACE)
    assert (found.facts.clean, found.facts.late) == ((0, 1) if late else (1, 0))
    assert level(found.facts) == (0 if late else 1)
    assert found.usual == 60_000


def test_what_came_in_part_never_came(desk: Desk) -> None:
    window = desk.trade()
    desk.pay(window)
    due = desk.due(window, "in")
    desk.says(paying(due, amount=due.amount - 1), on=after(due, 0))
    settle(desk, window)
    (kept,) = record(desk, "market").kept
    assert (kept.came_on, kept.late) == (None, True)


def test_who_is_paid_cannot_be_late(desk: Desk) -> None:
    window = desk.trade()
    desk.pay(window)
    settle(desk, window)
    (kept,) = record(desk, "fuel").kept
    assert kept.net > 0
    assert not kept.late


def test_a_payment_between_two_came_when_both_say_so(desk: Desk) -> None:
    window = desk.trade_directly()
    desk.pay(window)
    due = desk.due(window, "between")
    day = after(due, 1).isoformat()
    desk.agree("bank", "confirm", due.end_to_end, "--on", day)
    settle(desk, window)
    (kept,) = record(desk, "market").kept
    assert kept.came_on is not None
    assert (kept.came_on.isoformat(), kept.late) == (day, False)
