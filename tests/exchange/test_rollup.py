"""Totals behind a watermark: exact at any moment, whoever is in the middle of posting."""

import json
import threading
import time

import psycopg
import pytest
from sqlalchemy.orm import Session

from exchange import ledger, rollup
from kit.database import Database

OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname <> current_database()
        AND backend_xid::text::bigint <= (SELECT max(xid) FROM exchange.posting)
"""


@pytest.fixture(autouse=True)
def undisturbed(owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watermark waits for every transaction of the server: here, for other tests' as well."""
    plain = rollup.roll_up

    def when_others_are_done(session: Session) -> int:
        for _ in range(200):
            if owner.execute(OTHERS).fetchone() == (0,):
                break
            time.sleep(0.05)
        return plain(session)

    monkeypatch.setattr(rollup, "roll_up", when_others_are_done)


def roll_up(database: Database) -> int:
    with database.transaction() as session:
        return rollup.roll_up(session)


def outstanding(database: Database, issuer: int) -> int:
    with database.transaction() as session:
        return rollup.outstanding(session, issuer)


def stored(books):
    return [tuple(row) for row in books.rows("SELECT points, lines FROM exchange.total")]


class TestRollUp:
    def test_sums_what_was_posted_and_nothing_twice(self, books, database):
        issuer = books.party()
        wallet = books.wallet(points=10, issuer=issuer)
        books.issue(issuer, wallet, 5)
        assert roll_up(database) == 2
        assert stored(books) == [(15, 2)]
        assert roll_up(database) == 0
        books.issue(issuer, wallet, 1)
        assert roll_up(database) == 1
        assert stored(books) == [(16, 3)]

    def test_leaves_out_what_may_still_be_undone(self, books, database, address):
        """A posting is summed when its transaction has ended, even if a later one ended before."""
        issuer = books.party()
        wallet = books.wallet()
        order = books.order("accrual", party=issuer, link=books.link(issuer, wallet), points=7)
        other = books.wallet()
        with psycopg.connect(address.application) as slow:
            slow.execute(ledger.POST, (json.dumps([order]), None, None))
            books.issue(books.party(), other, 3)
            assert roll_up(database) == 0
            slow.commit()
        assert roll_up(database) == 2

    def test_does_nothing_while_another_does_it(self, books, database):
        books.wallet(points=10)
        with database.transaction() as first:
            assert rollup.roll_up(first) == 1
            assert roll_up(database) == 0
        assert roll_up(database) == 0
        assert stored(books) == [(10, 1)]

    def test_that_is_undone_leaves_nothing_behind(self, books, database):
        books.wallet(points=10)
        with database.transaction() as session:
            rollup.roll_up(session)
            session.rollback()
        assert stored(books) == []
        assert roll_up(database) == 1

    def test_is_exact_while_points_are_posted(self, books, database):
        issuer = books.party()
        wallets = [books.wallet() for _ in range(4)]
        orders = [
            books.order("accrual", party=issuer, link=books.link(issuer, wallet), points=1)
            for wallet in wallets
            for _ in range(25)
        ]
        threads = [
            threading.Thread(
                target=lambda part=orders[n::4]: [
                    ledger.post(database.hot, [order])[0] for order in part
                ]
            )
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        summed = 0
        while any(thread.is_alive() for thread in threads):
            summed += roll_up(database)
            assert summed <= outstanding(database, issuer) <= 100
        for thread in threads:
            thread.join()
        assert summed + roll_up(database) == 100
        assert stored(books) == [(100, 100)]


class TestOutstanding:
    def test_adds_the_live_tail_to_what_was_summed(self, books, database):
        issuer, acceptor = books.party(), books.party()
        wallet = books.wallet(points=10, issuer=issuer)
        roll_up(database)
        books.post("redemption", party=acceptor, link=books.link(acceptor, wallet), points=4)
        books.issue(issuer, wallet, 5)
        assert outstanding(database, issuer) == 11
        roll_up(database)
        assert outstanding(database, issuer) == 11
        assert outstanding(database, acceptor) == 0

    def test_counts_everything_that_makes_or_ends_points(self, books, database):
        issuer, till = books.party(), books.party()
        wallet, other = books.wallet(points=100, issuer=issuer), books.wallet()
        accrual = books.issue(issuer, wallet, 10)
        sale = books.post("redemption", party=till, link=books.link(till, wallet), points=7)
        books.post("refund", party=till, undoes=sale.unwrap()["id"], points=2)
        books.post("clawback", party=issuer, undoes=accrual, points=4)
        books.post("transfer", wallet=wallet, to_wallet=other, points=3)
        expected = 100 + 10 - 7 + 2 - 4
        assert sum(lot.available for w in (wallet, other) for lot in books.lots(w)) == expected
        assert outstanding(database, issuer) == expected
        roll_up(database)
        assert outstanding(database, issuer) == expected

    def test_is_the_issuers_own_over_all_windows(self, books, database):
        issuer, other = books.party(), books.party()
        wallet = books.wallet(points=10, issuer=issuer)
        roll_up(database)
        books.close_window()
        books.issue(issuer, wallet, 5)
        books.issue(other, wallet, 1)
        assert (outstanding(database, issuer), outstanding(database, other)) == (15, 1)
        roll_up(database)
        assert (outstanding(database, issuer), outstanding(database, other)) == (15, 1)
