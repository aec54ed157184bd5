"""`bin/bench till`: signed redemptions a second, beside pgbench calling the same function.

Both do one redemption of one order, over the same data, with claim, nonce and evidence. The hub
also parses, verifies a signature, validates, renders and signs; pgbench does none of that, so the
ratio is what a partner's request costs beyond the database's own work.

"Ed25519 × 64" is requests signed with Ed25519 over 64 connections. That is the headline, as tills
keep their connections open and a hub always has many.
"""

import functools

from bench import pgbench, report, waiting
from bench.driver import Driver
from bench.figures import Figure, ratio
from bench.measuring import median_rate
from bench.plan import Plan
from partners.public_keys import ED25519, P256

TARGET = 0.45
SLOWEST_MS = 50.0  # p99 at 70 % of the peak
CONNECTIONS = 64
REFERENCE = "pgbench"
HEADLINE = "Ed25519 × 64"


def run(plan: Plan) -> list[Figure]:
    """All four ways to load the hub, then what customers wait at 70 % of the peak."""
    with report.filled_place(plan) as place, Driver.over(place) as driver:
        takes = {REFERENCE: pgbench.redemptions(place, driver.meter, plan.seconds)}
        for label, algorithm in (("Ed25519", ED25519), ("P-256", P256)):
            for connections in (16, CONNECTIONS):
                takes[f"{label} × {connections}"] = functools.partial(
                    driver.closed, driver.any_redemption(algorithm), connections, plan.seconds
                )
        rounds = report.measure(plan, takes)
        asker = driver.any_redemption()
        waits = waiting.wait(
            plan,
            driver,
            median_rate(rounds, HEADLINE),
            lambda count: [asker() for _ in range(count)],
        )
        report.show_takes(plan.console, f"Redemptions, {place.members:,} members", rounds)
        figures = [ratio("till", rounds, HEADLINE, REFERENCE, TARGET)]
        figures += [
            ratio(name, rounds, name, REFERENCE)
            for name in takes
            if name not in (REFERENCE, HEADLINE)
        ]
        figures += waiting.figures(waits, SLOWEST_MS)
        return report.finish(plan, place, "till", figures, rounds)
