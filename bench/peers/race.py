"""`bin/bench peers`: the same transfer by the hub and by others, round by round.

The ordinary stack is asked exactly what the hub is asked, over as many connections, by the same
generator, and its answers are verified alike. django-hordak and python-accounting are called in
their own processes, without HTTP: what they leave out stands in `hordak.py` and `accounting.py`.
All commit durably, on one PostgreSQL server, with as many members and tills.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, text

from bench import report
from bench.driver import Driver
from bench.figures import Figure, ratio
from bench.load import Result
from bench.measuring import Round, Take
from bench.peers.peer import Peer, members_of, served
from bench.place import Hub, Place, hub
from bench.plan import Plan
from bench.signing import Signer
from exchange.invariants import INVARIANTS, check

TARGET = 6.0
CONNECTIONS = 64
WARM = 300  # requests

HUB = "the hub"
ORDINARY = "ordinary stack"
HORDAK = "django-hordak"
ACCOUNTING = "python-accounting"


class Counting(Driver):
    """A driver that knows how many redemptions it was told were made."""

    done = 0

    def check(self, requests: Sequence[bytes], result: Result) -> None:
        """As every driver; what was done is added up."""
        super().check(requests, result)
        self.done += result.done


def run(plan: Plan) -> list[Figure]:
    """Signed redemptions ÷ those of the ordinary Python stack; beside two ledgers from PyPI."""
    with report.filled_place(plan) as place:
        size = (str(place.members), str(len(place.tills)))
        plan.console.print("Filling the others' databases …")
        with (
            Peer.beside(place, "ordinary", given=members_of(place)) as ordinary,
            Peer.beside(place, "hordak", *size) as hordak,
            Peer.beside(place, "accounting", *size) as accounting,
            hub(place) as ours,
            served(ordinary) as theirs,
            _driven(place, ours) as our_driver,
            _driven(place, theirs) as their_driver,
        ):
            length = str(plan.seconds)
            takes: dict[str, Callable[[], Take]] = {
                HUB: functools.partial(_redemptions, our_driver, plan.seconds),
                ORDINARY: functools.partial(_redemptions, their_driver, plan.seconds),
                HORDAK: functools.partial(hordak.run, *size, length),
                ACCOUNTING: functools.partial(accounting.run, *size, length),
            }
            rounds = report.measure(plan, takes)
            ordinary.done = their_driver.done
            for peer in (ordinary, hordak, accounting):
                peer.check()
            _check_hub(place, our_driver.done)
        title = f"Transfers, {place.members:,} members; by the last two without HTTP"
        report.show_takes(plan.console, title, rounds)
        plan.console.print("Afterwards the books of all four added up.")
        figures = [ratio("peers", rounds, HUB, ORDINARY, TARGET)]
        figures.append(_processor_time(rounds))
        figures += [ratio(f"hub ÷ {name}", rounds, HUB, name) for name in (HORDAK, ACCOUNTING)]
        return report.finish(plan, place, "peers", figures, rounds)


@contextmanager
def _driven(place: Place, running: Hub) -> Iterator[Counting]:
    with Signer(place, running) as signer:
        driver = Counting(place, running, signer)
        try:
            driver.closed(driver.any_redemption(), 16, 1.0, count=WARM)
            yield driver
        finally:
            driver.hang_up()


def _redemptions(driver: Driver, seconds: float) -> Take:
    return driver.closed(driver.any_redemption(), CONNECTIONS, seconds)


def _processor_time(rounds: Sequence[Round]) -> Figure:
    """What a redemption costs the ordinary stack ÷ what it costs the hub, the database's included.

    It moves less than rates do when others are at work on the machine.
    """

    def cost(take: Take) -> float:
        return take.cpu_us["hub"] + take.cpu_us["database"]

    return Figure(
        "the same in CPU time",
        tuple(cost(one[ORDINARY]) / cost(one[HUB]) for one in rounds),
        tuple(max(one[ORDINARY].steal, one[HUB].steal) for one in rounds),
    )


def _check_hub(place: Place, made: int) -> None:
    """Raises RuntimeError unless the books add up, with as many redemptions as were made."""
    engine = create_engine(make_url(place.owner_url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        faults = [one.name for one in check(connection, INVARIANTS) if one.count]
        posted = connection.scalar(
            text("SELECT count(*) FROM exchange.journal WHERE kind = 'redemption'")
        )
    engine.dispose()
    if faults or posted != made:
        raise RuntimeError(f"the hub: {made} redemptions made, {posted} posted, broken: {faults}")
