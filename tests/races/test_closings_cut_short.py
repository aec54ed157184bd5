"""A closing killed anywhere is finished by whoever comes next, and only once."""

import itertools
import time
from random import Random

import pytest

from kit.database import Busy
from settlement import store
from tests.books import Books, assert_books_balance
from tests.races.doomed_closer import DoomedCloser, Moment
from tests.races.volleys import FULL
from tests.settlement.coalition import Coalition

KILLS = 100 if FULL else 8
PATIENCE = 10.0  # Seconds after which the killed one's session must have ended.


@pytest.fixture
def coalition(books: Books) -> Coalition:
    made = Coalition(books)
    made.partner("market", prefunded_ppm=300_000)
    made.partner("fuel", accept_price=900_000)
    return made


@pytest.fixture
def wallet(coalition: Coalition) -> int:
    return coalition.wallet()


def trade(coalition: Coalition, wallet: int) -> None:
    coalition.issue("market", wallet, 1000)
    coalition.spend("fuel", wallet, 400)


def finish(coalition: Coalition, next_name: str) -> str:
    """What the command line does for a window that a closing left behind; the closed one's name."""
    name, deadline = coalition.window, time.monotonic() + PATIENCE
    while True:
        try:
            if coalition.state(name) == "open":
                return coalition.close(next_name)
            coalition.resume(name)
        except Busy:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            coalition.window = next_name
            return name


def assert_settled_once(coalition: Coalition, window: str) -> None:
    """280 points of every window are owed by Market, 120 by what it prepaid."""
    with coalition.database.transaction() as session:
        found = store.get_window(session, window)
        assert (found.state, found.revision) == ("closed", 1)
        assert [row["number"] for row in store.revisions(session, found.id)] == [1]
        assert store.windows_in_closing(session) == []
    assert coalition.nets(window) == {"hub": 40, "float": 180, "market": -580, "fuel": 360}
    statements = coalition.books.rows(
        "SELECT party_id FROM settlement.statement WHERE window_id = %s", coalition.id(window)
    )
    assert sorted(row.party_id for row in statements) == sorted(coalition.parties.values())


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_killed_at_every_commit(coalition: Coalition, wallet: int, moment: Moment) -> None:
    states = []
    for commit in itertools.count(1):
        trade(coalition, wallet)
        closer = DoomedCloser(coalition, f"next-{commit}", commit=commit, moment=moment)
        closer.go()
        if closer.ended():
            break
        states.append(coalition.state(coalition.window))
        assert_settled_once(coalition, finish(coalition, f"next-{commit}"))
        assert_books_balance(coalition.database)
        assert coalition.exposure("market") == (420 * commit, 580 * commit)
    if moment == "before_commit":
        assert states[0] == "open"
        assert set(states[1:]) == {"closing"}
    else:
        assert states[-1] == "closed"
        assert set(states[:-1]) == {"closing"}
    # Begun; moved; at least two of sealing, one of its head; worked out.
    assert len(states) >= 6


def test_killed_at_any_moment(coalition: Coalition, wallet: int) -> None:
    random = Random(1)  # noqa: S311
    trade(coalition, wallet)
    closer = DoomedCloser(coalition, "next-0")
    began = time.monotonic()
    closer.go()
    assert closer.ended()
    took = time.monotonic() - began
    coalition.window = "next-0"
    for number in range(1, KILLS + 1):
        trade(coalition, wallet)
        closer = DoomedCloser(coalition, f"next-{number}")
        closer.go()
        time.sleep(random.uniform(0, took))
        closer.process.kill()
        closer.ended()
        assert_settled_once(coalition, finish(coalition, f"next-{number}"))
    windows = 1 + KILLS
    assert coalition.exposure("market") == (420 * windows, 580 * windows)
