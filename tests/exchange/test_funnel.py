"""The funnel over real connections: who shares a transaction, and what becomes of everybody in it.

A transaction is held up where a test wants it by locking the wallet that it needs. The hub's own
patience with locks is a second, so what a test does meanwhile is short.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from random import Random

import psycopg
import pytest
from sqlalchemy import text

from exchange.funnel import Funnel
from exchange.ledger import Outcome
from kit.database import Busy, DatabaseUnavailable, HotConnection


@pytest.fixture
def make_funnel(address, database) -> Iterator[Callable[..., Funnel]]:
    """Makes funnels over hot connections of their own."""
    made: list[HotConnection] = []

    def make(writers: int = 1, **bounds: float) -> Funnel:
        connections = [HotConnection(address.application) for _ in range(writers)]
        made.extend(connections)
        return Funnel(connections, **bounds)

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def tills() -> Iterator[ThreadPoolExecutor]:
    """The threads of requests."""
    with ThreadPoolExecutor(40) as pool:
        yield pool


@pytest.fixture
def locked(address):
    """`with locked(wallet):` holds up whoever wants the wallet."""

    @contextmanager
    def lock(wallet: int) -> Iterator[None]:
        with psycopg.connect(address.owner) as other:
            query = "SELECT FROM exchange.wallet WHERE id = %s FOR NO KEY UPDATE"
            other.execute(query, (wallet,))  # A link to it may still be made.
            yield
            other.rollback()

    return lock


class Shop:
    """An acceptor and wallets; orders of ten points, in the shape of the till's."""

    def __init__(self, books) -> None:
        self.books, self.party = books, books.party()

    def wallet(self, points: int = 1000) -> int:
        return self.books.wallet(points=points)

    def sale(self, wallet: int, **fields):
        link = self.books.link(self.party, wallet)
        return self.books.order("redemption", party=self.party, link=link, points=10, **fields)

    def transactions(self, orders) -> list[int | None]:
        """The transaction of each order's journal, None where there is no journal."""
        rows = self.books.rows("SELECT id::text, xid FROM exchange.journal")
        found = {row.id: row.xid for row in rows}
        return [found.get(order["id"]) for order in orders]


@pytest.fixture
def shop(books) -> Shop:
    return Shop(books)


def until(true: Callable[[], object]) -> None:
    """Wait for what another thread is about to do."""
    give_up = time.monotonic() + 5
    while not true():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.002)


@pytest.fixture
def stuck(books) -> Callable[[int], list[int]]:
    """Waits until so many transactions of the application wait for a lock; their backends."""

    def waiting() -> list[int]:
        rows = books.rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        )
        return [row.pid for row in rows]

    def wait(count: int) -> list[int]:
        until(lambda: len(waiting()) == count)
        return waiting()

    return wait


def gather(tills: ThreadPoolExecutor, funnel: Funnel, orders) -> list[Future[Outcome]]:
    """Send orders that will have to wait, one after another, until all of them stand in line."""
    futures = []
    for order in orders:
        before = len(funnel._waiting)
        futures.append(tills.submit(funnel.post, order))
        until(lambda: len(funnel._waiting) == before + 1)  # noqa: B023 - called at once
    return futures


def again(order, nonce: str):
    """The same request, signed again."""
    return order | {"nonce": nonce}


class TestSharing:
    def test_a_lone_order_is_posted_at_once(self, shop, make_funnel):
        funnel, wallet = make_funnel(), shop.wallet()
        orders = [shop.sale(wallet) for _ in range(3)]
        for order in orders:
            outcome = funnel.post(order)
            assert (outcome.code, outcome.facts["id"]) == (None, order["id"])
        assert shop.books.balance(wallet) == (970, 0)
        assert len(set(shop.transactions(orders))) == 3

    def test_orders_that_gather_share_a_transaction(self, shop, make_funnel, tills, locked, stuck):
        funnel, wallet, poor = make_funnel(), shop.wallet(), shop.wallet(points=9)
        first = shop.sale(wallet)
        others = [shop.sale(shop.wallet()), shop.sale(poor), shop.sale(wallet), shop.sale(wallet)]
        with locked(wallet):
            early = tills.submit(funnel.post, first)
            stuck(1)
            late = gather(tills, funnel, others)
        assert early.result().facts["id"] == first["id"]
        outcomes = [future.result() for future in late]
        assert [outcome.code for outcome in outcomes] == [None, "insufficient-points", None, None]
        assert [outcome.facts.get("id") for outcome in outcomes] == [
            others[0]["id"], None, others[2]["id"], others[3]["id"]]  # fmt: skip
        alone, one, nothing, two, three = shop.transactions([first, *others])
        assert nothing is None
        assert one == two == three != alone
        assert shop.books.balance(wallet) == (970, 0)

    def test_no_more_than_so_many_share_it(self, shop, make_funnel, tills, locked, stuck):
        funnel, wallet = make_funnel(at_once=2), shop.wallet()
        orders = [shop.sale(wallet) for _ in range(6)]
        with locked(wallet):
            early = tills.submit(funnel.post, orders[0])
            stuck(1)
            late = gather(tills, funnel, orders[1:])
        assert {future.result().code for future in [early, *late]} == {None}
        first, a, b, c, d, last = shop.transactions(orders)
        assert a == b
        assert c == d
        assert len({first, a, c, last}) == 4

    def test_a_writer_that_is_held_up_does_not_stop_another(
        self, shop, make_funnel, tills, locked, stuck
    ):
        funnel, wallet, free = make_funnel(2), shop.wallet(), shop.wallet()
        with locked(wallet):
            held_up = tills.submit(funnel.post, shop.sale(wallet))
            stuck(1)
            for _ in range(3):
                assert funnel.post(shop.sale(free)).code is None
            assert not held_up.done()
        assert held_up.result().code is None

    def test_twins_that_gather_have_one_effect(self, shop, make_funnel, tills, locked, stuck):
        funnel, wallet = make_funnel(), shop.wallet()
        sale = shop.sale(wallet)
        with locked(wallet):
            early = tills.submit(funnel.post, shop.sale(wallet))
            stuck(1)
            late = gather(tills, funnel, [sale, again(sale, "nonce-of-the-twin-1")])
        assert early.result().code is None
        assert [future.result().code for future in late] == [None, "request-in-progress"]
        assert shop.books.balance(wallet) == (980, 0)
        assert funnel.post(again(sale, "nonce-of-the-twin-2")).replayed

    def test_a_twin_of_one_that_another_writer_has_is_told_so(
        self, shop, make_funnel, tills, locked, stuck
    ):
        funnel, wallet = make_funnel(2), shop.wallet()
        sale = shop.sale(wallet)
        with locked(wallet):
            early = tills.submit(funnel.post, sale)
            stuck(1)
            assert funnel.post(again(sale, "nonce-of-the-twin")).code == "request-in-progress"
        assert early.result().code is None


class TestFaults:
    def test_a_poisoned_order_fails_alone(self, shop, make_funnel, tills, locked, stuck):
        """It makes the whole array fail, and its neighbours are posted one by one."""
        funnel, wallet = make_funnel(), shop.wallet()
        poisoned = shop.sale(wallet, id="no uuid")
        sound = [shop.sale(wallet) for _ in range(3)]
        with locked(wallet):
            early = tills.submit(funnel.post, shop.sale(wallet))
            stuck(1)
            late = gather(tills, funnel, [sound[0], poisoned, *sound[1:]])
        assert early.result().code is None
        with pytest.raises(psycopg.DataError):
            late.pop(1).result()
        assert [future.result().facts["id"] for future in late] == [o["id"] for o in sound]
        assert not any(future.result().replayed for future in late)
        assert None not in shop.transactions(sound)
        assert shop.books.balance(wallet) == (960, 0)
        assert funnel.post(shop.sale(wallet)).code is None

    def test_a_wallet_that_stays_locked_keeps_back_its_own_orders_alone(
        self, shop, make_funnel, tills, locked, stuck
    ):
        funnel, wallet, free = make_funnel(), shop.wallet(), shop.wallet()
        sales = [shop.sale(wallet), shop.sale(free)]
        with locked(wallet):
            with locked(free):
                early = tills.submit(funnel.post, shop.sale(free))
                stuck(1)
                late = gather(tills, funnel, sales)
            assert early.result().code is None
            with pytest.raises(Busy):
                late[0].result()
            assert late[1].result().code is None
        assert shop.transactions(sales)[0] is None
        assert shop.books.balance(wallet) == (1000, 0)
        assert funnel.post(sales[0]).code is None  # Nothing was written: not even the nonce.

    def test_a_wallet_that_stays_locked_holds_up_an_array_for_a_while_only(
        self, shop, make_funnel, tills, locked, stuck
    ):
        """A second for all, a second for the first of them; the others are not tried."""
        funnel, wallet, free = make_funnel(seconds=1), shop.wallet(), shop.wallet()
        sales = [shop.sale(wallet) for _ in range(5)]
        with locked(wallet):
            with locked(free):
                early = tills.submit(funnel.post, shop.sale(free))
                stuck(1)
                late = gather(tills, funnel, sales)
            began = time.monotonic()
            assert early.result().code is None
            for future in late:
                with pytest.raises(Busy):
                    future.result()
            assert time.monotonic() - began < 4
        assert [funnel.post(sale).replayed for sale in sales] == [False] * 5

    def test_all_in_an_array_that_was_cut_off_are_told_that_nobody_knows(
        self, shop, make_funnel, tills, locked, stuck
    ):
        """None is tried again by the hub: an answer may have been lost after the commit."""
        funnel, wallet, needed = make_funnel(), shop.wallet(), shop.wallet()
        sales = [shop.sale(needed), shop.sale(wallet), shop.sale(wallet)]
        with locked(needed):
            with locked(wallet):
                early = tills.submit(funnel.post, shop.sale(wallet))
                stuck(1)
                late = gather(tills, funnel, sales)
            assert early.result().code is None
            [backend] = stuck(1)
            with shop.books.database.transaction() as session:  # A role may end its own sessions.
                session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
            for future in late:
                with pytest.raises(DatabaseUnavailable):
                    future.result()
        assert shop.transactions(sales) == [None] * 3
        for number, sale in enumerate(sales):
            outcome = funnel.post(again(sale, f"nonce-of-retry-{number}"))
            assert (outcome.code, outcome.replayed) == (None, False)
        assert shop.books.balance(needed) == (990, 0)
        assert shop.books.balance(wallet) == (970, 0)


class TestBounds:
    def test_one_too_many_in_line_is_refused_at_once(self, shop, make_funnel, tills, locked, stuck):
        funnel, wallet = make_funnel(waiting=2), shop.wallet()
        refused = shop.sale(shop.wallet())
        with locked(wallet):
            early = tills.submit(funnel.post, shop.sale(wallet))
            stuck(1)
            late = gather(tills, funnel, [shop.sale(wallet), shop.sale(wallet)])
            with pytest.raises(Busy):
                funnel.post(refused)
            assert not early.done()
        assert [future.result().code for future in [early, *late]] == [None] * 3
        assert shop.transactions([refused]) == [None]
        assert funnel.post(refused).code is None  # Its nonce and key are unspent.

    def test_one_that_waited_too_long_is_refused_and_never_posted(
        self, shop, make_funnel, tills, locked, stuck
    ):
        funnel, wallet = make_funnel(seconds=0.1), shop.wallet()
        refused = shop.sale(shop.wallet())
        with locked(wallet):
            early = tills.submit(funnel.post, shop.sale(wallet))
            stuck(1)
            with pytest.raises(Busy):
                funnel.post(refused)
            assert not early.done()
        assert early.result().code is None  # It had begun: it waits for PostgreSQL.
        assert funnel.post(shop.sale(wallet)).code is None
        assert shop.transactions([refused]) == [None]
        assert funnel.post(refused).code is None


@pytest.mark.parametrize("writers", [1, 2, 3])
def test_nobody_is_forgotten(writers, shop, make_funnel):
    """40 threads of 50 orders on five wallets: an outcome each, its own, and only one."""
    funnel = make_funnel(writers, at_once=3, seconds=10)
    wallets = [shop.wallet(points=1500) for _ in range(5)]
    plans = [
        [shop.sale(Random(f"{thread} {n}").choice(wallets)) for n in range(50)]  # noqa: S311
        for thread in range(40)
    ]
    codes: Counter[str | None] = Counter()
    strange: list[object] = []

    def trade(orders) -> None:
        for order in orders:
            try:
                outcome = funnel.post(order)
            except Exception as error:
                strange.append(error)
                continue
            codes[outcome.code] += 1
            if outcome.code is None and outcome.facts["id"] != order["id"]:
                strange.append((order, outcome))

    threads = [threading.Thread(target=trade, args=(plan,), daemon=True) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert strange == []
    assert codes == {None: 750, "insufficient-points": 1250}
    assert [shop.books.balance(wallet) for wallet in wallets] == [(0, 0)] * 5
    assert shop.transactions(chain.from_iterable(plans)).count(None) == 1250
    assert (len(funnel._free), len(funnel._waiting)) == (writers, 0)
