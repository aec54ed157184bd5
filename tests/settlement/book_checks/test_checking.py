"""Checks of the books: what a quick one finds, how long a finding stands, what it keeps from."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from kit.database import Database
from settlement.book_checks import BooksDoNotBalance, quick, standing
from settlement.book_checks.checking import KEPT, check_in_full, check_quickly
from settlement.book_checks.every import EVERY
from settlement.book_checks.standing import Failed, Standing
from tests.books import Books
from tests.settlement import steps
from tests.settlement.coalition import Coalition

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
EXPOSURE = "exposure-is-what-the-totals-say"
WALLETS = "recent-wallets-are-their-lots"


@pytest.fixture
def coalition(books: Books) -> Coalition:
    made = Coalition(books)
    made.partner("market")
    made.partner("fuel")
    return made


@pytest.fixture
def wallet(coalition: Coalition) -> int:
    found = coalition.wallet()
    coalition.issue("market", found, 100)
    return found


def stands(database: Database) -> Standing:
    with database.transaction() as session:
        return standing(session)


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def names(database: Database, at: datetime) -> list[str]:
    return [each.name for each in check_quickly(database, at) if each.count]


class TestQuick:
    def test_every_name_is_an_invariants(self) -> None:
        assert set(quick._BOUNDED) <= {each.name for each in EVERY}

    def test_names_are_those_of_one_invariant_each(self) -> None:
        asked = [each.name for each in (*EVERY, *quick.invariants(since=0, mark=0))]
        twice = {name for name in asked if asked.count(name) > 1}
        assert twice == set(quick._BOUNDED)

    def test_nothing_was_checked_yet(self, database: Database) -> None:
        found = stands(database)
        assert (found.at, found.balances, found.stale(NOW)) == (None, True, True)

    def test_good_books_balance(self, database: Database, coalition: Coalition) -> None:
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 100)
        coalition.spend("fuel", wallet, 30)
        coalition.close("2026-12")
        assert names(database, NOW) == []
        found = stands(database)
        assert (found.at, found.full_at, found.balances) == (NOW, None, True)
        assert found.asked == len(quick.invariants(since=0, mark=0))
        assert not found.stale(later(15))
        assert found.stale(later(15.1))

    @pytest.mark.corrupts_books
    @pytest.mark.parametrize(
        ("corruption", "found"),
        [
            ("UPDATE exchange.exposure SET points = points + 1 WHERE points > 0", EXPOSURE),
            ("UPDATE exchange.wallet SET available = available + 1", WALLETS),
            ("UPDATE exchange.lot SET available = available - 1", WALLETS),
            ("UPDATE exchange.journal SET points = points + 1", "recent-journals-are-their-lines"),
            ("DELETE FROM exchange.journal", "recent-journals-are-their-lines"),
        ],
    )
    def test_finds_what_was_changed_behind_its_back(
        self,
        database: Database,
        owner: psycopg.Connection,
        wallet: int,
        corruption: str,
        found: str,
    ) -> None:
        assert names(database, NOW) == []
        # Looked at once, a journal is the full check's: the first look was before the last one.
        owner.execute("UPDATE settlement.book_check SET reached = 0")
        owner.execute(corruption)
        assert names(database, later(5)) == [found]
        assert stands(database).failed == (Failed(name=found, count=1),)

    @pytest.mark.corrupts_books
    def test_finds_a_closed_window_that_has_other_points(
        self, database: Database, owner: psycopg.Connection, coalition: Coalition, wallet: int
    ) -> None:
        coalition.close("2026-12")
        owner.execute("UPDATE settlement.moved SET points = points + 1")
        assert names(database, NOW) == ["moved-is-what-the-totals-say"]

    @pytest.mark.corrupts_books
    def test_looks_again_at_journals_until_they_are_right(
        self, database: Database, owner: psycopg.Connection, wallet: int
    ) -> None:
        owner.execute("UPDATE exchange.wallet SET available = available + 1")
        assert names(database, NOW) == [WALLETS]
        assert names(database, later(5)) == [WALLETS]
        owner.execute("UPDATE exchange.wallet SET available = available - 1")
        assert names(database, later(10)) == []
        assert stands(database).balances

    def test_what_found_nothing_is_kept_for_a_while(self, database: Database) -> None:
        check_quickly(database, NOW)
        check_quickly(database, NOW + KEPT + timedelta(minutes=1))
        with database.transaction() as session:
            count = session.connection().exec_driver_sql(
                "SELECT count(*) FROM settlement.book_check"
            )
            assert count.scalar_one() == 1


@pytest.mark.corrupts_books
class TestFull:
    def test_what_it_found_stands_until_the_next_full_one(
        self, database: Database, owner: psycopg.Connection, wallet: int
    ) -> None:
        check_quickly(database, NOW)
        owner.execute("UPDATE exchange.lot SET expires_on = expires_on + 1")
        check_in_full(database, later(1))
        broken = stands(database).failed
        assert broken
        assert names(database, later(5)) == []
        assert stands(database).failed == broken
        assert stands(database).at == later(5)

    def test_what_a_quick_one_found_ends_with_a_full_one(
        self, database: Database, owner: psycopg.Connection, wallet: int
    ) -> None:
        owner.execute("UPDATE exchange.wallet SET available = available + 1")
        check_quickly(database, NOW)
        owner.execute("UPDATE exchange.wallet SET available = available - 1")
        check_in_full(database, later(1))
        assert stands(database).balances


@pytest.mark.corrupts_books
class TestMoney:
    def test_no_window_is_approved_or_paid_while_the_books_are_off(
        self, database: Database, owner: psycopg.Connection, coalition: Coalition, wallet: int
    ) -> None:
        window = coalition.close("2026-12")
        owner.execute("UPDATE exchange.exposure SET points = points + 1 WHERE points > 0")
        check_quickly(database, NOW)
        with (
            pytest.raises(BooksDoNotBalance) as refused,
            database.transaction() as session,
        ):
            steps.approve(session, window, NOW, by="li")
        assert refused.value.facts == {"failed": EXPOSURE}
        assert coalition.state(window) == "closed"
        owner.execute("UPDATE exchange.exposure SET points = points - 1 WHERE points > 0")
        check_quickly(database, later(5))
        with database.transaction() as session:
            steps.approve(session, window, NOW, by="li")
        owner.execute("UPDATE exchange.exposure SET points = points + 1 WHERE points > 0")
        check_quickly(database, later(10))
        with pytest.raises(BooksDoNotBalance), database.transaction() as session:
            steps.start_paying(session, window, NOW, by="mei")
        assert coalition.state(window) == "approved"
