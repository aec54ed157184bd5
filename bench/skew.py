"""`bin/bench skew`: trade that crowds at one partner, and eight tills at one wallet.

No row is shared by all sales of a partner, so the first should cost nothing. The sales of one
wallet must follow one another: the second says what that leaves. Another eight tills with a wallet
each are its reference.
"""

import functools
import itertools
import random

from bench import asking, report
from bench.asking import Ask
from bench.driver import Driver
from bench.figures import Figure, ratio
from bench.plan import Plan
from bench.till import CONNECTIONS

PARTNER_TARGET = 0.90
WALLET_TARGET = 0.40
CROWD = 0.70  # of the sales, at the first till
CLIENTS = 8


def run(plan: Plan) -> list[Figure]:
    """70 % of the sales at one partner ÷ spread; eight tills at one wallet ÷ at eight."""
    with report.filled_place(plan) as place, Driver.over(place) as driver:
        turns = itertools.cycle(range(len(place.tills)))

        def crowded() -> Ask:
            number = random.randint(1, place.members)
            if random.random() < CROWD:
                number += -number % len(place.tills)  # On to the next member of till 0.
                number = number if number <= place.members else len(place.tills)
            return asking.redemption(place, number)

        def one_wallet() -> Ask:
            return asking.shared_redemption(place, next(turns))

        spread = driver.any_redemption()
        takes = {
            name: functools.partial(driver.closed, asker, connections, plan.seconds)
            for name, asker, connections in (
                ("spread", spread, CONNECTIONS),
                ("at one partner", crowded, CONNECTIONS),
                ("eight wallets", spread, CLIENTS),
                ("one wallet", one_wallet, CLIENTS),
            )
        }
        rounds = report.measure(plan, takes)
        report.show_takes(plan.console, f"Redemptions, {place.members:,} members", rounds)
        figures = [
            ratio("skew", rounds, "at one partner", "spread", PARTNER_TARGET),
            ratio("hot wallet", rounds, "one wallet", "eight wallets", WALLET_TARGET),
        ]
        return report.finish(plan, place, "skew", figures, rounds)
