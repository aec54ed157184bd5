"""From a window's movements to all its figures: what closing writes and an open window foresees."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from partners.agreement import Terms
from settlement import fx, netting, obligations, payments
from settlement.errors import CoversDoNotBalance
from settlement.fx import Fixed, Rate
from settlement.movements import Movement, released_points
from settlement.netting import NetPosition
from settlement.obligations import Obligation
from settlement.payments import Payment

# The hub's own parties, as the first migration numbers them.
HUB, FLOAT = 1, 2

Route = Literal["hub", "direct"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What a window turned from points an issuer stands for into money it owes."""

    party: int
    points: int  # Negative when more was undone than done.
    owed: int  # At least zero: what an issuer gets back does not widen its cap.


@dataclass(frozen=True, kw_only=True, slots=True)
class Reckoning:
    """A settlement's figures, in minor units of the hub's currency unless said otherwise."""

    obligations: Sequence[Obligation]
    positions: Mapping[int, NetPosition]  # Of everybody who takes part, hub and float too.
    fixed: Mapping[int, Fixed]  # The same nets, in the currency each party settles in.
    payments: Sequence[Payment]  # Each in the currency that `currency` says.
    releases: Sequence[Release]
    base: str

    def currency(self, payment: Payment) -> str:
        """The currency a payment is made in: the hub pays and collects foreign ones itself."""
        return payment_currency(
            self.base, self.fixed[payment.payer].currency, self.fixed[payment.payee].currency
        )


def reckon(
    movements: Sequence[Movement],
    terms: Mapping[int, Terms],
    *,
    currencies: Mapping[int, str],
    rates: Mapping[str, Rate],
    base: str,
    route: Route = "hub",
    covers: Mapping[int, int] = MappingProxyType({}),
) -> Reckoning:
    """All figures of a settlement; `currencies` are those of the partners that take part in it.

    `covers` are what is made good for a party, or, below zero, what one bears; nought together.
    Raises CoversDoNotBalance, NettingDoesNotBalance, FxRateMissing, in this order.
    """
    if sum(covers.values()):
        raise CoversDoNotBalance(off_by=sum(covers.values()))
    owed = obligations.price(movements, terms, hub=HUB, float_=FLOAT)
    settles_in = {HUB: base, FLOAT: base, **currencies}
    netted = netting.net(owed)
    if (netted.keys() | covers.keys()) - settles_in.keys():
        raise ValueError("a party has obligations but takes no part in the window")
    positions = {
        party: replace(netted.get(party, NetPosition(0, 0)), cover=covers.get(party, 0))
        for party in sorted(settles_in)
    }
    fixed = fx.fix(
        {party: position.net for party, position in positions.items()},
        settles_in,
        rates,
        base=base,
        hub=HUB,
    )
    return Reckoning(
        obligations=owed,
        positions=positions,
        fixed=fixed,
        payments=transfers(fixed, base=base, route=route),
        releases=_releases(movements, terms, owed),
        base=base,
    )


def transfers(fixed: Mapping[int, Fixed], *, base: str, route: Route) -> list[Payment]:
    """Payments that settle every net, by payer and payee.

    By the route `hub`, every party deals with the hub alone. By the route `direct`, parties that
    settle in the hub's currency pay one another, as few times as can be; one of another currency
    deals with the hub, which takes the booked amount into its own net.
    """
    through_hub = {
        party: each.settled
        for party, each in fixed.items()
        if party != HUB and (route == "hub" or each.currency != base)
    }
    nets = {party: each.booked for party, each in fixed.items() if party not in through_hub}
    nets[HUB] += sum(fixed[party].booked for party in through_hub)
    found = payments.minimal(nets)
    for party, settled in through_hub.items():
        if settled > 0:
            found.append(Payment(HUB, party, settled))
        elif settled < 0:
            found.append(Payment(party, HUB, -settled))
    return sorted(found)


def payment_currency(base: str, payers: str, payees: str) -> str:
    """One side of every foreign payment is the hub, whose currency is the base."""
    return payees if payers == base else payers


def _releases(
    movements: Iterable[Movement], terms: Mapping[int, Terms], owed: Iterable[Obligation]
) -> list[Release]:
    issues: dict[int, int] = {}
    for each in owed:
        # A fee is owed for accepting; all the rest a partner owes as an issuer.
        if each.kind != "fee":
            issues[each.debtor] = issues.get(each.debtor, 0) + each.amount
    return [
        Release(party=party, points=points, owed=max(0, issues.get(party, 0)))
        for party, points in released_points(movements, terms).items()
    ]
