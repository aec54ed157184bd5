"""`bin/bench closing`: what it takes to close a window, beside adding up its points once.

The closing is the one that `bin/hub windows close` does, in a process of its own, after the jobs
have rolled up and sealed the window as they do all month long. It runs once over a tenth of the
journals as well: its memory must not grow with them. `bin/bench window` has what tills feel of it.
"""

import resource
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from bench import report
from bench.figures import Figure
from bench.filling import LOTS
from bench.measuring import Meter
from bench.place import FIRST_WINDOW, Place, filled
from bench.plan import Plan
from kit.database import Database
from partners.public_keys import PrivateKey
from settlement import closing, rollup, store
from settlement.sealing import seal
from settlement.sealing import store as sealing_store
from settlement.sealing.sealer import Sealer

TARGET = 3.0  # times the sum
SALES = 17  # of every member, beside the issue of its lots
# Which function of the closing asked, as the figures call it; the innermost one counts.
STEPS = {
    "begin": "hand over to the next window",
    "_fix_moved": "points moved",
    "seal_window": "sealing what was left",
    "_figure": "obligations and nets",
    "_statements": "statements' points",
    "_write": "writing the figures",
}
SEALING = STEPS["seal_window"]
REST = "the rest"


@dataclass(frozen=True, slots=True)
class Closed:
    """Seconds of a closing: in all, of its SQL by step, and of the sum beside it."""

    took: float
    sql: dict[str, float]
    sum: float  # As the closing asks, serially.
    parallel: float  # As the database would by itself.
    postings: int
    left: int  # Postings still to seal when the closing began.
    start: float  # MiB that the process had before, and at its highest.
    peak: float
    sealed: int = 0  # Journals that were sealed before, and the seconds it took.
    sealing: float = 0.0
    steal: float = 0.0

    @property
    def own(self) -> float:
        """Seconds of SQL but for sealing, which is work of the whole month."""
        return sum(seconds for step, seconds in self.sql.items() if step != SEALING)


def run(plan: Plan, journals: int = 1_000_000, partners: int = 50) -> list[Figure]:
    """The SQL of a closing ÷ SELECT sum(points) over its postings, and what memory it takes."""
    journals = 20_000 if plan.quick else journals
    with _place(plan, journals // 10, partners) as place:
        small = _close_one(plan, place, 0)
    with _place(plan, journals, partners) as place:
        every = [_close_one(plan, place, number) for number in range(plan.rounds)]
        steals = tuple(each.steal for each in every)
        figures = [
            Figure(
                "closing", tuple(one.own / one.sum for one in every), steals, TARGET, at_most=True
            ),
            Figure(
                "closing beside a parallel sum",
                tuple(one.own / one.parallel for one in every),
                steals,
            ),
            Figure("closing a window", tuple(one.took for one in every), steals, unit=" s"),
            Figure("memory", tuple(one.peak for one in every), steals, unit=" MiB"),
            Figure("memory at a tenth", (small.peak,), (small.steal,), unit=" MiB"),
        ]
        last = every[-1]
        _show(plan, last)
        return report.finish(
            plan, place, "closing", figures, journals=journals, partners=partners,
            closings=[asdict(one) for one in (small, *every)],
        )  # fmt: skip


def _show(plan: Plan, last: Closed) -> None:
    took = {"SELECT sum(points)": last.sum, "the same in parallel": last.parallel, **last.sql}
    report.show_rows(
        plan.console,
        f"The last closing, of {last.postings:,} postings; {last.left:,} were left to seal",
        ("SQL of", "ms", "÷ sum"),
        [(name, f"{1000 * each:,.1f}", f"{each / last.sum:.2f}") for name, each in took.items()],
    )
    if last.sealed:
        rate = last.sealed / last.sealing
        plan.console.print(f"Sealed before, as all month long: {rate:,.0f} journals a second")


@contextmanager
def _place(plan: Plan, journals: int, partners: int) -> Iterator[Place]:
    members = max(partners, journals // (LOTS + SALES))
    with (
        report.bar(plan.console, f"Filling in {journals:,} journals", members) as advance,
        filled(
            plan.home,
            members=members,
            tills=partners,
            sales=SALES,
            progress=lambda done: advance("", done),
        ) as place,
    ):
        yield place


def _close_one(plan: Plan, place: Place, number: int) -> Closed:
    """Fill the window if it is not the first, roll it up and seal it, and close it elsewhere."""
    every = LOTS + SALES
    if number:
        place.sell(every, before=every * number)
    window = f"bench-{number}" if number else FIRST_WINDOW
    plan.console.print(f"Sealing {place.members * every:,} journals")
    with tempfile.TemporaryDirectory() as folder:
        heads = Path(folder) / "heads.ndjson"
        database = Database(place.app_url)
        try:
            with database.transaction() as session:
                rollup.roll_up(session)
            began = time.perf_counter()
            sealed = seal.append(database, _sealer(heads))
            sealing = time.perf_counter() - began
        finally:
            database.close()
        ours, theirs = get_context("spawn").Pipe()
        process = get_context("spawn").Process(
            target=_close, args=(place.app_url, window, f"bench-{number + 1}", heads, theirs)
        )
        with Meter() as meter:
            process.start()
            theirs.close()
            closed: Closed = ours.recv()
            process.join()
        ours.close()
    return replace(closed, sealed=sealed, sealing=sealing, steal=meter.steal)


def _sealer(heads: Path) -> Sealer:
    return Sealer("bench", PrivateKey.generate(), secrets.token_bytes(32), heads)


def _close(url: str, window: str, following: str, heads: Path, pipe: Connection) -> None:
    database = Database(url)
    with database.transaction() as session:
        store.take_time(session)
        number = store.get_window(session, window).id
        _, since = sealing_store.end(session)
        left = sealing_store.count_postings(session, since, sealing_store.FOR_EVER, window=number)
        postings, serial = _sum(session, number)
        session.execute(text("SET LOCAL max_parallel_workers_per_gather = 2"))
        _, parallel = _sum(session, number)
    start = _peak()
    spent: dict[str, float] = dict.fromkeys((*STEPS.values(), REST), 0.0)
    _time(database, spent)
    began = time.perf_counter()
    closing.close(
        database, window=window, next_name=following, currency="CNY", by="mei",
        now=datetime.now(UTC), signer=_sealer(heads),
    )  # fmt: skip
    took = time.perf_counter() - began
    pipe.send(
        Closed(
            took=took,
            sql=spent,
            sum=serial,
            parallel=parallel,
            postings=postings,
            left=left,
            start=start,
            peak=_peak(),
        )
    )
    database.close()


def _sum(session: Session, window: int) -> tuple[int, float]:
    """Postings of a window, and the seconds that adding them up takes: the second time counts."""
    query = text("SELECT sum(points) FROM exchange.posting WHERE window_id = :window")
    took = 0.0
    for _ in range(2):
        began = time.perf_counter()
        session.execute(query, {"window": window}).scalar_one()
        took = time.perf_counter() - began
    counted = text("SELECT count(*) FROM exchange.posting WHERE window_id = :window")
    return session.execute(counted, {"window": window}).scalar_one(), took


def _peak() -> float:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _time(database: Database, spent: dict[str, float]) -> None:
    """Add what every statement takes from now on to the step that asks it."""
    began = 0.0

    def before(*_: Any) -> None:
        nonlocal began
        began = time.perf_counter()

    def after(*_: Any) -> None:
        took = time.perf_counter() - began
        spent[_step()] += took

    event.listen(database.engine, "before_cursor_execute", before)
    event.listen(database.engine, "after_cursor_execute", after)


def _step() -> str:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name in STEPS and "settlement" in frame.f_globals["__name__"]:
            return STEPS[frame.f_code.co_name]
        frame = frame.f_back
    return REST
