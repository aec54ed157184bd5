"""Rates: dated, apart from each other, and no loop of them gains."""

from datetime import UTC, datetime

import pytest

from exchange import rates
from exchange.errors import RateArbitrage, RateOverlap
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
            rates.enact(session, rate(party, theirs=10, ours=4))
            with pytest.raises(RateArbitrage) as refused:
                rates.enact(session, rate(party, direction="export"))
            assert refused.value.facts["gain_ppm"] == 333_333
            assert "10 of theirs → 4 points" in refused.value.facts["loop"]
            rates.enact(session, rate(party, direction="export", fee_ppm=250_000))

    def test_a_loop_is_one_only_while_both_are_in_force(
        self, database: Database, books: Books
    ) -> None:
        party = books.party()
        with database.transaction() as session:
            rates.enact(session, rate(party, theirs=10, ours=4))
            rates.enact(session, rate(party, direction="export", valid_from=SUMMER, valid_to=None))
