"""Killed in the middle: nothing acknowledged is lost, nothing is done twice (T6, T30, T31).

Clients write down what they are about to do, do it, and ask again under the same key until they
know. Ten kills of workers and ten of database sessions here, a hundred with HUB_FULL=1. Zero in ten
kills shows little by itself; what a run shows is that the retries come out exactly once.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from kit import database as databases
from kit import postgres
from kit.database import Database
from sdk.python.tongbao_client import OutcomeUnknown
from tests.attacks.wire import Answer, Request, Wire, new_key, refused, sign, unsigned
from tests.books import assert_books_balance
from tests.cluster import Address
from tests.races.own_hub import OwnHub
from tests.races.volleys import FULL
from tests.server import Coalition, Partner

KILLS = 100 if FULL else 10
CLIENTS = 8


@dataclass
class Site:
    """A hub on a database server of its own: what is killed here disturbs nobody else."""

    home: Path
    hub: OwnHub
    database: Database
    coalition: Coalition


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    home = folder / "pg"
    server = postgres.start(home)
    try:
        databases.migrate(server.url())
        address = Address(server.url(), server.url(role="hub_app_login"))
        database, hub = Database(address.application), OwnHub(address, folder)
        try:
            coalition = Coalition(hub.start(), database, books=None)  # type: ignore[arg-type]
            yield Site(home, hub, database, coalition)
            coalition.close()
        finally:
            hub.stop()
            database.close()
    finally:
        postgres.kill(home)


@pytest.fixture(autouse=True)
def books_that_balance(site: Site) -> Iterator[None]:
    yield
    assert_books_balance(site.database)


class Traders:
    """Clients at work, and what each was told: every purchase by its reference."""

    def __init__(self, coalition: Coalition, shop: Partner) -> None:
        self.coalition, self.shop = coalition, shop
        self.acknowledged: dict[str, str] = {}
        self.retries = 0
        self.faults: list[str] = []
        self._enough = threading.Event()
        self._threads = [
            threading.Thread(target=self._trade, args=(number,)) for number in range(CLIENTS)
        ]

    def run(self, disturb: Callable[[], None]) -> None:
        """Trade while `disturb` runs, and until every purchase is known."""
        for thread in self._threads:
            thread.start()
        try:
            disturb()
        finally:
            self._enough.set()
            for thread in self._threads:
                thread.join()

    def _trade(self, number: int) -> None:
        client = self.coalition.client(self.shop.key_id, self.shop.private, attempts=1)
        member = ""
        sale = 0
        try:
            while not self._enough.is_set():
                sale += 1
                reference = f"T{number}-{sale}"
                if not member:
                    member = self._until_known(
                        client, "/v1/members", reference, {"daily_limit": 10**9}
                    )
                path = "/v1/redemptions" if sale % 3 == 0 else "/v1/accruals"
                content = {"member": member, "points": 10, "reference": reference}
                self.acknowledged[reference] = self._until_known(client, path, reference, content)
        except Exception as fault:
            self.faults.append(repr(fault))
        finally:
            client.close()

    def _until_known(self, client: object, path: str, reference: str, content: object) -> str:
        key = new_key()
        for _ in range(600):
            try:
                answer = client.call(  # type: ignore[attr-defined]
                    "POST",
                    path,
                    content,
                    idempotency_key=key,
                )
            except OutcomeUnknown:
                self.retries += 1
                time.sleep(0.02)
                continue
            assert answer.status == 201, answer.body
            return str(answer.body["id"])
        raise AssertionError(f"{reference} was never answered")


def assert_exactly_once(traders: Traders) -> None:
    """Every acknowledged purchase is in the books, once, and nothing else is."""
    assert traders.faults == []
    with traders.coalition.database.transaction() as session:
        rows = session.execute(
            text(
                "SELECT reference, count(*) FROM exchange.journal WHERE party_id = :party "
                "GROUP BY reference"
            ),
            {"party": traders.shop.party},
        ).all()
    assert dict(map(tuple, rows)) == dict.fromkeys(traders.acknowledged, 1)
    assert len(traders.acknowledged) > 5 * CLIENTS


def test_workers_killed_under_load(site: Site) -> None:
    random, killed = Random(1), 0  # noqa: S311
    recoveries: list[float] = []
    traders = Traders(site.coalition, site.coalition.partner())

    def kill() -> None:
        nonlocal killed
        while killed < KILLS:
            time.sleep(random.uniform(0.3, 0.6))
            if not site.hub.kill_worker(random.randrange(2)):
                continue
            killed += 1
            before, moment = len(traders.acknowledged), time.monotonic()
            while len(traders.acknowledged) == before and time.monotonic() < moment + 6:
                time.sleep(0.005)
            recoveries.append(time.monotonic() - moment)

    traders.run(kill)
    site.hub.kill()  # Whole again for whoever comes next.
    site.hub.start()
    assert killed == KILLS
    assert_exactly_once(traders)
    assert traders.retries > 0, "no request was cut short: the kills proved nothing"
    print(f"{killed} kills, {len(traders.acknowledged)} done, {traders.retries} retries,")
    print(f"next success after {max(recoveries):.2f} s at most; {site.hub.lives} lives of the hub")


def test_database_sessions_ended_under_load(site: Site) -> None:
    traders = Traders(site.coalition, site.coalition.partner())

    def terminate() -> None:
        for _ in range(KILLS):
            time.sleep(0.2)
            with site.database.transaction() as session:  # A role may end its own sessions.
                session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = "
                        "current_user AND datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    traders.run(terminate)
    assert_exactly_once(traders)
    print(f"{KILLS} times, {len(traders.acknowledged)} done, {traders.retries} retries")


def signed_sales(wire: Wire, shop: Partner, count: int) -> list[Request]:
    member = shop.enrol()
    return [
        sign(
            unsigned(
                wire.server,
                "POST",
                "/v1/accruals",
                {"member": member, "points": 1, "reference": f"S-{number}"},
            ),
            shop,
        )
        for number in range(count)
    ]


def replay(wire: Wire, requests: list[Request]) -> None:
    """None is taken again. The sockets of the former life are gone; so are database sessions,
    which each thread of the hub finds out by itself: it answers 503 once, and connects anew."""
    wire.close()
    fresh = Wire(wire.server)
    for request in requests:
        answer: Answer = fresh.send(request)
        for _ in range(20):
            if answer.status != 503:
                break
            answer = fresh.send(request)
        refused(request, answer, 401, "signature-replayed", signed=True)
    fresh.close()


def test_replays_after_the_hub_was_killed(site: Site) -> None:
    wire = Wire(site.coalition.server)
    requests = signed_sales(wire, site.coalition.partner(), 30)
    assert {wire.send(request).status for request in requests} == {201}
    before = site.coalition.counts()
    site.hub.kill()
    site.hub.start()
    replay(wire, requests)
    assert site.coalition.counts() == before


def test_replays_after_the_database_crashed(site: Site) -> None:
    """The whole server killed as by a power cut, after somebody captured a hundred requests.

    Nonces that were kept in memory, or in an unlogged table, would be gone.
    """
    shop, wire = site.coalition.partner(), Wire(site.coalition.server)
    requests = signed_sales(wire, shop, 100)
    assert {wire.send(request).status for request in requests} == {201}
    before = site.coalition.counts()
    postgres.kill(site.home)
    unlucky = sign(unsigned(wire.server, "POST", "/v1/members", {}), shop)
    answer = wire.send(unlucky)
    assert answer.status == 503, answer.body
    assert answer.headers["retry-after"]
    postgres.start(site.home)
    replay(wire, requests)
    assert site.coalition.counts() == before
