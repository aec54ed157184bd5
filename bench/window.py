"""`bin/bench window`: what the tills feel while a window of a million postings closes.

The closing is the one that `bin/hub windows close` does, in a process of its own. Before every
round the open window is filled again, so that each closing has as much to add up, and is rolled up
and sealed but for what the tills do meanwhile, as the jobs do all month long.
"""

import functools
import secrets
import tempfile
import time
from collections.abc import Callable
from contextlib import closing as closing_pipe
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from bench import report
from bench.driver import Driver
from bench.figures import Figure, ratio
from bench.measuring import Take
from bench.place import FIRST_WINDOW
from bench.plan import Plan
from bench.till import CONNECTIONS
from kit.database import Database
from partners.public_keys import PrivateKey
from settlement import closing, rollup
from settlement.sealing import seal
from settlement.sealing.sealer import Sealer

TARGET = 0.55
POSTINGS = 1_000_000  # that each window has at least
PATIENCE = 10.0  # seconds for which requests are signed, the first time


def run(plan: Plan) -> list[Figure]:
    """The till while a window closes ÷ without, and how long the closing takes."""
    sales = 2 if plan.quick else -(-POSTINGS // plan.members)
    with report.filled_place(plan, sales=sales) as place, Driver.over(place) as driver:
        closings = _Closings(driver, sales)
        takes: dict[str, Callable[[], Take]] = {
            "till": functools.partial(
                driver.closed, driver.any_redemption(), CONNECTIONS, plan.seconds
            ),
            "till while closing": closings.take,
        }
        rounds = report.measure(plan, takes)
        postings = sales * place.members
        report.show_takes(plan.console, f"Redemptions; {postings:,} postings to close", rounds)
        longest = median(one["till while closing"].ms["longest"] for one in rounds)
        plan.console.print(f"The longest wait while closing: {longest:,.0f} ms, by the median")
        steals = tuple(one["till while closing"].steal for one in rounds)
        figures = [
            ratio("window", rounds, "till while closing", "till", TARGET),
            Figure("closing a window", tuple(closings.took), steals, unit=" s"),
        ]
        return report.finish(plan, place, "window", figures, rounds, postings=postings)


class _Closings:
    """Closes one window after the other while the tills are at work."""

    def __init__(self, driver: Driver, sales: int) -> None:
        self._driver = driver
        self._sales = sales
        self.took: list[float] = []  # seconds

    def take(self) -> Take:
        """The tills from the moment a closing begins until it has ended."""
        number = len(self.took)
        place = self._driver.place
        if number:
            place.sell(self._sales, before=self._sales * number)
        names = (FIRST_WINDOW if not number else f"bench-{number}", f"bench-{number + 1}")
        ours, theirs = get_context("spawn").Pipe()
        process = get_context("spawn").Process(target=_close, args=(place.app_url, *names, theirs))
        process.start()
        with closing_pipe(ours):
            ours.recv()
            take = self._driver.closed(
                self._driver.any_redemption(),
                CONNECTIONS,
                max([PATIENCE, *(2 * seconds for seconds in self.took)]),
                until=_begin_and_watch(ours),
            )
            self.took.append(ours.recv())
        process.join()
        return take


def _begin_and_watch(pipe: Connection) -> Callable[[], bool]:
    """Begins the closing when first asked; then says whether it is over."""
    begun = False

    def over() -> bool:
        nonlocal begun
        if begun:
            return pipe.poll()
        begun = True
        pipe.send("now")
        return False

    return over


def _close(app_url: str, window: str, following: str, pipe: Connection) -> None:
    database = Database(app_url)
    heads = Path(tempfile.mkdtemp()) / "heads.ndjson"
    signer = Sealer("bench", PrivateKey.generate(), secrets.token_bytes(32), heads)
    with database.transaction() as session:
        rollup.roll_up(session)
    seal.append(database, signer)
    pipe.send("ready")
    pipe.recv()
    started = time.perf_counter()
    closing.close(
        database, window=window, next_name=following, currency="CNY", by="mei",
        now=datetime.now(UTC), signer=signer,
    )  # fmt: skip
    pipe.send(time.perf_counter() - started)
    database.close()
