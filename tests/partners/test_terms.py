"""Terms are dated, and what a closed window was priced by stays as it was."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.database import Database
from partners import terms
from partners.errors import TermsMissing, TermsOverlap, TermsRefused
from tests.books import Books

LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)
GOOD = {
    "issue_price": 1_000_000,
    "accept_price": 970_000,
    "fee_ppm": 10_000,
    "prefunded_ppm": 0,
    "breakage_hub_ppm": 0,
    "currency": "CNY",
    "cap": None,
    "expiry_months": 24,
    "pending_days": 0,
    "valid_from": LONG_AGO,
}


def enact(database: Database, party: int, **fields: Any) -> int:
    with database.transaction() as session:
        return terms.enact(session, terms.NewTerms(party=party, **(GOOD | fields)))


class TestEnact:
    def test_first_ones_may_begin_long_ago(self, database: Database, books: Books) -> None:
        party = books.party()
        number = enact(database, party)
        with database.transaction() as session:
            agreed = terms.of(session, party)
            assert terms.at(agreed, LONG_AGO).priced.id == number
            with pytest.raises(TermsMissing):
                terms.at(agreed, LONG_AGO - timedelta(days=1))

    def test_later_ones_end_those_before(self, database: Database, books: Books) -> None:
        party = books.party()
        first, now = enact(database, party), datetime.now(UTC)
        second = enact(database, party, valid_from=now, cap=5_000)
        with database.transaction() as session:
            agreed = terms.of(session, party)
        assert terms.at(agreed, now - timedelta(seconds=1)).priced.id == first
        assert terms.at(agreed, now).priced.id == second

    def test_none_reach_back_before_the_open_window(self, database: Database, books: Books) -> None:
        party = books.party()
        enact(database, party)
        yesterday = datetime.now(UTC) - timedelta(days=1)
        books.close_window()
        with pytest.raises(TermsRefused, match="open window"):
            enact(database, party, valid_from=yesterday)

    def test_none_overlap_what_is_agreed_for_later(self, database: Database, books: Books) -> None:
        party = books.party()
        enact(database, party)
        soon = datetime.now(UTC) + timedelta(days=30)
        enact(database, party, valid_from=soon)
        with pytest.raises(TermsOverlap):
            enact(database, party, valid_from=soon - timedelta(days=1))

    @pytest.mark.parametrize(
        "fields",
        [
            {"issue_price": -1},
            {"accept_price": -1},
            {"fee_ppm": 1_000_001},
            {"prefunded_ppm": -1},
            {"breakage_hub_ppm": 1_000_001},
            {"currency": "yuan"},
            {"cap": -1},
            {"expiry_months": 0},
            {"pending_days": 400},
            {"collateral": -1},
            {"fund_share": -1},
            {"collateral": 10**12 + 1},
        ],
    )
    def test_refuses_what_cannot_be(
        self, database: Database, books: Books, fields: dict[str, Any]
    ) -> None:
        with pytest.raises(TermsRefused):
            enact(database, books.party(), **fields)
