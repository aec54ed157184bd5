"""What partners and finance read: their own figures, all figures, and the open window's."""

import pytest

from settlement import views
from settlement.errors import StatementNotFound, WindowNotFound
from settlement.position import position
from tests.settlement.coalition import NOW, Coalition

MILLION = 1_000_000


@pytest.fixture
def traded(coalition: Coalition) -> Coalition:
    """Market's points spent at Fuel and at its own till, Fuel's at Florist."""
    coalition.partner("market", name="Market", cap=5000)
    coalition.partner("fuel", accept_price=900_000, fee_ppm=20_000)
    coalition.partner("florist", prefunded_ppm=MILLION)
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 1500)
    sale = coalition.spend("fuel", wallet, 1000)
    coalition.refund("fuel", sale, 100)
    coalition.spend("market", wallet, 50)
    other = coalition.wallet()
    coalition.issue("fuel", other, 300)
    coalition.spend("florist", other, 200)
    return coalition


class TestListWindows:
    def test_newest_first_and_page_by_page(self, coalition: Coalition) -> None:
        for name in ("a", "b", "c"):
            coalition.close(name)
        with coalition.database.transaction() as session:
            first, cursor = views.list_windows(session, limit=3)
            assert [(each.name, each.state) for each in first] == [
                ("c", "open"),
                ("b", "closed"),
                ("a", "closed"),
            ]
            assert cursor == "a"
            last, cursor = views.list_windows(session, cursor=cursor, limit=3)
            assert [each.name for each in last] == ["window 1"]
            assert cursor is None

    def test_refuses_an_unknown_cursor(self, coalition: Coalition) -> None:
        with coalition.database.transaction() as session, pytest.raises(WindowNotFound):
            views.list_windows(session, cursor="no such")


class TestPartnerWindow:
    def test_shows_the_own_row_and_column(self, traded: Coalition) -> None:
        closed = traded.close("2026-12")
        with traded.database.transaction() as session:
            found = views.partner_window(session, traded.parties["fuel"], closed)
        figures = found.figures
        assert figures is not None
        assert [(due.party.name, due.kind, due.amount) for due in figures.owes] == [
            ("Hub", "fee", 17),
            ("Hub", "spread", 0),
            ("Florist", "spent", 200),
        ]
        assert [(due.party.name, due.kind, due.amount) for due in figures.owed] == [
            ("Market", "spent", 810)
        ]
        assert figures.owed[0].party.id.startswith("ptr_")
        assert figures.owes[0].party.id == "hub"
        assert (figures.receives, figures.pays, figures.net) == (810, 217, 593)
        assert (figures.settles.amount, figures.settles.currency) == (593, "CNY")
        assert sum(each.amount for each in figures.payments) == 593
        assert {each.direction for each in figures.payments} == {"collect"}
        assert figures.statement == "ST-window 1-000002"

    def test_has_no_figures_while_open(self, traded: Coalition) -> None:
        with traded.database.transaction() as session:
            party = traded.parties["fuel"]
            assert views.partner_window(session, party, traded.window).figures is None

    def test_has_none_before_the_partners_time(self, traded: Coalition) -> None:
        closed = traded.close("2026-12")
        late = traded.partner("late")
        with traded.database.transaction() as session:
            assert views.partner_window(session, late, closed).figures is None

    def test_refuses_an_unknown_window(self, traded: Coalition) -> None:
        with traded.database.transaction() as session, pytest.raises(WindowNotFound):
            views.partner_window(session, traded.parties["fuel"], "no such")


class TestHubWindow:
    def test_foresees_what_closing_then_finds(self, traded: Coalition) -> None:
        window = traded.window
        with traded.database.transaction() as session:
            before = views.hub_window(session, window, currency="CNY")
        traded.close("2026-12")
        with traded.database.transaction() as session:
            after = views.hub_window(session, window, currency="XXX")
        assert (before.provisional, after.provisional) == (True, False)
        assert after.currency == "CNY"
        for name in ("issuers", "matrix", "compression", "names"):
            assert getattr(before, name) == getattr(after, name)
        for name in ("obligations", "positions", "payments"):
            assert list(getattr(before, name)) == list(getattr(after, name))

    def test_sums_points_by_issuer(self, traded: Coalition) -> None:
        with traded.database.transaction() as session:
            view = views.hub_window(session, traded.window, currency="CNY")
        rows = {view.names[row.party]: row for row in view.issuers}
        market = rows["Market"].points
        assert (market.issued, market.spent_elsewhere, market.refunded_elsewhere) == (
            1500,
            1000,
            100,
        )
        assert (market.spent_here, rows["Market"].outstanding) == (50, 550)
        assert (rows["Fuel"].points.accepted, rows["Fuel"].points.accepted_refunds) == (1000, 100)

    def test_forgets_nothing_that_later_windows_do(self, traded: Coalition) -> None:
        closed = traded.close("2026-12")
        wallet = traded.wallet()
        traded.issue("market", wallet, 9)
        with traded.database.transaction() as session:
            view = views.hub_window(session, closed, currency="CNY")
        assert {view.names[row.party]: row.outstanding for row in view.issuers}["Market"] == 550


class TestStatements:
    def test_are_the_partners_own(self, traded: Coalition) -> None:
        first, second = traded.close("2026-12"), traded.close("2027-01")
        fuel, market = traded.parties["fuel"], traded.parties["market"]
        with traded.database.transaction() as session:
            lines, cursor = views.list_statements(session, fuel, limit=1)
            assert [(line.window, line.settles) for line in lines] == [(second, 0)]
            assert cursor == lines[0].number
            lines, cursor = views.list_statements(session, fuel, cursor=cursor)
            assert [(line.window, line.settles) for line in lines] == [(first, 593)]
            assert cursor is None
            found = views.statement(session, fuel, lines[0].number)
            assert found.document == traded.documents(first)["fuel"].document
            with pytest.raises(StatementNotFound):
                views.statement(session, market, lines[0].number)


class TestPosition:
    def test_prices_as_closing_will(self, traded: Coalition) -> None:
        with traded.database.transaction() as session:
            found = {
                slug: position(session, party, currency="CNY", now=NOW)
                for slug, party in traded.parties.items()
            }
        nets = traded.nets(traded.close("2026-12"))
        assert {slug: each.net for slug, each in found.items()} == {
            slug: nets[slug] for slug in found
        }
        market = found["market"]
        assert (market.outstanding, market.points.spent_elsewhere, market.currency) == (
            550,
            1000,
            "CNY",
        )

    def test_holds_exposure_to_the_cap(self, traded: Coalition) -> None:
        traded.close("2026-12")
        with traded.database.transaction() as session:
            found = position(session, traded.parties["market"], currency="CNY", now=NOW).exposure
            florist = position(session, traded.parties["florist"], currency="CNY", now=NOW)
        assert (found.points, found.owed, found.amount, found.cap) == (550, 900, 1450, 5000)
        assert florist.exposure.cap is None
        assert (florist.outstanding, florist.currency) == (0, "CNY")

    def test_needs_an_open_window(self, traded: Coalition) -> None:
        with traded.database.transaction() as session:
            traded.books.owner.execute('UPDATE exchange."window" SET closed_at = clock_timestamp()')
            with pytest.raises(WindowNotFound):
                position(session, traded.parties["market"], currency="CNY", now=NOW)
