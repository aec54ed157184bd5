"""What customers wait at a pace below the peak: open loops, a round after the other."""

from collections.abc import Callable, Sequence

from bench import load, report
from bench.asking import Ask
from bench.driver import Driver
from bench.figures import Figure
from bench.load import Result
from bench.measuring import Take
from bench.plan import Plan

PACE = 0.70  # of the peak


def wait(
    plan: Plan,
    driver: Driver,
    peak: float,
    asks: Callable[[int], Sequence[Ask]],
    sort: Callable[[Result], None] = lambda _: None,
) -> list[Take]:
    """A take a round at `PACE` of `peak` a second; `asks(count)` makes the requests of one."""
    per_second = PACE * peak
    takes, queued = [], 0
    with report.bar(plan.console, f"Waiting at {per_second:,.0f} a second", plan.rounds) as step:
        for number in range(plan.rounds):
            due = load.arrivals(per_second, plan.seconds, seed=number)
            take, result = driver.paced(asks(len(due)), due)
            takes.append(take)
            sort(result)
            queued += result.queued
            step("", 1)
    if queued:
        plan.console.print(f"{queued} requests found every connection taken when they were due.")
    return takes


def figures(takes: Sequence[Take], slowest: float | None = None) -> list[Figure]:
    """p50, p95 and p99 in ms; `slowest` is the target of the last."""
    steals = tuple(take.steal for take in takes)
    return [
        Figure(
            f"{name} at {PACE:.0%} of the peak",
            tuple(take.ms[name] for take in takes),
            steals,
            slowest if name == "p99" else None,
            at_most=True,
            unit=" ms",
        )
        for name in ("p50", "p95", "p99")
    ]
