"""Pure arithmetic of the books; the posting function does the same (a test holds them together)."""

from dataclasses import dataclass

MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Ratio:
    """`theirs` of a partner's points are `ours` of the shared ones; the fee is a share of ours."""

    theirs: int
    ours: int
    fee_ppm: int = 0


def ceil_to_member(amount: int, ratio: Ratio) -> int:
    """What `amount` of theirs gives before the fee: a started point is the member's."""
    return -(-amount * ratio.ours // ratio.theirs)


def floor_fee(points: int, ratio: Ratio) -> int:
    """The fee on `points`, a started point again left to the member."""
    return points * ratio.fee_ppm // MILLION


def convert(amount: int, ratio: Ratio) -> tuple[int, int]:
    """Points credited and fee taken for `amount` of theirs; together they are what it is worth."""
    gross = ceil_to_member(amount, ratio)
    fee = floor_fee(gross, ratio)
    return gross - fee, fee


def charge(theirs: int, ratio: Ratio) -> int:
    """The fewest points that buy `theirs` in an export: the fee is taken from them first.

    Both roundings are the member's again: of points to the fee, and of a started one of theirs.
    """
    net = (theirs - 1) * ratio.ours // ratio.theirs + 1
    return (net - 1) * MILLION // (MILLION - ratio.fee_ppm) + 1
