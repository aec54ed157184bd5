"""The checker finds what was changed behind the hub's back: each invariant is made to fail."""

import json
from typing import Any

import pytest

from exchange.invariants import check
from partners.public_keys import PrivateKey
from settlement import invariants
from settlement.verification import unverified
from tests.settlement.coalition import Coalition


@pytest.fixture
def closed(coalition: Coalition) -> str:
    coalition.partner("market", prefunded_ppm=300_000, breakage_hub_ppm=100_000)
    coalition.partner("fuel", accept_price=900_000, fee_ppm=20_000)
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 1500)
    coalition.spend("fuel", wallet, 1000)
    return coalition.close("2026-12")


def violated(coalition: Coalition) -> set[str]:
    with coalition.database.engine.connect() as connection:
        results = check(connection, invariants.INVARIANTS)
    return {result.name for result in results if result.count}


def rewrite(coalition: Coalition, number: str, **changes: Any) -> None:
    """Change a statement's document as one who may do anything, digest included."""
    row = coalition.books.rows(
        "SELECT document FROM settlement.statement WHERE number = %s", number
    )
    document = json.dumps(json.loads(row[0].document) | changes).encode()
    coalition.books.owner.execute(
        "UPDATE settlement.statement SET document = %s, digest = sha256(%s) WHERE number = %s",
        (document, document, number),
    )


class TestInvariants:
    def test_hold_after_closing(self, coalition: Coalition, closed: str) -> None:
        assert violated(coalition) == set()

    @pytest.mark.corrupts_books
    @pytest.mark.parametrize(
        "corruption",
        [
            "UPDATE settlement.obligation SET amount = amount + 1 WHERE kind = 'fee'",
            "UPDATE settlement.obligation SET points = points + 1 WHERE kind = 'spread'",
            "DELETE FROM settlement.obligation WHERE kind = 'prefunded'",
            "INSERT INTO settlement.obligation SELECT window_id, 1, 1, 2, 'fee', 1, 0"
            " FROM settlement.settlement",
            "UPDATE partners.terms SET issue_price = issue_price + 1000 WHERE prefunded_ppm > 0",
            "UPDATE exchange.posting SET points = 999 WHERE movement = 'spent'",
        ],
    )
    def test_find_other_obligations(
        self, coalition: Coalition, closed: str, corruption: str
    ) -> None:
        coalition.books.owner.execute(corruption)
        assert "obligations-are-those-of-the-postings" in violated(coalition)

    @pytest.mark.corrupts_books
    @pytest.mark.parametrize(
        "change",
        [{"net": 1}, {"settled": 1}, {"owes": []}, {"closing": 1}, {"issued": 1}, {"party": 1}],
    )
    def test_find_a_statement_that_does_not_add_up(
        self, coalition: Coalition, closed: str, change: dict[str, Any]
    ) -> None:
        rewrite(coalition, coalition.documents(closed)["market"].number, **change)
        assert "statement-adds-up" in violated(coalition)

    @pytest.mark.corrupts_books
    def test_find_a_digest_of_other_bytes(self, coalition: Coalition, closed: str) -> None:
        coalition.books.owner.execute("UPDATE settlement.statement SET digest = sha256('x')")
        assert violated(coalition) == {"statement-adds-up"}

    @pytest.mark.corrupts_books
    @pytest.mark.parametrize("side", [("market", "spent"), ("fuel", "accepted")])
    def test_find_sides_that_differ(
        self, coalition: Coalition, closed: str, side: tuple[str, str]
    ) -> None:
        slug, name = side
        rewrite(coalition, coalition.documents(closed)[slug].number, **{name: []})
        assert "both-sides-see-the-same" in violated(coalition)

    @pytest.mark.corrupts_books
    def test_find_statements_that_do_not_join(self, coalition: Coalition, closed: str) -> None:
        second = coalition.close("2027-01")
        number = coalition.documents(second)["market"].number
        rewrite(coalition, number, opening=501, issued=-1)
        assert violated(coalition) == {"statements-join"}


class TestUnverified:
    def test_is_empty_when_all_is_well(self, coalition: Coalition, closed: str) -> None:
        with coalition.database.transaction() as session:
            keys = {coalition.signer.id: coalition.signer.private.public_key}
            assert unverified(session, keys) == []

    def test_names_what_another_key_signed(self, coalition: Coalition, closed: str) -> None:
        numbers = [row.number for row in coalition.documents(closed).values()]
        with coalition.database.transaction() as session:
            other = {coalition.signer.id: PrivateKey.generate().public_key}
            assert unverified(session, other) == sorted(numbers)
            assert unverified(session, {}) == sorted(numbers)

    @pytest.mark.corrupts_books
    def test_names_what_was_changed(self, coalition: Coalition, closed: str) -> None:
        number = coalition.documents(closed)["market"].number
        rewrite(coalition, number, name="Another")
        with coalition.database.transaction() as session:
            keys = {coalition.signer.id: coalition.signer.private.public_key}
            assert unverified(session, keys) == [number]
