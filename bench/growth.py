"""`bin/bench growth`: the same trade in coalitions of 100,000 to 5 million members.

All databases stand at the same time, a hub over each, and take turns: till and batch in the small
one, in the large one, and so on. A member of any of them has three lots, each posted; the last
database is small again but has ten million postings behind it.
"""

import functools
from contextlib import ExitStack

from bench import report
from bench.batch import Batches
from bench.driver import Driver
from bench.figures import Figure, ratio
from bench.plan import Plan
from bench.till import CONNECTIONS

TARGET = 0.80
SIZES = (1_000_000, 5_000_000)  # beside `--members`
POSTINGS = 10_000_000  # or as many as the members of a smaller largest database have
LINES = 1_000  # of a batch


def run(plan: Plan, largest: int = SIZES[-1]) -> list[Figure]:
    """The till among as many members as `--largest` ÷ `--members`; the same for batches."""
    small = plan.members
    largest = 2 * small if plan.quick else max(largest, 2 * small)
    sizes = [small, *(size for size in SIZES if small < size < largest)]
    sizes.append(largest)
    sales = 2 if plan.quick else min(POSTINGS, 3 * largest) // small
    with ExitStack() as stack:
        drivers = {}
        for size, past in [*((size, 0) for size in sizes), (small, sales)]:
            place = stack.enter_context(report.filled_place(plan, size, past))
            name = short(size) + (f" + {short(size * past)} sales" if past else "")
            drivers[name] = stack.enter_context(Driver.over(place))
        takes = {}
        for name, driver in drivers.items():
            takes[f"till {name}"] = functools.partial(
                driver.closed, driver.any_redemption(), CONNECTIONS, plan.seconds
            )
            batches = Batches(driver, clients=1)
            takes[f"batch {name}"] = functools.partial(batches.take, LINES, 5 * LINES)
        rounds = report.measure(plan, takes)
        report.show_takes(plan.console, "Redemptions, and lines of batches, a second", rounds)
        first, *others = drivers
        headline = short(largest)
        figures = [
            ratio("growth", rounds, f"till {headline}", f"till {first}", TARGET),
            *(
                ratio(f"{kind} {name}", rounds, f"{kind} {name}", f"{kind} {first}")
                for kind in ("till", "batch")
                for name in others
                if (kind, name) != ("till", headline)
            ),
        ]
        return report.finish(plan, place, "growth", figures, rounds, sizes=sizes)


def short(count: int) -> str:
    """`100k`, `5M`."""
    return f"{count / 1e6:g}M" if count >= 1_000_000 else f"{count / 1e3:g}k"
