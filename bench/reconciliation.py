"""`bin/bench reconciliation`: a partner's record of a million lines against a window of as many.

The record is the till's own, but for one line in a thousand: it is sent in parts as large as the
API takes, then matched, each in the transactions of the hub. What is measured is lines a second of
either, and how much memory the hub's process came to need for it.
"""

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

from bench import report
from bench.figures import Figure
from bench.measuring import Meter
from bench.place import FIRST_WINDOW, Place, filled
from bench.plan import Plan
from exchange import windows
from kit.database import Database
from partners.api.operations import File
from settlement.reconciliation import receiving
from settlement.reconciliation.api import MAX_PART
from settlement.reconciliation.findings import summary
from settlement.reconciliation.records import CSV

TILLS = 2
SALES = 10  # of every member
FIRST_SALE = 16  # as `bench.filling` numbers them
WRONG = 1_000  # one line in so many has other points
HOUR = 3_600  # seconds
HEAD = b"reference,kind,points,at\n"


def run(plan: Plan, lines: int = 1_000_000) -> list[Figure]:
    """Lines a second of a record of `--lines`: loaded, and matched with a window of as many."""
    lines = 30_000 if plan.quick else lines
    members = -(-lines * TILLS // SALES)
    with ExitStack() as stack:
        advance = stack.enter_context(
            report.bar(plan.console, f"Filling in {members:,} members", members)
        )
        place = stack.enter_context(
            filled(
                plan.home,
                members=members,
                tills=TILLS,
                sales=SALES,
                progress=lambda done: advance("", done),
            )
        )
        database = Database(place.app_url)
        stack.callback(database.close)
        with database.transaction() as session:
            windows.close_and_open_next(session, "bench-1")
        loads, matches, steals = [], [], []
        for _ in range(plan.rounds):
            loaded, matched, steal = _round(place, database, lines)
            loads.append(lines / loaded)
            matches.append(lines / matched)
            steals.append(steal)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures = [
            Figure("reconciliation", tuple(matches), tuple(steals), unit=" lines/s"),
            Figure("loading", tuple(loads), tuple(steals), unit=" lines/s"),
            Figure("memory", (peak,), (0.0,), unit=" MiB"),
        ]
        return report.finish(plan, place, "reconciliation", figures, lines=lines)


def _round(place: Place, database: Database, lines: int) -> tuple[float, float, float]:
    """Seconds of loading and of matching, and the share of time that was stolen."""
    now = datetime.now(UTC)
    with database.transaction() as session:
        record = receiving.begin(
            session,
            party=place.tills[0].party,
            window=FIRST_WINDOW,
            side="accepted",
            tolerance=HOUR,
            many=True,
            now=now,
        )
    with Meter() as meter:
        began = time.perf_counter()
        for number, body in enumerate(_parts(place, lines, now), 1):
            with database.transaction() as session:
                receiving.receive(session, record.id, number, File(body, CSV), party=None, now=now)
        loaded = time.perf_counter() - began
        with database.transaction() as session:
            receiving.ask(session, record.id, lines=lines, party=None, now=now)
        began = time.perf_counter()
        receiving.match_next(database, now)
        matched = time.perf_counter() - began
    with database.transaction() as session:
        told = summary(session, receiving.get(session, record.id))
    found = {each["outcome"]: each["findings"] for each in told["outcomes"]}
    wrong = len(range(0, lines, WRONG))
    if found != {**dict.fromkeys(found, 0), "matched": lines - wrong, "differing": wrong}:
        raise RuntimeError(f"{wrong} of {lines} lines were wrong, and this was found: {found}")
    return loaded, matched, meter.steal


def _parts(place: Place, lines: int, now: datetime) -> Iterator[bytes]:
    """The record as files; made as they are sent, so that no more than one is in memory."""
    part, size = [HEAD], len(HEAD)
    for row in _rows(place, lines, now):
        if size + len(row) > MAX_PART:
            yield b"".join(part)
            part, size = [HEAD], len(HEAD)
        part.append(row)
        size += len(row)
    yield b"".join(part)


def _rows(place: Place, lines: int, now: datetime) -> Iterator[bytes]:
    """The first till's sales, which are the even members'."""
    count = 0
    for member in range(TILLS, place.members + 1, TILLS):
        for sale in range(FIRST_SALE, FIRST_SALE + SALES):
            points = 1 if count % WRONG else 2
            yield b"H-%08d-%d,spent,%d,%b\n" % (member, sale, points, now.isoformat().encode())
            count += 1
            if count == lines:
                return
