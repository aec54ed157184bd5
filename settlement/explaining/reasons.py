"""Why an obligation is what it is: the movements behind it, each at its price, and one rounding."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from partners.agreement import MILLION, Terms
from settlement.movements import Movement, MovementKind
from settlement.obligations import EXACT, Flow, ObligationKind, favour_pool, flows

Rounding = Literal["up", "down", "exact"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Points that moved alike, and what they come to: points × price × share × part.

    `points` are negative where they undo. `terms` are those that the price stands in; a spread is
    the issuer's price less the acceptor's. The share is that of the points which this debtor
    pays for, the part that of their price which is owed here (a fee, a share of breakage).
    """

    kind: MovementKind
    issuer: int
    acceptor: int | None
    points: int
    terms: int
    price: int  # Millionths of a minor unit for each point.
    share_ppm: int
    part_ppm: int
    movement: Movement

    @property
    def exact(self) -> int:
        """In 1/EXACT of the minor unit."""
        return self.points * self.price * self.share_ppm * self.part_ppm


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One obligation with its causes: their exact sum, and the amount that it was rounded to."""

    debtor: int
    creditor: int
    kind: ObligationKind
    points: int
    exact: int
    rounding: Rounding
    amount: int
    causes: tuple[Cause, ...]


def reasons(
    movements: Iterable[Movement], terms: Mapping[int, Terms], *, hub: int, float_: int
) -> list[Reason]:
    """The obligations of a window with their causes, in the order of `obligations.price`."""
    found: dict[tuple[int, int, ObligationKind], list[Cause]] = {}
    for movement in movements:
        for flow in flows(movement, terms, hub, float_):
            key = flow.debtor, flow.creditor, flow.kind
            found.setdefault(key, []).append(_cause(movement, flow, terms, hub, float_))
    made = [_reason(*key, found[key], hub, float_) for key in sorted(found)]
    return [each for each in made if each.points or each.amount]


def in_minor_units(exact: int) -> str:
    """An exact amount as a decimal of minor units, without needless noughts."""
    units, below = divmod(abs(exact), EXACT)
    decimals = f"{below:018d}".rstrip("0")
    return f"{'-' if exact < 0 else ''}{units}{'.' if decimals else ''}{decimals}"


def _reason(
    debtor: int, creditor: int, kind: ObligationKind, causes: list[Cause], hub: int, float_: int
) -> Reason:
    exact = sum(cause.exact for cause in causes)
    amount = favour_pool(debtor, creditor, exact, hub, float_)
    rounding: Rounding = "exact" if amount * EXACT == exact else "up"
    return Reason(
        debtor=debtor,
        creditor=creditor,
        kind=kind,
        points=sum(cause.points for cause in causes),
        exact=exact,
        rounding="down" if amount * EXACT < exact else rounding,
        amount=amount,
        causes=tuple(causes),
    )


def _cause(
    movement: Movement, flow: Flow, terms: Mapping[int, Terms], hub: int, float_: int
) -> Cause:
    then, valued = terms[movement.issue_terms], terms[movement.valued_terms]
    accepted = None if movement.acceptor_terms is None else terms[movement.acceptor_terms]
    paid = then.prefunded_ppm if flow.debtor == float_ else MILLION - then.prefunded_ppm
    agreed, share, part = then, paid, MILLION
    price = then.issue_price
    if flow.kind == "prefunded":
        share = then.prefunded_ppm
    elif flow.kind == "breakage":
        hubs = then.breakage_hub_ppm
        part = hubs if flow.creditor == hub else MILLION - hubs
    elif accepted is None:
        raise ValueError("points are spent at somebody's till")
    elif flow.kind == "spread":
        agreed = then if flow.debtor == float_ else valued
        price = agreed.issue_price - accepted.accept_price
    else:
        agreed, price = accepted, accepted.accept_price
        if flow.kind == "fee":
            share, part = MILLION, accepted.fee_ppm
    return Cause(
        kind=movement.kind,
        issuer=movement.issuer,
        acceptor=movement.acceptor,
        points=flow.points,
        terms=agreed.id,
        price=price,
        share_ppm=share,
        part_ppm=part,
        movement=movement,
    )
