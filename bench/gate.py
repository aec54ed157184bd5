"""`bin/bench gate`: has a change made the hub slower? Ratios beside those of a committed baseline.

All are beside pgbench's own transactions, which no change of ours can touch: what grows faster
lets nothing else look slow. A ratio that has fallen by more than a third is measured once more
before it counts.
"""

import functools
import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import asking, pgbench, report
from bench.batch import Batches
from bench.driver import Driver
from bench.figures import Figure, ratio
from bench.measuring import Take
from bench.plan import Plan
from bench.till import CONNECTIONS

BASELINE = Path(__file__).with_name("baseline.json")
FALL = 1 / 3  # of the baseline: less is noise
LINES = 1_000  # of a batch
REFERENCE = "pgbench"
CLIENTS = 8


def run(plan: Plan, update: bool = False) -> list[Figure]:
    """Till, batch and hot wallet beside `bench/baseline.json`; exits 1 when one fell by a third."""
    with report.filled_place(plan) as place, Driver.over(place) as driver:
        takes = _takes(plan, driver)
        figures = _figures(plan, takes)
        before = {} if update else read(BASELINE)
        if fallen(_medians(figures), before):
            plan.console.print("A ratio has fallen: measured once more.")
            figures = _figures(plan, takes)
        report.finish(plan, place, "gate", figures)
    if update:
        report.write(BASELINE, {name: round(one, 3) for name, one in _medians(figures).items()})
        plan.console.print(f"Written to {BASELINE.name}")
    fell = fallen(_medians(figures), before)
    for name, (now, then) in fell.items():
        plan.console.print(f"[red]{name}[/] fell from {then:.2f} to {now:.2f}")
    if fell:
        raise SystemExit(1)
    return figures


def fallen(now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """What is lower than its baseline by more than a third: as it is, and as it was.

    A ratio without a baseline cannot fall; one that is no longer measured has fallen to nothing.
    """
    return {
        name: (now.get(name, 0.0), then)
        for name, then in before.items()
        if now.get(name, 0.0) < then * (1 - FALL)
    }


def read(path: Path) -> dict[str, float]:
    """Ratios by name. Raises FileNotFoundError."""
    found: dict[str, float] = json.loads(path.read_text("utf-8"))
    return found


def _takes(plan: Plan, driver: Driver) -> dict[str, Callable[[], Take]]:
    tills = itertools.cycle(range(len(driver.place.tills)))
    lines = LINES // 10 if plan.quick else LINES
    batches = Batches(driver, clients=1)
    return {
        REFERENCE: pgbench.its_own(driver.place, driver.meter, plan.seconds),
        "till": functools.partial(
            driver.closed, driver.any_redemption(), CONNECTIONS, plan.seconds
        ),
        "batch": functools.partial(batches.take, lines, 5 * lines),
        "hot wallet": functools.partial(
            driver.closed,
            lambda: asking.shared_redemption(driver.place, next(tills)),
            CLIENTS,
            plan.seconds,
        ),
    }


def _figures(plan: Plan, takes: Mapping[str, Callable[[], Take]]) -> list[Figure]:
    rounds = report.measure(plan, takes)
    report.show_takes(plan.console, "Redemptions, and lines of batches, a second", rounds)
    return [ratio(name, rounds, name, REFERENCE) for name in takes if name != REFERENCE]


def _medians(figures: list[Figure]) -> dict[str, float]:
    return {one.name: one.median for one in figures}
