"""Conversion rates: dated, never overlapping, never edited; and quotes, good for minutes."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exchange import conversions, store
from exchange.arbitrage import MOST
from exchange.errors import (
    AmountNotConvertible,
    MemberNotFound,
    NoRate,
    RateOverlap,
)
from exchange.rules import Ratio, convert
from kit.ids import uuid7

QUOTE_VALID = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRate:
    """`theirs` of the party's points are `ours` of the shared ones, from one moment to another."""

    party: int
    direction: str  # import or export
    theirs: int
    ours: int
    minimum: int
    step: int
    daily_cap: int | None
    fee_ppm: int
    valid_from: datetime
    valid_to: datetime | None
    undo_days: int = 0  # How long a member may undo an exchange at it.


def check(session: Session, rate: NewRate, *, to_party: bool = False) -> None:
    """Raises RateOverlap, naming the rate in the way, and RateArbitrage, with the loop.

    A loop told `to_party` leaves out what others agreed.
    """
    during = store.rates_during(session, rate.valid_from, rate.valid_to)
    for other in during:
        if (other["party_id"], other["direction"]) == (rate.party, rate.direction):
            raise RateOverlap(rate=f"rat_{other['id']:06d}")
    conversions.refuse_loops(
        session,
        conversions.rate_way(asdict(rate), "the new rate"),
        rate.valid_from,
        rate.valid_to,
        told_to=rate.party if to_party else None,
    )


def enact(session: Session, rate: NewRate) -> int:
    """Put an approved rate in force; returns its number.

    Raises RateOverlap, RateArbitrage.
    """
    store.lock_rates(session)  # Two rates may open a loop that neither opens alone.
    check(session, rate)
    try:
        with session.begin_nested():
            return store.insert_rate(session, asdict(rate))
    except IntegrityError as error:
        if "rate_periods_do_not_overlap" in str(error.orig):
            raise RateOverlap from error
        raise


def quote(
    session: Session, *, party: int, link: UUID, theirs: int, now: datetime
) -> dict[str, Any]:
    """A firm price for importing `theirs`, good for five minutes and for one use.

    Raises MemberNotFound, NoRate, AmountNotConvertible, in this order.
    """
    if store.find_link(session, party, link) is None:
        raise MemberNotFound
    rate = store.rate_at(session, party, "import", now)
    if rate is None:
        raise NoRate
    points, fee = convert(
        theirs, Ratio(theirs=rate["theirs"], ours=rate["ours"], fee_ppm=rate["fee_ppm"])
    )
    if theirs < rate["minimum"] or theirs % rate["step"] or not 1 <= points + fee <= MOST:
        raise AmountNotConvertible(minimum=rate["minimum"], step=rate["step"])
    quoted = {
        "id": uuid7(),
        "party": party,
        "link": link,
        "rate": rate["id"],
        "theirs": theirs,
        "points": points,
        "fee": fee,
        "now": now,
        "expires_at": now + QUOTE_VALID,
    }
    store.insert_quote(session, quoted)
    return {
        "id": str(quoted["id"]),
        "member": str(link),
        "theirs": theirs,
        "points": points,
        "fee": fee,
        "rate": {"theirs": rate["theirs"], "ours": rate["ours"]},
        "expires_at": quoted["expires_at"].isoformat(),
    }
