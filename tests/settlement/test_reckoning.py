"""All figures of a window at once, on values alone: what goes in as points comes out as money."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.agreement import MILLION, Terms
from settlement.drafting import Period, draft, points_of
from settlement.errors import FxRateMissing
from settlement.fx import Rate
from settlement.movements import Movement
from settlement.reckoning import FLOAT, HUB, Reckoning, reckon
from settlement.statement_checks import check

MARKET, FUEL, SUSHI = 11, 12, 13
YEN = Rate(base="CNY", quote="JPY", numerator=201, denominator=10)
CURRENCIES = {MARKET: "CNY", FUEL: "CNY", SUSHI: "JPY"}


def build_terms(prefunded: int = 0) -> dict[int, Terms]:
    return {
        party: Terms(
            id=party,
            party=party,
            issue_price=MILLION,
            accept_price=900_000,
            fee_ppm=20_000,
            prefunded_ppm=prefunded,
            breakage_hub_ppm=400_000,
            currency=CURRENCIES[party],
        )
        for party in CURRENCIES
    }


def spent(issuer: int, acceptor: int, points: int) -> Movement:
    return Movement(
        kind="spent",
        issuer=issuer,
        acceptor=acceptor,
        points=points,
        valued_terms=issuer,
        issue_terms=issuer,
        acceptor_terms=acceptor,
    )


def reckoned(movements: list[Movement], prefunded: int = 0) -> Reckoning:
    return reckon(
        movements,
        build_terms(prefunded),
        currencies=CURRENCIES,
        rates={"JPY": YEN},
        base="CNY",
    )


class TestReckon:
    def test_a_partner_abroad_deals_with_the_hub(self) -> None:
        figures = reckoned([spent(MARKET, SUSHI, 1000)])
        paid = [(each.payer, each.payee, figures.currency(each)) for each in figures.payments]
        assert paid == [(HUB, SUSHI, "JPY"), (MARKET, HUB, "CNY")]

    def test_everybody_has_a_position(self) -> None:
        assert sorted(reckoned([]).positions) == [HUB, FLOAT, MARKET, FUEL, SUSHI]

    def test_a_release_is_points_and_what_is_owed_for_them(self) -> None:
        figures = reckoned([spent(MARKET, FUEL, 1000)])
        assert [(each.party, each.points, each.owed) for each in figures.releases] == [
            (MARKET, 1000, 1000)
        ]

    def test_what_an_issuer_gets_back_is_no_release_of_money(self) -> None:
        back = Movement(
            kind="clawed_back", issuer=MARKET, points=10, valued_terms=MARKET, issue_terms=MARKET
        )
        [release] = reckoned([back], prefunded=MILLION).releases
        assert (release.points, release.owed) == (-10, 0)

    def test_refuses_without_a_rate(self) -> None:
        with pytest.raises(FxRateMissing):
            reckon([], build_terms(), currencies=CURRENCIES, rates={}, base="CNY")

    def test_refuses_obligations_of_one_who_takes_no_part(self) -> None:
        with pytest.raises(ValueError, match="takes no part"):
            reckon(
                [spent(MARKET, FUEL, 1)],
                build_terms(),
                currencies={MARKET: "CNY"},
                rates={},
                base="CNY",
            )


parties = st.sampled_from([MARKET, FUEL, SUSHI])


@given(
    sales=st.lists(st.builds(spent, parties, parties, st.integers(1, 10**9)), max_size=12),
    prefunded=st.sampled_from([0, 1, 500_000, MILLION]),
)
def test_payments_settle_and_statements_add_up(sales: list[Movement], prefunded: int) -> None:
    figures = reckoned(sales, prefunded)
    flows = dict.fromkeys(figures.fixed, 0)
    for each in figures.payments:
        currency = figures.currency(each)
        for party, sign in ((each.payer, -1), (each.payee, 1)):
            if figures.fixed[party].currency == currency:
                flows[party] += sign * each.amount
    del flows[HUB]
    assert flows == {party: figures.fixed[party].settled for party in flows}
    assert sum(each.booked for each in figures.fixed.values()) == 0
    period = Period(
        window="2026-11",
        opened_at=datetime(2026, 11, 1, tzinfo=UTC),
        closed_at=datetime(2026, 12, 1, tzinfo=UTC),
        due_on=date(2026, 12, 8),
        movements=sales,
        content=sales,
        reckoning=figures,
        rates={"JPY": YEN},
        outstanding={party: points_of(sales, party).change for party in CURRENCIES},
        names={HUB: "Hub", FLOAT: "Float", MARKET: "Market", FUEL: "Fuel", SUSHI: "Sushi"},
    )
    for party in CURRENCIES:
        statement = draft(period, party, number="ST-1")
        assert check(statement) == []
        assert statement.opening == 0
