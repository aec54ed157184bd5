"""Rates: dated, apart from each other, and no loop of them gains."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from exchange import outside_rates, rates
from exchange.errors import OutsideRateRefused, RateArbitrage, RateOverlap
from exchange.outside_rates import NewOutsideRate
from exchange.rates import NewRate
from kit.database import Database
from tests.books import Books

SPRING, SUMMER, AUTUMN = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 6, 9))


def rate(party: int, **fields: object) -> NewRate:
    values = {
        "direction": "import",
        "theirs": 10,
        "ours": 3,
        "minimum": 1,
        "step": 1,
        "daily_cap": None,
        "fee_ppm": 0,
        "valid_from": SPRING,
        "valid_to": SUMMER,
    }
    return NewRate(party=party, **(values | fields))  # type: ignore[arg-type]


class TestEnact:
    def test_one_after_another(self, database: Database, books: Books) -> None:
        party = books.party()
        with database.transaction() as session:
            first = rates.enact(session, rate(party))
            second = rates.enact(session, rate(party, valid_from=SUMMER, valid_to=None))
        assert first != second

    def test_refuses_a_second_one_in_the_same_period(
        self, database: Database, books: Books
    ) -> None:
        party = books.party()
        with database.transaction() as session:
            rates.enact(session, rate(party))
            with pytest.raises(RateOverlap):
                rates.enact(session, rate(party, valid_to=AUTUMN))

    def test_another_partner_is_another_matter(self, database: Database, books: Books) -> None:
        with database.transaction() as session:
            for party in (books.party(), books.party()):
                rates.enact(session, rate(party))

    def test_refuses_a_loop_that_gains(self, database: Database, books: Books) -> None:
        party = books.party()
        with database.transaction() as session:
            rates.enact(session, rate(party, theirs=10, ours=4, step=10))
            with pytest.raises(RateArbitrage) as refused:
                rates.enact(session, rate(party, direction="export", step=10))
            assert refused.value.facts["gain_ppm"] == 333_333
            assert f"10 of party {party} → 4 points" in refused.value.facts["loop"]
            # A fee of less than a point is none: it takes a minimum to make it one.
            dear = rate(party, direction="export", step=10, fee_ppm=260_000)
            with pytest.raises(RateArbitrage):
                rates.enact(session, dear)
            rates.enact(session, replace(dear, minimum=1000))

    def test_a_loop_is_one_only_while_all_of_it_is_in_force(
        self, database: Database, books: Books
    ) -> None:
        party = books.party()
        with database.transaction() as session:
            rates.enact(session, rate(party, theirs=10, ours=4))
            rates.enact(session, rate(party, direction="export", valid_from=SUMMER, valid_to=None))

    def test_refuses_a_loop_of_three_steps_that_begins_later(
        self, database: Database, books: Books
    ) -> None:
        air, bank = books.party(), books.party()
        with database.transaction() as session:
            rates.enact(session, rate(bank, theirs=100, ours=80, step=100, valid_to=None))
            known = outside(source_party=air, target_party=bank, gives=100, gets=70)
            outside_rates.enact(session, known)
            dear = rate(air, direction="export", theirs=100, ours=55, step=100, valid_to=AUTUMN)
            with pytest.raises(RateArbitrage) as refused:
                rates.enact(session, dear)
            assert refused.value.facts["since"] == SUMMER.isoformat()
            loop = refused.value.facts["loop"]
            assert [kind in loop for kind in ("rat_", "out_", "the new rate")] == [True] * 3
            rates.enact(session, replace(dear, valid_to=SUMMER))

    def test_a_party_is_not_told_what_others_agreed(self, database: Database, books: Books) -> None:
        air, bank = books.party(), books.party()
        with database.transaction() as session:
            rates.enact(session, rate(bank, theirs=100, ours=80, step=100, valid_to=None))
            outside_rates.enact(session, outside(source_party=air, target_party=bank))
            with pytest.raises(RateArbitrage) as refused:
                rates.check(
                    session, rate(air, direction="export", valid_to=None, step=10), to_party=True
                )
        assert "gain_ppm" not in refused.value.facts
        assert f"party {bank}" not in refused.value.facts["loop"]
        assert "what others convert" in refused.value.facts["loop"]

    def test_two_at_once_open_no_loop(self, database: Database, books: Books) -> None:
        party = books.party()
        started = threading.Event()
        refused: list[bool] = []

        def other() -> None:
            started.wait()
            with database.transaction() as session:
                try:
                    rates.enact(session, rate(party, direction="export", step=10))
                except RateArbitrage:
                    refused.append(True)

        thread = threading.Thread(target=other)
        thread.start()
        with database.transaction() as session:
            rates.enact(session, rate(party, theirs=10, ours=4, step=10))
            started.set()
            time.sleep(0.2)
        thread.join()
        assert refused == [True]


class TestOutsideRates:
    def test_one_that_would_open_a_loop_is_refused(self, database: Database, books: Books) -> None:
        party = books.party()
        with database.transaction() as session:
            rates.enact(session, rate(party, step=10))
            rates.enact(session, rate(party, direction="export", step=10))
            outside_rates.enact(session, outside(source_party=party, target_money="CNY"))
            with pytest.raises(RateArbitrage) as refused:
                outside_rates.enact(
                    session, outside(source_money="CNY", target_party=party, gives=10, gets=11)
                )
        assert "CNY" in refused.value.facts["loop"]

    @pytest.mark.parametrize(
        "kinds",
        [
            {"source_money": "CNY", "target_money": "CNY"},
            {},
            {"source_money": "yuan"},
            {"source_money": "CNY", "source_party": 3},
        ],
    )
    def test_refuses_what_leads_nowhere(self, database: Database, kinds: dict[str, Any]) -> None:
        with database.transaction() as session, pytest.raises(OutsideRateRefused):
            outside_rates.enact(session, outside(**kinds))


def outside(**fields: Any) -> NewOutsideRate:
    values: dict[str, Any] = {
        "source_party": None,
        "source_money": None,
        "target_party": None,
        "target_money": None,
        "gives": 10,
        "gets": 10,
        "minimum": 1,
        "step": 1,
        "valid_from": SUMMER,
        "valid_to": None,
    }
    return NewOutsideRate(**(values | fields))
