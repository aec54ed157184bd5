"""Steps of one window taken at once: each is taken once, in an order that the rules allow."""

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from kit.database import Busy
from kit.errors import Refusal
from kit.ids import from_text, uuid7
from settlement import closing, deferrals, revisions, store
from settlement.errors import BankDisagrees, SettlementStepRefused, UnrevisedDeferrals
from tests.books import Books
from tests.factories import build_proposal
from tests.races.volleys import rounds
from tests.settlement import steps
from tests.settlement.coalition import NOW, Coalition

ROUNDS = rounds(4)
Step = Callable[[Session, str], object]


@pytest.fixture
def coalition(books: Books) -> Coalition:
    made = Coalition(books)
    made.partner("market")
    made.partner("fuel", accept_price=900_000)
    return made


@pytest.fixture
def wallet(coalition: Coalition) -> int:
    return coalition.wallet()


def closed(coalition: Coalition, wallet: int) -> tuple[str, UUID]:
    """A closed window, and one of its sales."""
    coalition.issue("market", wallet, 1000)
    sale = coalition.spend("fuel", wallet, 400)
    coalition.spend("fuel", wallet, 100)
    window = coalition.close(f"w-{coalition.id(coalition.window)}")
    return window, from_text("jrn", sale) or UUID(sale)


def race(coalition: Coalition, window: str, *steps: Step) -> list[type[Refusal] | None]:
    """What each was told, all having started together: None when it was done."""
    together, told = threading.Barrier(len(steps)), [None] * len(steps)

    def take(number: int, step: Step) -> None:
        together.wait()
        try:
            with coalition.database.transaction() as session:
                step(session, window)
        except Refusal as refused:
            told[number] = type(refused)

    threads = [threading.Thread(target=take, args=each) for each in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def approve(session: Session, window: str) -> None:
    steps.approve(session, window, NOW, by="li")


def pay(session: Session, window: str) -> None:
    steps.start_paying(session, window, NOW, by="mei")


def settle(session: Session, window: str) -> None:
    closing.mark_settled(session, window, NOW, by="mei")


def abort(session: Session, window: str) -> None:
    closing.abort(session, window, NOW, by="mei, li", because=uuid7())


def settle_regardless(session: Session, window: str) -> None:
    agreed = build_proposal(session, kind="settle-regardless", proposed_by="a", decided_by="b")
    closing.mark_settled(session, window, NOW, by="a, b", regardless=agreed.id)


def revise(coalition: Coalition, reason: revisions.Reason) -> Step:
    def step(session: Session, window: str) -> int:
        return revisions.revise_within(
            session, window=window, reason=reason, by="mei", now=NOW, signer=coalition.signer
        )

    return step


def contest(coalition: Coalition, window: str, sale: UUID) -> None:
    with coalition.database.transaction() as session:
        deferrals.defer_line(
            session,
            coalition.id(window),
            sale,
            coalition.parties["market"],
            because=uuid7(),
            now=NOW,
        )


def revision(coalition: Coalition, window: str) -> int:
    """The one in force, which is the last that was made."""
    with coalition.database.transaction() as session:
        found = store.get_window(session, window)
        assert [row["number"] for row in store.revisions(session, found.id)] == list(
            range(1, found.revision + 1)
        )
    return found.revision


def test_of_many_who_take_one_step_one_does(coalition: Coalition, wallet: int) -> None:
    for _ in range(ROUNDS):
        window, _ = closed(coalition, wallet)
        for step, state in (
            (approve, "approved"),
            (pay, "paying"),
            (settle_regardless, "settled"),
        ):
            told = race(coalition, window, *[step] * 4)
            assert told.count(None) == 1
            assert {*told} <= {None, Busy, SettlementStepRefused}
            assert coalition.state(window) == state
        assert coalition.exposure("market")[1] == 0


def test_contested_lines_are_counted_before_anybody_agrees(
    coalition: Coalition, wallet: int
) -> None:
    for _ in range(ROUNDS):
        window, sale = closed(coalition, wallet)
        contest(coalition, window, sale)
        agreed, *revised = race(coalition, window, approve, *[revise(coalition, "dispute")] * 2)
        assert agreed in (None, Busy, UnrevisedDeferrals)
        assert {*revised} <= {None, Busy, SettlementStepRefused}
        if agreed is None:
            assert revision(coalition, window) == 2  # Or else it would not have been let.
        if None in revised:
            assert revision(coalition, window) == 2
            assert coalition.nets(window)["fuel"] == 90


def test_contested_while_figures_are_worked_out(coalition: Coalition, wallet: int) -> None:
    """A line is in the figures, or left out and counted as such: the checker looks at the end."""
    for _ in range(ROUNDS):
        window, sale = closed(coalition, wallet)
        later = coalition.books.rows(
            "SELECT id FROM exchange.journal WHERE window_id = %s AND kind = 'redemption'"
            " AND id <> %s",
            coalition.id(window),
            sale,
        )[0].id
        contest(coalition, window, sale)
        told = race(
            coalition,
            window,
            revise(coalition, "dispute"),
            lambda _, window, line=later: contest(coalition, window, line),
        )
        assert told == [None, None]
        with coalition.database.transaction() as session:
            revise(coalition, "dispute")(session, window)
        assert coalition.nets(window)["fuel"] == 0


def test_given_up_and_paid_exclude_each_other(coalition: Coalition, wallet: int) -> None:
    for _ in range(ROUNDS):
        window, _ = closed(coalition, wallet)
        with coalition.database.transaction() as session:
            approve(session, window)
        before = coalition.exposure("market")
        told = race(coalition, window, pay, abort, pay, abort)
        assert told.count(None) == 1
        assert {*told} <= {None, Busy, SettlementStepRefused}
        assert coalition.state(window) == ("paying" if None in told[::2] else "aborted")
        assert (coalition.exposure("market") == before) == (None in told[::2])


def test_settled_and_revised_exclude_each_other(coalition: Coalition, wallet: int) -> None:
    for _ in range(ROUNDS):
        window, _ = closed(coalition, wallet)
        with coalition.database.transaction() as session:
            approve(session, window)
            pay(session, window)
            deferrals.defer_party(
                session, coalition.id(window), coalition.parties["market"], because=uuid7(), now=NOW
            )
        settled, revised, *without = race(
            coalition, window, settle_regardless, revise(coalition, "without"), settle, settle
        )
        assert {settled, revised} <= {None, Busy, SettlementStepRefused}
        # Once Market is left out, nobody has anything to pay: the bank agrees.
        assert {*without} <= {None, Busy, BankDisagrees, SettlementStepRefused}
        assert [settled, *without].count(None) <= 1
        assert revision(coalition, window) == (2 if revised is None else 1)
        done = None in (settled, *without)
        assert coalition.state(window) == ("settled" if done else "paying")
