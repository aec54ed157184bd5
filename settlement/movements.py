"""The points that moved in a window, summed from its postings: what obligations are priced from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from partners.agreement import MILLION, Terms

MovementKind = Literal["issued", "clawed_back", "spent", "refunded", "expired"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """A window's points that moved alike: same kind, parties and terms.

    `clawed_back` counts only points taken out of lots. A clawback the wallet could not meet,
    and the later accrual that repays it, are no movements: those points were spent, so the
    float has paid for them and must not hand their money back.
    A refund names the terms of the sale it undoes, so that it undoes the money exactly.
    """

    kind: MovementKind
    issuer: int
    acceptor: int | None = None  # Whose till it was; None unless spent or refunded.
    points: int  # Always positive; the kind says which way.
    valued_terms: int  # The issuer's, when the points were spent (or else issued).
    issue_terms: int  # The issuer's, when the lot was issued: they rule prefunding and breakage.
    acceptor_terms: int | None = None  # The acceptor's, when the points were spent.

    def __post_init__(self) -> None:
        at_a_till = self.kind in ("spent", "refunded")
        if self.points <= 0:
            raise ValueError("a movement has a positive number of points")
        if at_a_till == (self.acceptor is None) or at_a_till == (self.acceptor_terms is None):
            raise ValueError("an acceptor and its terms belong to spent and refunded points only")

    @property
    def signed(self) -> int:
        """The points, negative when they undo an issue or a sale."""
        return -self.points if self.kind in ("clawed_back", "refunded") else self.points


def released_points(movements: Iterable[Movement], terms: Mapping[int, Terms]) -> dict[int, int]:
    """Per issuer, the points that the window turned into money: exposure counts them no longer.

    Prefunded shares turn when issued, the others when spent or expired. Rounded down, so that
    a cap is never passed by a fraction; negative when more was undone than done.
    """
    millionths: dict[int, int] = {}
    for movement in movements:
        share = terms[movement.issue_terms].prefunded_ppm
        if movement.kind not in ("issued", "clawed_back"):
            share = MILLION - share
        turned = movement.signed * share
        millionths[movement.issuer] = millionths.get(movement.issuer, 0) + turned
    return {issuer: turned // MILLION for issuer, turned in sorted(millionths.items())}
