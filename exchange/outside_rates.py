"""Conversions that others offer, as finance knows of them: what rates must not make a loop with."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from exchange import conversions, store
from exchange.errors import OutsideRateRefused


@dataclass(frozen=True, kw_only=True, slots=True)
class NewOutsideRate:
    """`gives` of one kind of value are `gets` of another, fees taken, from one moment to another.

    A kind is a party's own points, money by its ISO code in minor units, or, with neither, the
    shared points. Amounts to give are at least `minimum`, and multiples of `step`.
    """

    source_party: int | None
    source_money: str | None
    target_party: int | None
    target_money: str | None
    gives: int
    gets: int
    minimum: int
    step: int
    valid_from: datetime
    valid_to: datetime | None


def check(session: Session, rate: NewOutsideRate) -> None:
    """Raises OutsideRateRefused, and RateArbitrage, with the loop: change our own rates first."""
    source, target = (
        (rate.source_party, rate.source_money),
        (rate.target_party, rate.target_money),
    )
    moneys = [money for _, money in (source, target) if money is not None]
    if (
        source == target
        or None not in source
        or None not in target
        or not all(re.fullmatch("[A-Z]{3}", money) for money in moneys)
    ):
        raise OutsideRateRefused
    new = conversions.others_way(asdict(rate), "the new outside rate")
    conversions.refuse_loops(session, new, rate.valid_from, rate.valid_to)


def enact(session: Session, rate: NewOutsideRate) -> int:
    """Keep an approved outside rate; its number. Raises OutsideRateRefused, RateArbitrage."""
    store.lock_rates(session)
    check(session, rate)
    return store.insert_outside_rate(session, asdict(rate))
