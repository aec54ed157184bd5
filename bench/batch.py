"""`bin/bench batch`: orders a second through `POST /v1/batches`, beside one request for each.

A take counts from sending the first signed batch to the last verified and decoded answer. COPY is
the floor that nothing can beat: the same rows into a plain logged table without an index.
"""

import functools
import itertools
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from socket import socket
from typing import Any

import psycopg

from bench import asking, load, report
from bench.asking import Ask, member
from bench.driver import Driver
from bench.figures import Figure, ratio
from bench.measuring import Take
from bench.plan import Plan
from bench.signing import verify
from bench.till import CONNECTIONS

TARGET = 6.0  # lines a second ÷ single redemptions a second
COPY_TARGET = 0.08
SIZES = (100, 1_000, 10_000)
LARGEST = SIZES[-1]
LINES = 20_000  # of a take
SHARES = {"accrual": 60, "redemption": 25, "authorization": 10, "import": 5}  # of a mixed batch
PROBE = 500  # lines that keep a web process at work for a while
PATIENCE = 20  # tries to reach two web processes
Line = dict[str, Any]


def accruals(till: int, driver: Driver, count: int) -> list[Line]:
    """Lines that issue points to members of one till."""
    return [_line("accrual", _member_of(till, driver), 120) for _ in range(count)]


def mixed(till: int, driver: Driver, count: int) -> list[Line]:
    """Lines of several kinds for members of one till."""
    kinds = random.choices(list(SHARES), weights=list(SHARES.values()), k=count)
    return [_line(kind, _member_of(till, driver), asking.POINTS) for kind in kinds]


def _member_of(till: int, driver: Driver) -> int:
    tills = len(driver.place.tills)
    return random.randrange(till or tills, driver.place.members + 1, tills)


def _line(kind: str, number: int, points: int) -> Line:
    if kind == "import":
        return {
            "kind": kind,
            "member": member(number),
            "theirs": 10 * points,
            "reference": asking.reference(),
        }
    return {"kind": kind, **asking.spend(member(number), points)}


class Batches:
    """Batches of a hub by one client or two. A web process does one batch at a time, so two
    clients use connections to different processes."""

    def __init__(self, driver: Driver, clients: int) -> None:
        self._driver = driver
        self._tills = itertools.cycle(range(len(driver.place.tills)))
        self._clients = clients

    def _connected(self) -> list[socket]:
        """A connection for each client, to a web process of its own.

        Raises RuntimeError when that is not to be had.
        """
        connections = load.connect(self._driver.hub.port, self._clients)
        for _ in range(PATIENCE):
            if len(connections) == 1 or self._are_apart(connections):
                return connections
            connections.pop().close()
            connections += load.connect(self._driver.hub.port, 1)
        raise RuntimeError("no two connections reach two web processes")

    def _are_apart(self, connections: list[socket]) -> bool:
        """Whether no client keeps another waiting: one of two would be refused as busy."""
        asks = [self._ask(accruals, PROBE) for _ in connections]
        requests = self._driver.signer.sign(asks)
        result = load.closed(connections, requests)
        if 503 in result.statuses:
            return False
        self._driver.check(requests, result)
        return True

    def _ask(self, lines: Callable[[int, Driver, int], list[Line]], count: int) -> Ask:
        till = next(self._tills)
        return asking.post(till, "/v1/batches", {"orders": lines(till, self._driver, count)})

    def take(
        self,
        size: int,
        lines: int,
        kind: Callable[[int, Driver, int], list[Line]] = accruals,
    ) -> Take:
        """Batches of `size`, `lines` lines in all, every client one after the other."""
        count = max(self._clients, lines // size)
        connections = self._connected()
        requests = self._driver.signer.sign([self._ask(kind, size) for _ in range(count)])
        with self._driver.meter() as meter:
            result = load.closed(connections, requests)
            for request, answer in zip(requests, result.answers, strict=True):
                self._check(request, answer or b"", size)
        for one in connections:
            one.close()
        return Take.of(count * size, meter, result.latencies)

    def _check(self, request: bytes, answer: bytes, size: int) -> None:
        content = json.loads(verify(self._driver.hub, request, answer))
        if content.get("done") != size or len(content["outcomes"]) != size:
            raise RuntimeError(f"not every line was done: {str(content)[:1000]}")


class Copy:
    """COPY of rows of an accrual's size: member, partner, points, reference, kind, times."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._connection = psycopg.connect(driver.place.owner_url)
        self._connection.execute(
            "CREATE TABLE copied (member uuid, party integer, points bigint, reference text,"
            " kind text, at timestamptz, day date)"
        )
        self._connection.commit()

    def take(self, rows: int) -> Take:
        """Rows a second, committed; the text is ready before."""
        now = datetime.now(UTC)
        lines = [
            f"{asking.link_id(_member_of(1, self._driver))}\t3\t120\t{asking.reference()}\taccrual"
            f"\t{now}\t{now.date()}\n"
            for _ in range(rows)
        ]
        with self._driver.meter() as meter:
            cursor = self._connection.cursor()
            with cursor.copy("COPY copied FROM STDIN") as copy:
                for line in lines:
                    copy.write(line)
            self._connection.commit()
        self._connection.execute("TRUNCATE copied")
        self._connection.commit()
        return Take.of(rows, meter)


def run(plan: Plan) -> list[Figure]:
    """Lines of batches ÷ single redemptions, by size, kind and clients; and ÷ COPY."""
    sizes = (100, 500) if plan.quick else SIZES
    lines = 1_000 if plan.quick else LINES
    with report.filled_place(plan) as place, Driver.over(place) as driver:
        takes: dict[str, Callable[[], Take]] = {
            "single": functools.partial(
                driver.closed, driver.any_redemption(), CONNECTIONS, plan.seconds
            )
        }
        for clients in (1, 2):
            batches = Batches(driver, clients)
            for kind, make in (("issue", accruals), ("mixed", mixed)):
                for size in sizes:
                    takes[f"{kind} {size:,} × {clients}"] = functools.partial(
                        batches.take, size, lines, make
                    )
        takes["COPY"] = functools.partial(Copy(driver).take, sizes[-1])
        rounds = report.measure(plan, takes)
        report.show_takes(
            plan.console, f"Lines a second (lines × clients), {place.members:,} members", rounds
        )
        headline = f"issue {sizes[-1]:,} × 2"
        figures = [
            ratio("batch", rounds, headline, "single", TARGET),
            ratio("batch ÷ COPY", rounds, f"issue {sizes[-1]:,} × 1", "COPY", COPY_TARGET),
            *(
                ratio(name, rounds, name, "single")
                for name in takes
                if name not in ("single", "COPY", headline)
            ),
        ]
        return report.finish(plan, place, "batch", figures, rounds)
