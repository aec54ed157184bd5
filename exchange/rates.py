"""Conversion rates: dated, never overlapping, never edited; and quotes, good for minutes."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exchange import store
from exchange.errors import (
    AmountNotConvertible,
    MemberNotFound,
    NoRate,
    RateArbitrage,
    RateOverlap,
)
from exchange.rules import Ratio, convert, gain_ppm
from kit.ids import uuid7

MOST = 10**12  # Points that any order may carry.
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


def check(session: Session, rate: NewRate) -> None:
    """Raises RateOverlap, naming the rate in the way, and RateArbitrage, with the loop."""
    overlapping = store.overlapping_rates(session, asdict(rate))
    for other in overlapping:
        if other["direction"] == rate.direction:
            raise RateOverlap(rate=f"rat_{other['id']:06d}")
    for other in overlapping:
        _refuse_gain(rate, other)


def _refuse_gain(rate: NewRate, other: RowMapping) -> None:
    mine = Ratio(theirs=rate.theirs, ours=rate.ours, fee_ppm=rate.fee_ppm)
    known = Ratio(theirs=other["theirs"], ours=other["ours"], fee_ppm=other["fee_ppm"])
    there, back = (mine, known) if rate.direction == "import" else (known, mine)
    gain = gain_ppm(there, back)
    if gain > 0:
        raise RateArbitrage(
            loop=f"{there.theirs} of theirs → {there.ours} points, less {there.fee_ppm} ppm;"
            f" {back.ours} points → {back.theirs} of theirs, less {back.fee_ppm} ppm",
            gain_ppm=gain,
            rate=f"rat_{other['id']:06d}",
        )


def enact(session: Session, rate: NewRate) -> int:
    """Put an approved rate in force; returns its number.

    Raises RateOverlap, RateArbitrage.
    """
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
