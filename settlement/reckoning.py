"""From a window's movements to all its figures: what closing writes and an open window foresees."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from partners.agreement import Terms
from settlement import fx, netting, obligations, payments
from settlement.fx import Fixed, Rate
from settlement.movements import Movement, released_points
from settlement.netting import NetPosition
from settlement.obligations import Obligation
from settlement.payments import Payment

# The hub's own parties, as the first migration numbers them.
HUB, FLOAT = 1, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What a window turned from points an issuer stands for into money it owes."""

    party: int
    points: int  # Negative when more was undone than done.
    owed: int  # At least zero: what an issuer gets back does not widen its cap.


@dataclass(frozen=True, kw_only=True, slots=True)
class Reckoning:
    """A window's figures, in minor units of the hub's currency unless said otherwise."""

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
) -> Reckoning:
    """All figures of a window; `currencies` are those of the partners that take part in it.

    Raises NettingDoesNotBalance, FxRateMissing.
    """
    owed = obligations.price(movements, terms, hub=HUB, float_=FLOAT)
    settles_in = {HUB: base, FLOAT: base, **currencies}
    netted = netting.net(owed)
    positions = {party: netted.get(party, NetPosition(0, 0)) for party in sorted(settles_in)}
    if netted.keys() - positions.keys():
        raise ValueError("a party has obligations but takes no part in the window")
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
        payments=transfers(fixed, base=base),
        releases=_releases(movements, terms, owed),
        base=base,
    )


def transfers(fixed: Mapping[int, Fixed], *, base: str) -> list[Payment]:
    """Payments that settle every net, by payer and payee.

    A partner of another currency deals with the hub alone, in its own; the hub takes the booked
    amount into its own net, so the rest settle among themselves as if all were in one currency.
    """
    nets = {party: each.booked for party, each in fixed.items() if each.currency == base}
    abroad = {party: each for party, each in fixed.items() if each.currency != base}
    nets[HUB] += sum(each.booked for each in abroad.values())
    found = payments.minimal(nets)
    for party, each in abroad.items():
        if each.settled > 0:
            found.append(Payment(HUB, party, each.settled))
        elif each.settled < 0:
            found.append(Payment(party, HUB, -each.settled))
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
