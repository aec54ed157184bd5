"""Who owes whom for a window, and for what: the movements of its points, priced by the terms.

Every flow is linear in points, so a window may be summed in any order before it is priced.
Amounts are summed exactly and rounded once per debtor, creditor and kind.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from partners.agreement import MILLION, Terms
from settlement.movements import Movement

EXACT = MILLION**3  # One minor unit in exact sums: price × share × part, each in millionths.

ObligationKind = Literal["spent", "spread", "fee", "prefunded", "breakage"]


@dataclass(frozen=True, slots=True, order=True)
class Obligation:
    """What a debtor owes a creditor for a window, in whole minor units of the hub's currency.

    Negative when refunds or clawbacks exceed what they undo: then the creditor owes.
    `points` are those the amount was worked out from, shares not applied: under a split
    policy the same points stand behind the issuer's obligation and behind the float's.
    """

    debtor: int
    creditor: int
    kind: ObligationKind
    points: int
    amount: int


class Flow(NamedTuple):
    debtor: int
    creditor: int
    kind: ObligationKind
    points: int
    exact: int  # Per point, in 1/EXACT of the minor unit.


def price(
    movements: Iterable[Movement], terms: Mapping[int, Terms], *, hub: int, float_: int
) -> list[Obligation]:
    """The obligations of a window, by debtor, creditor and kind; nought for nought is left out.

    Raises ValueError when the hub or the float issues or accepts (a hub that runs a programme
    of its own takes part under a partner's number), or terms belong to another partner;
    KeyError when terms are missing.
    """
    points: dict[tuple[int, int, ObligationKind], int] = {}
    exact: dict[tuple[int, int, ObligationKind], int] = {}
    for movement in movements:
        _check_parties(movement, terms, hub, float_)
        for flow in flows(movement, terms, hub, float_):
            key = flow.debtor, flow.creditor, flow.kind
            points[key] = points.get(key, 0) + flow.points
            exact[key] = exact.get(key, 0) + flow.points * flow.exact
    obligations = [
        Obligation(*key, points[key], favour_pool(key[0], key[1], exact[key], hub, float_))
        for key in sorted(points)
    ]
    return [each for each in obligations if each.points or each.amount]


def flows(movement: Movement, terms: Mapping[int, Terms], hub: int, float_: int) -> Iterator[Flow]:
    """What each point of a movement makes whom owe; a share of nothing makes no flow."""
    issuer, points = movement.issuer, movement.signed
    then = terms[movement.issue_terms]
    prepaid = then.prefunded_ppm
    if movement.acceptor == issuer:
        # At its own till an issuer honours its points with its own goods: nobody is owed, no
        # spread, no fee. What it prefunded comes back, as for points that were clawed back.
        yield from _prefunding(issuer, float_, -points, then)
    elif movement.acceptor is not None and movement.acceptor_terms is not None:
        valued, accepted = terms[movement.valued_terms], terms[movement.acceptor_terms]
        yield from _sale(issuer, hub, points, MILLION - prepaid, valued, accepted)
        yield from _sale(float_, hub, points, prepaid, then, accepted)
        fee = accepted.accept_price * accepted.fee_ppm * MILLION
        yield Flow(accepted.party, hub, "fee", points, fee)
    elif movement.kind == "expired":
        hubs = then.breakage_hub_ppm
        if prepaid < MILLION:
            unpaid = then.issue_price * (MILLION - prepaid)
            yield Flow(issuer, hub, "breakage", points, unpaid * hubs)
        if prepaid:
            paid = then.issue_price * prepaid
            yield Flow(float_, hub, "breakage", points, paid * hubs)
            yield Flow(float_, issuer, "breakage", points, paid * (MILLION - hubs))
    else:
        yield from _prefunding(issuer, float_, points, then)


def _sale(
    payer: int, hub: int, points: int, share: int, issued: Terms, accepted: Terms
) -> Iterator[Flow]:
    """One payer's share of a sale: its price to the acceptor, the issuer's remainder to the hub."""
    if share:
        part = share * MILLION
        spread = issued.issue_price - accepted.accept_price
        yield Flow(payer, accepted.party, "spent", points, accepted.accept_price * part)
        yield Flow(payer, hub, "spread", points, spread * part)


def _prefunding(issuer: int, float_: int, points: int, then: Terms) -> Iterator[Flow]:
    if then.prefunded_ppm:
        exact = then.issue_price * then.prefunded_ppm * MILLION
        yield Flow(issuer, float_, "prefunded", points, exact)


def favour_pool(debtor: int, creditor: int, exact: int, hub: int, float_: int) -> int:
    """Round to minor units on the pool's side, whatever the sign.

    Up where a partner owes the pool (prefunded, fee, its spread and breakage): the float never
    holds less than was promised and the hub carries no fractions. Down where the float owes
    (spent, spread, breakage), even to the hub: prepaid money then always suffices. Down, too,
    between partners (spent): the fraction an acceptor forgoes offsets the issuer's spread,
    which was rounded up, so an issuer's bill stays within a unit per line of its exact price.
    """
    if debtor != float_ and creditor in (hub, float_):
        return -(-exact // EXACT)
    return exact // EXACT


def _check_parties(movement: Movement, terms: Mapping[int, Terms], hub: int, float_: int) -> None:
    if hub == float_ or {hub, float_} & {movement.issuer, movement.acceptor}:
        raise ValueError("the hub, the float and the partners are different parties")
    owners = {terms[movement.valued_terms].party, terms[movement.issue_terms].party}
    if owners != {movement.issuer}:
        raise ValueError("points are priced by their own issuer's terms")
    at = movement.acceptor_terms
    if at is not None and terms[at].party != movement.acceptor:
        raise ValueError("a sale is priced by its own acceptor's terms")
