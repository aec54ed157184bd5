"""Random coalitions as values: 2 to 40 partners, every policy, several currencies, any trade."""

from dataclasses import dataclass

from hypothesis import strategies as st

from partners.agreement import MILLION, Terms
from settlement.explaining.explanation import Figures
from settlement.fx import Rate
from settlement.movements import Movement
from settlement.reckoning import FLOAT, Reckoning, reckon

BASE = "CNY"
RATES = {
    "JPY": Rate(base=BASE, quote="JPY", numerator=201, denominator=10),
    "KWD": Rate(base=BASE, quote="KWD", numerator=43, denominator=1000),
    "EUR": Rate(base=BASE, quote="EUR", numerator=9, denominator=70),
}
FIRST = FLOAT + 1

_prices = st.sampled_from([0, 1, 333_333, 970_000, MILLION, 2_500_001])
_shares = st.sampled_from([0, 1, 12_345, 333_333, 999_999, MILLION])


@dataclass(frozen=True)
class World:
    """Partners from FIRST on; each has terms `2 × party` and, agreed later, `2 × party + 1`."""

    currencies: dict[int, str]
    terms: dict[int, Terms]
    content: list[Movement]

    def reckoned(self) -> Reckoning:
        return reckon(self.content, self.terms, currencies=self.currencies, rates=RATES, base=BASE)

    def figures(self, reckoned: Reckoning) -> dict[int, Figures]:
        """As they would be kept."""
        return {
            party: Figures(
                receives=position.receives,
                pays=position.pays,
                cover=0,
                net=position.net,
                currency=reckoned.fixed[party].currency,
                rate=RATES.get(reckoned.fixed[party].currency),
                settles=reckoned.fixed[party].settled,
            )
            for party, position in reckoned.positions.items()
        }


@st.composite
def worlds(draw: st.DrawFn) -> World:
    parties = range(FIRST, FIRST + draw(st.integers(2, 40)))
    currencies = {party: draw(st.sampled_from([BASE, BASE, *RATES])) for party in parties}
    terms = {
        number: Terms(
            id=number,
            party=party,
            issue_price=draw(_prices),
            accept_price=draw(_prices),
            fee_ppm=draw(_shares),
            prefunded_ppm=draw(_shares),
            breakage_hub_ppm=draw(_shares),
            currency=currencies[party],
        )
        for party in parties
        for number in (2 * party, 2 * party + 1)
    }
    content = draw(st.lists(_movements(parties), max_size=30))
    return World(currencies, terms, content)


@st.composite
def _movements(draw: st.DrawFn, parties: range) -> Movement:
    kind = draw(st.sampled_from(["issued", "clawed_back", "spent", "refunded", "expired"]))
    issuer = draw(st.sampled_from(parties))
    acceptor = draw(st.sampled_from(parties)) if kind in ("spent", "refunded") else None
    return Movement(
        kind=kind,  # type: ignore[arg-type]
        issuer=issuer,
        acceptor=acceptor,
        points=draw(st.integers(1, 10**9)),
        issue_terms=2 * issuer + draw(st.integers(0, 1)),
        valued_terms=2 * issuer + draw(st.integers(0, 1)),
        acceptor_terms=None if acceptor is None else 2 * acceptor + draw(st.integers(0, 1)),
    )
