"""The report as it is printed: what stands in it, and that it fits."""

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from settlement import report, views
from settlement.report import money, short_names, whole, window_report
from settlement.views import HubWindow
from tests.settlement.coalition import Coalition


def printed(view: HubWindow) -> str:
    console = Console(width=report.WIDTH, record=True, file=io.StringIO())
    for part in window_report(view):
        console.print(part)
    return console.export_text()


def look(coalition: Coalition, window: str) -> HubWindow:
    with coalition.database.transaction() as session:
        return views.hub_window(session, window, currency="CNY")


@pytest.fixture
def view(coalition: Coalition) -> HubWindow:
    coalition.partner("market", name="万家超市")
    coalition.partner("fuel", name="Fuel & Go Stations of the North", accept_price=900_000)
    coalition.partner("florist", issue_price=0, accept_price=0)
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 9_000_000)
    coalition.spend("fuel", wallet, 4_000_000)
    coalition.spend("florist", wallet, 10)
    coalition.spend("market", wallet, 70)
    return look(coalition, coalition.close("2026-12"))


class TestWindowReport:
    def test_says_who_pays_whom(self, view: HubWindow) -> None:
        text = printed(view)
        assert "Window window 1: closed" in text
        assert "−¥40,000.10" in text
        assert "¥0.00 ✓" in text
        assert "2 payments settle the window" in text
        assert "万家超市" in text
        assert "Provisional" not in text

    def test_tells_nought_from_nothing_from_oneself(self, view: HubWindow) -> None:
        lines = printed(view).splitlines()
        start = next(number for number, line in enumerate(lines) if "owes ╲" in line)
        cells = [line.split()[-4:] for line in lines[start + 2 : start + 5]]
        # Hub, market and fuel; the total. The hub earns market's spread, and no fee of fuel.
        assert cells == [
            ["—", "·", "·", "¥0.00"],
            ["¥4,000.10", "—", "¥36,000.00", "¥40,000.10"],
            ["¥0.00", "·", "—", "¥0.00"],
        ]

    def test_fits_a_hundred_columns(self, view: HubWindow) -> None:
        assert max(map(cell_len, printed(view).splitlines())) <= report.WIDTH

    def test_warns_while_it_is_open(self, coalition: Coalition) -> None:
        text = printed(look(coalition, coalition.window))
        assert "Provisional" in text
        assert "Nobody owes anybody" in text
        assert "No payment is needed" in text

    def test_lists_pairs_when_there_are_many(self, coalition: Coalition) -> None:
        slugs = [f"brand-{number:02d}" for number in range(12)]
        for slug in slugs:
            coalition.partner(slug)
        wallet = coalition.wallet()
        for number, slug in enumerate(slugs):
            coalition.issue(slug, wallet, 100 + number)
            coalition.spend(slugs[number - 1], wallet, 100 + number)
        text = printed(look(coalition, coalition.window))
        assert "the largest 12 of 12" in text
        assert "owes ╲" not in text
        assert "all together" in text

    def test_shows_a_sum_that_is_off(self, view: HubWindow) -> None:
        first, *rest = view.positions
        wrong = replace(view, positions=[replace(first, net=first.net + 1), *rest])
        assert "¥0.01 ✗" in printed(wrong)


class TestMoney:
    @pytest.mark.parametrize(
        ("minor", "currency", "text"),
        [
            (3_840_000, "CNY", "¥38,400.00"),
            (-5, "EUR", "−€0.05"),
            (0, "CNY", "¥0.00"),
            (1234, "JPY", "¥1,234"),
            (-1234, "BHD", "−1.234"),
        ],
    )
    def test_is_written_as_finance_writes_it(self, minor: int, currency: str, text: str) -> None:
        assert money(minor, currency) == text

    def test_points_are_whole(self) -> None:
        assert whole(-1_234_567) == "−1,234,567"


class TestShortNames:
    def test_are_short_and_different(self) -> None:
        names = {
            1: "Hub",
            2: "A very long company name Ltd",
            3: "A very long company name GmbH",
            4: "上海天天生鲜超市有限公司",
        }
        short = short_names(names)
        assert len(set(short.values())) == 4
        assert all(cell_len(name) <= report.SHORT for name in short.values())
        assert short[1] == "Hub"
