"""What an amount converts to, in whole numbers. Every rounding is the member's.

Exactly what the guard against loops reckons with (`exchange.arbitrage`): an import gives what
`rules.convert` says, an export asks what `rules.charge` says.
"""

from dataclasses import dataclass

from exchange.arbitrage import MOST, Conditions
from exchange.rules import MILLION, charge, convert, floor_fee


@dataclass(frozen=True, slots=True)
class Price:
    """So many of theirs for so many points; of an export's points the fee is a part, to an
    import's it would have been added."""

    points: int
    theirs: int
    fee: int


def price_import(theirs: int, terms: Conditions) -> Price | None:
    """What bringing in `theirs` gives; None when the rate does not take that amount."""
    if theirs < terms.minimum or theirs % terms.step or not terms.allows(theirs):
        return None
    points, fee = convert(theirs, terms.ratio)
    return Price(points, theirs, fee) if points >= 1 and points + fee <= MOST else None


def price_export(points: int, terms: Conditions) -> Price | None:
    """The most of theirs that at most `points` buy, and the fewest points that buy as much.

    None when they do not buy as much as the rate begins with.
    """
    if points > MOST:
        return None
    net = points - floor_fee(points, terms.ratio)
    most = -(-net * terms.ratio.theirs // terms.ratio.ours)
    if terms.daily_cap is not None:
        most = min(most, terms.daily_cap)
    theirs = most // terms.step * terms.step
    if theirs < terms.first:
        return None
    asked = charge(theirs, terms.ratio)
    return Price(asked, theirs, floor_fee(asked, terms.ratio))


def least_export(terms: Conditions) -> int:
    """The fewest points that can be exported at all."""
    return charge(terms.first, terms.ratio)


def most_import(points: int, terms: Conditions) -> int:
    """The most of theirs that surely give no more than `points`, in whole steps."""
    ratio = terms.ratio
    gross = points * MILLION // (MILLION - ratio.fee_ppm)
    most = gross * ratio.theirs // ratio.ours
    if terms.daily_cap is not None:
        most = min(most, terms.daily_cap)
    return most // terms.step * terms.step
