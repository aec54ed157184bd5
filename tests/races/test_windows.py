"""Windows close while the tills trade: no sale is lost, none is counted twice."""

import threading
import time

import pytest

from exchange import ledger
from exchange.orders import Order
from kit.database import Busy, Database
from settlement import closing
from settlement.drafting import points_of
from settlement.errors import WindowNotOpen
from settlement.postings import movements
from settlement.store import get_window
from tests.books import Books
from tests.settlement.coalition import NOW, Coalition

TILLS = 6
WINDOWS = 10
PAUSE = 0.15  # Seconds of trade in each window.


@pytest.fixture
def coalition(books: Books) -> Coalition:
    return Coalition(books)


class Till(threading.Thread):
    """Sells a point, and another; counts those the hub said yes to."""

    def __init__(self, books: Books, party: int, wallets: list[int], stop: threading.Event) -> None:
        super().__init__()
        self.database = books.database
        self.stop = stop
        self.sold = 0
        self.failure: BaseException | None = None
        # Made beforehand: the fixture's own connection is not for several threads.
        links = [books.link(party, wallet) for wallet in wallets]
        self.orders: list[Order] = [
            books.order(
                "redemption",
                party=party,
                link=links[number % len(links)],
                points=1,
                nonce=f"nonce-{party}-{self.name}-{number:09d}",
                signed_at=int(time.time()),
            )
            for number in range(4000)
        ]

    def run(self) -> None:
        try:
            for order in self.orders:
                if self.stop.is_set():
                    return
                ledger.post(self.database.hot, [order])[0].unwrap()
                self.sold += 1
        except BaseException as failure:
            self.failure = failure


def test_nothing_is_lost_or_doubled(coalition: Coalition, database: Database) -> None:
    market, fuel = coalition.partner("market"), coalition.partner("fuel")
    books = coalition.books
    wallets = [coalition.wallet() for _ in range(3)]
    for wallet in wallets:
        coalition.issue("market", wallet, 100_000)
    stop = threading.Event()
    tills = [Till(books, [market, fuel][n % 2], wallets, stop) for n in range(TILLS)]
    for till in tills:
        till.start()
    closed = []
    for number in range(WINDOWS):
        time.sleep(PAUSE)
        closed.append(coalition.close(f"w-{number}"))
    stop.set()
    for till in tills:
        till.join()
    closed.append(coalition.close("w-last"))
    assert [till.failure for till in tills] == [None] * TILLS
    with database.transaction() as session:
        points = [
            points_of(movements(session, get_window(session, name).id), market) for name in closed
        ]
    sold = sum(till.sold for till in tills)
    assert sold > 100
    assert sum(each.spent_elsewhere + each.spent_here for each in points) == sold
    assert sum(each.issued for each in points) == 300_000
    assert sum(coalition.nets(name)["fuel"] for name in closed) == sum(
        till.sold for till in tills[1::2]
    )
    late = books.rows(
        'SELECT j.id FROM exchange.journal j JOIN exchange."window" w ON w.id = j.window_id '
        "WHERE j.at > w.closed_at OR j.at < w.opened_at"
    )
    assert late == []


def test_of_two_who_close_one_window_one_does(coalition: Coalition, database: Database) -> None:
    coalition.partner("market")
    name = coalition.window
    both = threading.Barrier(2)
    came: list[type[BaseException] | None] = []

    def close(next_name: str) -> None:
        both.wait()
        try:
            closing.close(
                database,
                window=name,
                next_name=next_name,
                currency="CNY",
                by="mei",
                now=NOW,
                signer=coalition.signer,
            )
            came.append(None)
        except WindowNotOpen as refused:
            came.append(type(refused))

    threads = [threading.Thread(target=close, args=(f"next-{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(came) == {None, WindowNotOpen}
    assert coalition.state(name) == "closed"
    assert len(coalition.books.rows('SELECT name FROM exchange."window"')) == 2


def test_of_two_who_resume_one_window_one_does(coalition: Coalition) -> None:
    coalition.partner("market")
    coalition.partner("fuel")
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 100)
    coalition.spend("fuel", wallet, 40)
    name = coalition.begin("next")
    both = threading.Barrier(4)

    def resume() -> None:
        both.wait()
        for _ in range(100):
            try:
                coalition.resume(name)
            except Busy:
                time.sleep(0.01)
            else:
                return

    threads = [threading.Thread(target=resume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert coalition.exposure("market") == (60, 40)
    assert len(coalition.documents(name)) == 2
