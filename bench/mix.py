"""`bin/bench mix`: a Saturday's trade, not redemptions alone.

Most customers earn; some look what they have; fewer pay with points, at once or by a hold that is
captured; a few holds are let go, a few sales come back, some points are brought in from merchants'
own schemes. What a round captures, lets go or returns was held or sold just before it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from bench import asking, load, report, waiting
from bench.asking import Ask
from bench.driver import Driver
from bench.figures import Figure, ratio
from bench.load import Result
from bench.measuring import Take, median_rate, spread
from bench.place import Place
from bench.plan import Plan
from bench.till import CONNECTIONS

SHARES = {
    "earn": 50, "balance": 14, "spend": 10, "hold": 9, "capture": 8, "void": 1, "return": 3,
    "exchange": 5,
}  # fmt: skip
_MAKES: dict[str, Callable[[Place, int], Ask]] = {
    "earn": asking.accrual,
    "balance": asking.balance,
    "spend": asking.redemption,
    "hold": asking.authorisation,
    "exchange": asking.import_,
}
# What must be there before the hour begins, and how it ends.
_NEEDS: dict[str, tuple[Callable[[Place, int], Ask], Callable[[int, str], Ask]]] = {
    "capture": (asking.authorisation, asking.capture),
    "void": (asking.authorisation, asking.void),
    "return": (asking.redemption, asking.refund),
}


@dataclass(frozen=True, slots=True)
class Hour:
    """Requests in the order they will be sent, and the name of each."""

    names: list[str]
    asks: list[Ask]


def prepare(driver: Driver, count: int) -> Hour:
    """`count` requests in the shares of a Saturday; what they refer to is made first."""
    place = driver.place
    names = random.choices(list(SHARES), weights=list(SHARES.values()), k=count)
    members = [random.randint(1, place.members) for _ in names]
    before = [
        (position, _NEEDS[name][0](place, members[position]))
        for position, name in enumerate(names)
        if name in _NEEDS
    ]
    requests = driver.signer.sign([ask for _, ask in before])
    result = load.closed(driver.connections(CONNECTIONS), requests)
    driver.check(requests, result)
    made = {
        position: asking.id_of(answer)
        for (position, _), answer in zip(before, result.answers, strict=True)
        if answer is not None
    }
    asks = [
        _NEEDS[name][1](member % len(place.tills), made[position])
        if name in _NEEDS
        else _MAKES[name](place, member)
        for position, (name, member) in enumerate(zip(names, members, strict=True))
    ]
    return Hour(names, asks)


def run(plan: Plan) -> list[Figure]:
    """A Saturday's mix ÷ redemptions alone, and what each operation makes its customer wait."""
    waits: dict[str, list[float]] = {name: [] for name in SHARES}
    with report.filled_place(plan) as place, Driver.over(place) as driver:

        def till() -> Take:
            return driver.closed(driver.any_redemption(), CONNECTIONS, plan.seconds)

        def mix() -> Take:
            hour = prepare(driver, max(200, int(1.3 * driver.known_rate * plan.seconds)))
            requests = driver.signer.sign(hour.asks)
            connections = driver.connections(CONNECTIONS)
            with driver.meter() as meter:
                result = load.closed(connections, requests, plan.seconds)
            driver.check(requests, result)
            return Take.of(result.done, meter, result.latencies)

        rounds = report.measure(plan, {"till": till, "mix": mix})
        names: list[str] = []

        def asks(count: int) -> list[Ask]:
            hour = prepare(driver, count)
            names[:] = hour.names
            return hour.asks

        def sort(result: Result) -> None:
            for name, latency in zip(names, result.latencies, strict=True):
                waits[name].append(latency)

        paced = waiting.wait(plan, driver, median_rate(rounds, "mix"), asks, sort)
        report.show_takes(plan.console, f"A Saturday, {place.members:,} members", rounds)
        by_operation = {name: spread(found) for name, found in waits.items()}
        _show(plan, by_operation)
        return report.finish(
            plan,
            place,
            "mix",
            [ratio("mix", rounds, "mix", "till"), *waiting.figures(paced)],
            rounds,
            shares=SHARES,
            milliseconds=by_operation,
        )


def _show(plan: Plan, by_operation: dict[str, dict[str, float]]) -> None:
    rows = [
        (name, f"{SHARES[name]} %", *(f"{ms.get(key, 0):.1f}" for key in ("p50", "p95", "p99")))
        for name, ms in by_operation.items()
    ]
    report.show_rows(
        plan.console,
        f"Milliseconds from when each was due, at {waiting.PACE:.0%} of the peak",
        ("operation", "share", "p50", "p95", "p99"),
        rows,
    )
