"""The money of a window as entries: for any coalition, each balances and all of them settle."""

from collections import Counter
from datetime import date
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from partners.agreement import MILLION, Terms
from settlement import fx
from settlement.finance.chart import net_account, party_names
from settlement.finance.money_entries import Money
from settlement.finance.plain_text import Leg
from settlement.fx import Rate
from settlement.movements import Movement
from settlement.payments import minimal
from settlement.reckoning import FLOAT, HUB, payment_currency, reckon

RATES = {
    "JPY": Rate(base="CNY", quote="JPY", numerator=201, denominator=10),
    "EUR": Rate(base="CNY", quote="EUR", numerator=9, denominator=70),
    "KWD": Rate(base="CNY", quote="KWD", numerator=3, denominator=71),
}
CLOSED, PAID = date(2026, 11, 30), date(2026, 12, 7)


class Settled(NamedTuple):
    money: Money
    names: dict[int, str]
    nets: dict[int, tuple[int, str]]


@st.composite
def settled(draw: st.DrawFn) -> Settled:
    """2 to 40 partners of any policy and currency, some trade, the cover of a default, a route."""
    parties = range(3, 3 + draw(st.integers(2, 40)))
    terms = {
        party: Terms(
            id=party,
            party=party,
            issue_price=draw(st.integers(0, 3 * MILLION)),
            accept_price=draw(st.integers(0, 3 * MILLION)),
            fee_ppm=draw(st.integers(0, MILLION)),
            prefunded_ppm=draw(st.sampled_from([0, 1, 500_000, MILLION])),
            breakage_hub_ppm=draw(st.sampled_from([0, 300_000, MILLION])),
            currency=draw(st.sampled_from(["CNY", *RATES])),
        )
        for party in parties
    }
    anybody = st.sampled_from(list(parties))
    movements = []
    for kind in draw(
        st.lists(st.sampled_from(["issued", "spent", "refunded", "expired"]), max_size=30)
    ):
        issuer, acceptor = draw(anybody), draw(anybody)
        at_a_till = kind in ("spent", "refunded")
        movements.append(
            Movement(
                kind=kind,
                issuer=issuer,
                acceptor=acceptor if at_a_till else None,
                points=draw(st.integers(1, 10**7)),
                valued_terms=issuer,
                issue_terms=issuer,
                acceptor_terms=acceptor if at_a_till else None,
            )
        )
    currencies = {party: each.currency for party, each in terms.items()}
    figures = reckon(movements, terms, currencies=currencies, rates=RATES, base="CNY")
    nets = {party: each.net for party, each in figures.positions.items()}
    cover = dict.fromkeys(nets, 0)
    for _ in range(draw(st.integers(0, 3))):
        amount, better, worse = draw(st.integers(1, 10**6)), draw(anybody), draw(anybody)
        cover[better] += amount
        cover[worse] -= amount
    fixed = fx.fix(
        {party: net + cover[party] for party, net in nets.items()},
        {HUB: "CNY", FLOAT: "CNY", **currencies},
        RATES,
        base="CNY",
        hub=HUB,
    )
    positions: list[dict[str, Any]] = [
        {
            "party": party,
            "net": each.net,
            "cover": cover[party],
            "currency": each.currency,
            "fx_numerator": RATES[each.currency].numerator if each.currency != "CNY" else 1,
            "fx_denominator": RATES[each.currency].denominator if each.currency != "CNY" else 1,
            "settles": each.settled,
        }
        for party, each in fixed.items()
    ]
    with_the_hub = {
        party: each for party, each in fixed.items() if each.settled and party not in (HUB, FLOAT)
    }
    made = []
    if draw(st.booleans()):  # Those of the hub's own currency settle among themselves.
        nets = {party: each.booked for party, each in fixed.items() if each.currency == "CNY"}
        nets[HUB] -= sum(nets.values())
        made = [(each.payer, each.payee, each.amount) for each in minimal(nets)]
        with_the_hub = {p: each for p, each in with_the_hub.items() if each.currency != "CNY"}
    made += [
        (HUB, party, each.settled) if each.settled > 0 else (party, HUB, -each.settled)
        for party, each in with_the_hub.items()
    ]
    payments = [
        {
            "number": number,
            "payer": payer,
            "payee": payee,
            "amount": amount,
            "currency": payment_currency("CNY", fixed[payer].currency, fixed[payee].currency),
        }
        for number, (payer, payee, amount) in enumerate(made, start=1)
    ]
    return Settled(
        money=Money(
            base="CNY", obligations=figures.obligations, positions=positions, payments=payments
        ),
        names=party_names({HUB: "hub", FLOAT: "float", **{each: f"p{each}" for each in parties}}),
        nets={party: (each.settled, each.currency) for party, each in fixed.items()},
    )


def booked(legs: list[Leg]) -> Counter[tuple[str, str]]:
    sums: Counter[tuple[str, str]] = Counter()
    for leg in legs:
        sums[leg.account, leg.commodity] += leg.amount
    return Counter({key: amount for key, amount in sums.items() if amount})


@given(settled())
def test_every_entry_balances_in_every_currency(found: Settled) -> None:
    for entry in found.money.entries(found.names, closed=CLOSED, paid=None):
        for commodity in {leg.commodity for leg in entry.legs}:
            assert sum(leg.amount for leg in entry.legs if leg.commodity == commodity) == 0
        assert len({(leg.account, leg.commodity) for leg in entry.legs}) >= 2


@given(settled())
def test_all_of_them_come_to_what_is_asserted(found: Settled) -> None:
    entries = found.money.entries(found.names, closed=CLOSED, paid=PAID)
    asserted = found.money.balances(found.names)
    assert booked([leg for each in entries for leg in each.legs]) == booked(asserted)
    assert len({(leg.account, leg.commodity) for leg in asserted}) == len(asserted)


@given(settled())
def test_before_the_payments_everybody_has_its_net(found: Settled) -> None:
    entries = found.money.entries(found.names, closed=CLOSED, paid=None)
    before = booked([leg for each in entries if not each.pending for leg in each.legs])
    for party, (amount, currency) in found.nets.items():
        assert before[net_account(party, found.names[party]), currency] == -amount
