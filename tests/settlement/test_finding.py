"""Whatever somebody holds in their hand leads to what it is."""

from uuid import UUID, uuid4

import pytest

from kit.ids import to_text
from settlement import finding
from settlement.finding import Found
from tests.factories import build_key, build_proposal
from tests.settlement.coalition import Coalition


@pytest.fixture
def market(coalition: Coalition) -> Coalition:
    """A market that issues and a fuel station that accepts, with one sale of 300 points."""
    coalition.partner("market")
    coalition.partner("fuel", name="Fuel & Co")
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 1_000, reference="A-1")
    coalition.sale = coalition.spend("fuel", wallet, 300, reference="F-88121")  # type: ignore[attr-defined]
    coalition.link = coalition.books.link(coalition.parties["fuel"], wallet)  # type: ignore[attr-defined]
    return coalition


def find(coalition: Coalition, asked: str) -> list[Found]:
    with coalition.database.transaction() as session:
        return finding.find(session, asked)


def kinds(found: list[Found]) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in found]


class TestIds:
    def test_a_journal(self, market: Coalition) -> None:
        id_ = to_text("jrn", UUID(str(market.sale)))
        (found,) = find(market, f"  {id_.upper()} ")
        assert (found.kind, found.key, found.party) == ("journal", id_, "Fuel & Co")
        assert (found.points, found.exact) == (300, True)

    def test_a_member_as_a_partner_knows_them(self, market: Coalition) -> None:
        token = to_text("mbr", UUID(str(market.link)))
        (found,) = find(market, token)
        assert (found.kind, found.key, found.party) == ("member", token, "Fuel & Co")

    def test_a_proposal(self, market: Coalition) -> None:
        with market.database.transaction() as session:
            proposal = to_text("prp", build_proposal(session).id)
        assert kinds(find(market, proposal)) == [("proposal", proposal)]

    @pytest.mark.parametrize("prefix", ["jrn", "aut", "exg", "dsp", "prp", "rec", "ptr", "mbr"])
    def test_of_nothing_is_nothing(self, market: Coalition, prefix: str) -> None:
        assert find(market, to_text(prefix, uuid4())) == []


class TestNumbers:
    def test_a_receipt_of_any_partner(self, market: Coalition) -> None:
        (found,) = find(market, "F-88121")
        assert (found.kind, found.name, found.party) == ("reference", "F-88121", "Fuel & Co")
        assert found.key == to_text("jrn", UUID(str(market.sale)))

    def test_only_whole_receipts(self, market: Coalition) -> None:
        assert find(market, "F-8812") == []

    def test_a_statement_and_a_payment(self, market: Coalition) -> None:
        window = market.close("2030-02")
        numbers = [
            row.number for row in market.books.rows("SELECT number FROM settlement.statement")
        ]
        assert kinds(find(market, f" {numbers[0]} ")) == [("statement", numbers[0])]
        market.settle(window)
        (payment,) = (
            row.number for row in market.books.rows("SELECT number FROM settlement.payment LIMIT 1")
        )
        label = f"W{market.id(window)}"  # Its name has a space.
        name = f"{label}-R1-P{payment:06d}"
        (found,) = find(market, name)
        assert (found.kind, found.key) == ("payment", window)

    def test_a_key_by_its_id_and_by_itself(self, market: Coalition) -> None:
        from partners.models import Partner

        with market.database.transaction() as session:
            partner = session.query(Partner).filter_by(slug="fuel").one()
            build_key(session, partner, public="ed25519:abcDEF", id="key_00ff")
        for asked in ("key_00ff", "KEY_00FF", "ed25519:abcDEF"):
            (found,) = find(market, asked)
            assert (found.kind, found.key, found.name) == ("key", "fuel", "key_00ff")


class TestNames:
    def test_a_window_by_the_beginning_of_its_name(self, market: Coalition) -> None:
        (found,) = find(market, market.window[:-1])
        assert (found.kind, found.key, found.exact) == ("window", market.window, False)
        (found,) = find(market, market.window.upper())
        assert found.exact

    @pytest.mark.parametrize("day", ["2024-06-01", "20240601", "1/6/2024", "2024年6月1日"])
    def test_a_window_by_one_of_its_days(self, market: Coalition, day: str) -> None:
        assert ("window", market.window) in kinds(find(market, day))

    @pytest.mark.parametrize("day", ["2024-13-01", "99999999", "31/2/2024"])
    def test_no_day_is_no_window(self, market: Coalition, day: str) -> None:
        assert find(market, day) == []

    def test_a_partner_by_a_part_of_its_name(self, market: Coalition) -> None:
        (found,) = find(market, "el & c")
        assert (found.kind, found.key, found.exact) == ("partner", "fuel", False)
        assert find(market, "FUEL")[0].exact

    @pytest.mark.parametrize("asked", ["", "   ", "%", "_", "\0", "\\", "nobody", "x" * 10_000])
    def test_nothing_else(self, market: Coalition, asked: str) -> None:
        assert find(market, asked) == []

    def test_no_pattern_of_the_database_is_heard(self, market: Coalition) -> None:
        assert find(market, "f%l") == []
        assert find(market, "f__l") == []
