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


def gain_ppm(there: Ratio, back: Ratio) -> int:
    """What a loop gains: theirs into ours at `there`, ours into theirs at `back`, fees taken.

    Parts per million, rounded down; above nothing, somebody can make points by going round. The
    shared currency stands between any two partners, so every loop of conversions is made of such
    pairs, and none gains if no pair does.
    """
    into = there.ours * (MILLION - there.fee_ppm)
    out = back.theirs * (MILLION - back.fee_ppm)
    return into * out * MILLION // (there.theirs * back.ours * MILLION * MILLION) - MILLION
