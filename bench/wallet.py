"""`bin/bench wallet`: the wallet's page of a member with 100,000 journals beside one with 100.

Both are in one database; a hub serves the pages to somebody signed in as each, over a connection
that stays open. The first look, which brings the sums by month forward, is taken apart.
"""

import functools
import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text

from bench import filling, report
from bench.figures import Figure
from bench.filling import LOTS
from bench.measuring import Meter, Take
from bench.place import Hub, Place, hub
from bench.plan import Plan
from kit.database import Database
from kit.ids import uuid7
from kit.secrets import Secrets
from members import store
from members.people import persons, sessions
from web import config

TARGET = 2.0  # times as long, at most
SHORT = 100  # journals
WARM = 20  # pages


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody signed in, whose wallet has so many points and so many journals."""

    token: str
    points: int
    journals: int


def run(plan: Plan, journals: int = 100_000) -> list[Figure]:
    """Milliseconds of the wallet's page after `--journals` ÷ after 100."""
    journals = 2_000 if plan.quick else journals
    with report.filled_place(plan, sales=SHORT - LOTS) as place:
        plan.console.print(f"Filling in {journals:,} journals of one member")
        filling.sell(place.superuser_url, place.parties, 1, journals - SHORT, SHORT - LOTS)
        long, short = _readers(place, journals)
        with hub(place) as running:
            first = {reader: _first_look(running, reader) for reader in (long, short)}
            takes = {
                f"{reader.journals:,} journals": functools.partial(
                    _take, plan.seconds, place, running, reader
                )
                for reader in (long, short)
            }
            rounds = report.measure(plan, takes)
        report.show_takes(plan.console, "Pages a second, one after another", rounds)
        names = list(takes)
        ratios = tuple(one[names[1]].rate / one[names[0]].rate for one in rounds)
        steals = tuple(max(take.steal for take in one.values()) for one in rounds)
        figures = [
            Figure("wallet", ratios, steals, TARGET, at_most=True),
            *(
                Figure(f"page after {name}", tuple(one[name].ms["p50"] for one in rounds), steals,
                       unit=" ms")
                for name in names
            ),
            *(
                Figure(f"first look at {reader.journals:,} journals", (1000 * seconds,), (0.0,),
                       unit=" ms")
                for reader, seconds in first.items()
            ),
        ]  # fmt: skip
        return report.finish(plan, place, "wallet", figures, rounds, journals=journals)


def _readers(place: Place, journals: int) -> tuple[Reader, Reader]:
    """The first member and the second, each with a person and a session."""
    secrets = Secrets(config.load(place.environment).secret)
    now = datetime.now(UTC)
    database = Database(place.app_url)
    found = []
    with database.transaction() as session:
        for number, past in ((1, journals), (2, SHORT)):
            wallet, points = session.execute(
                text(
                    "SELECT w.id, w.available FROM exchange.lot l"
                    " JOIN exchange.wallet w ON w.id = l.wallet_id WHERE l.id = :lot"
                ),
                {"lot": LOTS * (number - 1) + 1},
            ).one()
            member = uuid7()
            party = place.tills[0].party
            store.insert_member(
                session, {"id": member, "wallet": wallet, "party": party, "now": now}
            )
            person = persons.open_person(
                session, secrets, f"+86138000000{number:02d}", member=member, now=now
            )
            opened = sessions.begin(session, secrets, person, how="code", device="bench", now=now)
            found.append(Reader(opened.token, points, past))
    database.close()
    return found[0], found[1]


@contextmanager
def _connection(running: Hub) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    try:
        yield connection
    finally:
        connection.close()


def _look(connection: http.client.HTTPConnection, reader: Reader) -> float:
    """Seconds until the whole page was there. It must be the page, and of this reader."""
    began = time.perf_counter()
    connection.request("GET", "/wallet", headers={"Cookie": f"wallet={reader.token}"})
    answer = connection.getresponse()
    body = answer.read()
    took = time.perf_counter() - began
    if answer.status != 200 or f"{reader.points:,} ".encode() not in body:
        raise RuntimeError(f"the wallet's page was answered {answer.status}")
    return took


def _first_look(running: Hub, reader: Reader) -> float:
    with _connection(running) as connection:
        return _look(connection, reader)


def _take(seconds: float, place: Place, running: Hub, reader: Reader) -> Take:
    postmaster = int((place.server.data / "postmaster.pid").read_text().split()[0])
    with _connection(running) as connection:
        for _ in range(WARM):
            _look(connection, reader)
        latencies = []
        with Meter(hub=running.process.pid, database=postmaster) as meter:
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                latencies.append(_look(connection, reader))
    return Take.of(len(latencies), meter, latencies)
