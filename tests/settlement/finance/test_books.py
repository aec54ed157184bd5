"""Each report of a small coalition, against figures worked out beside it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from partners.errors import PartnerNotFound
from settlement.errors import PointsUnpriced
from settlement.finance import books as finance
from settlement.finance.reports import Report, Table
from tests.settlement.coalition import Coalition

MILLION = 1_000_000
JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 10, tzinfo=UTC) for month in (1, 2, 3))
END_OF_JANUARY, END_OF_FEBRUARY, END_OF_MARCH = (
    date(2026, 1, 31),
    date(2026, 2, 28),
    date(2026, 3, 31),
)
DECEMBER_2026 = date(2026, 12, 31)


class Finance:
    """The reports by name, over the test's database."""

    def __init__(self, coalition: Coalition) -> None:
        self.coalition = coalition

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def read(**arguments: Any) -> Any:
            with self.coalition.database.transaction() as session:
                return getattr(finance, f"read_{name}")(session, currency="CNY", **arguments)

        return read


@pytest.fixture
def traded(coalition: Coalition) -> Coalition:
    """Three months: Market's points are spent at Fuel and at home, Fuel prefunds the half."""
    coalition.partner("market", issue_price=1_500_000, cap=5000)
    coalition.partner("fuel", prefunded_ppm=MILLION // 2)
    wallet, other = coalition.wallet(), coalition.wallet()
    coalition.issue("market", wallet, 1000, expires_on=DECEMBER_2026, moment=JANUARY)
    coalition.issue("market", other, 301, expires_on=date(2026, 2, 28), moment=JANUARY)
    accrual = coalition.issue("fuel", other, 500, expires_on=DECEMBER_2026, moment=FEBRUARY)
    sale = coalition.spend("fuel", wallet, 200, moment=FEBRUARY)
    coalition.spend("market", wallet, 100, moment=FEBRUARY)
    coalition.refund("fuel", sale, 50, moment=MARCH)
    coalition.expire(other, on=MARCH)
    coalition.books.post(
        "clawback", party=coalition.parties["fuel"], undoes=accrual, points=120, moment=MARCH
    ).unwrap()
    coalition.books.post(
        "transfer", wallet=wallet, to_wallet=other, points=150, moment=MARCH
    ).unwrap()
    return coalition


@pytest.fixture
def reports(traded: Coalition) -> Finance:
    return Finance(traded)


def table(report: Report, title: str) -> dict[str, dict[str, Any]]:
    """The rows of a table by their first cell, their cells by column; with the total."""
    found: Table = next(each for each in report.tables if each.title == title)
    names = [column.name for column in found.columns]
    rows = [*found.rows, *([found.total] if found.total else [])]
    return {str(row[0]): dict(zip(names, row, strict=True)) for row in rows}


def figures(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.values())[1:]


class TestLiability:
    def test_by_issuer_at_the_end_of_a_month(self, reports: Finance) -> None:
        january = reports.liability(at=END_OF_JANUARY, now=MARCH)
        rows = table(january, "By issuer")
        assert figures(rows["market"]) == (1301, 1952, 0)  # 1,301 × 1.5 = 1,951.5, up
        assert "fuel" not in rows
        march = reports.liability(at=END_OF_MARCH, now=MARCH)
        rows = table(march, "By issuer")
        assert figures(rows["market"]) == (750, 1125, 0)  # 1,000 − 200 − 100 + 50
        assert figures(rows["fuel"]) == (380, 380, 190)  # 500 − 120, the half of it prefunded
        assert figures(rows["all together"]) == (1130, 1505, 190)

    def test_by_age_and_expiry(self, reports: Finance) -> None:
        march = reports.liability(at=END_OF_MARCH, now=MARCH)
        ages = table(march, "By age")
        assert ages["31–90 days"]["points"] == 1130  # 10 January is 80 days before.
        assert ages["0–30 days"]["points"] == 0
        april = reports.liability(at=date(2026, 5, 1), now=MARCH)
        assert table(april, "By age")["91–180 days"]["points"] == 750
        january = reports.liability(at=END_OF_JANUARY, now=MARCH)
        expiry = table(january, "By expiry")
        assert (expiry["2026-02"]["points"], expiry["2026-12"]["points"]) == (301, 1000)
        assert [row["value"] for row in expiry.values()] == [452, 1500, 1952]

    def test_now_is_what_lies_in_the_lots(self, reports: Finance) -> None:
        now = reports.liability(at=None, now=MARCH)
        assert now.agrees
        assert table(now, "By issuer")["all together"]["points"] == 1130

    def test_refuses_points_without_a_price(self, reports: Finance) -> None:
        coalition = reports.coalition
        stranger = coalition.books.party()
        coalition.books.issue(stranger, coalition.wallet(), 5)
        with pytest.raises(PointsUnpriced):
            reports.liability(at=None, now=MARCH)

    @pytest.mark.corrupts_books
    def test_says_when_the_lots_tell_another_story(
        self, reports: Finance, owner: psycopg.Connection
    ) -> None:
        owner.execute("UPDATE exchange.lot SET available = available + 1 WHERE available > 300")
        now = reports.liability(at=None, now=MARCH)
        assert not now.agrees
        past = reports.liability(at=END_OF_JANUARY, now=MARCH)
        assert not past.agrees


class TestRollForward:
    def test_from_month_to_month(self, reports: Finance) -> None:
        report = reports.roll_forward(since=date(2026, 2, 1), at=END_OF_MARCH)
        assert report.agrees
        rows = table(report, "Points")
        assert rows["market"] == {
            "issuer": "market",
            "opening": 1301,
            "issued": 0,
            "imported": 0,
            "adjusted": 0,
            "clawed back": 0,
            "spent elsewhere": -200,
            "at own till": -100,
            "refunded": 50,
            "expired": -301,
            "closing": 750,
        }
        assert (rows["fuel"]["issued"], rows["fuel"]["clawed back"]) == (500, -120)

    def test_tells_imports_and_adjustments_apart(self, reports: Finance) -> None:
        coalition = reports.coalition
        market, wallet = coalition.parties["market"], coalition.wallet()
        rate = coalition.books.rate(market)
        link = coalition.books.link(market, wallet)
        coalition.books.post("import", party=market, link=link, theirs=100).unwrap()
        coalition.books.post(
            "adjustment", party=market, wallet=wallet, points=7, direction="debit"
        ).unwrap()
        today = datetime.now(UTC).date()
        rows = table(reports.roll_forward(since=today, at=today), "Points")
        assert rate
        assert (rows["market"]["imported"], rows["market"]["adjusted"]) == (30, -7)
        assert rows["market"]["closing"] == 750 + 23

    def test_of_one_issuer(self, reports: Finance) -> None:
        report = reports.roll_forward(since=date(2026, 1, 1), at=END_OF_MARCH, issuer="fuel")
        assert list(table(report, "Points")) == ["fuel", "all together"]
        with pytest.raises(PartnerNotFound):
            reports.roll_forward(since=date(2026, 1, 1), at=END_OF_MARCH, issuer="nobody")

    def test_follows_the_hubs_own_calendar(self, reports: Finance) -> None:
        coalition = reports.coalition
        coalition.books.settings(zone="Asia/Shanghai")
        late = datetime(2026, 3, 31, 17, tzinfo=UTC)  # There it is April already.
        coalition.issue("market", coalition.wallet(), 40, moment=late)
        rows = table(reports.roll_forward(since=date(2026, 4, 1), at=date(2026, 4, 1)), "Points")
        assert (rows["market"]["opening"], rows["market"]["issued"]) == (750, 40)

    @pytest.mark.corrupts_books
    def test_says_when_it_does_not_lead_there(
        self, reports: Finance, owner: psycopg.Connection
    ) -> None:
        owner.execute("UPDATE exchange.lot SET available = available - 1 WHERE available > 300")
        assert not reports.roll_forward(since=date(2026, 2, 1), at=END_OF_MARCH).agrees


class TestTrialBalance:
    def test_debits_are_credits(self, reports: Finance) -> None:
        report = reports.trial_balance(at=None, now=MARCH)
        assert report.agrees
        [accounts] = report.tables  # No window has closed.
        rows = {(row[0], row[1]): row[2:] for row in accounts.rows}
        assert rows["wallet", "market"] == (751, 1501, -750)  # 150 went round by a transfer.
        assert rows["issuing", "market"] == (1301, 0, 1301)
        assert rows["breakage", "market"] == (0, 301, -301)
        assert rows["accepting", "fuel"] == (50, 200, -150)
        assert accounts.total is not None
        assert accounts.total[2] == accounts.total[3]
        assert accounts.total[4] == 0

    def test_members_debts_stand_as_receivable(self, reports: Finance) -> None:
        coalition = reports.coalition
        wallet = coalition.wallet()
        accrual = coalition.issue("market", wallet, 60)
        coalition.spend("fuel", wallet, 60)
        coalition.claw_back("market", accrual)
        report = reports.trial_balance(at=None, now=MARCH)
        assert report.agrees
        rows = {(row[0], row[1]): row[4] for row in report.tables[0].rows}
        assert rows["receivable", "market"] == 60
        assert reports.trial_balance(at=END_OF_MARCH, now=MARCH).agrees

    def test_money_is_owed_until_it_is_paid(self, reports: Finance) -> None:
        coalition = reports.coalition
        coalition.books.owner.execute(
            "INSERT INTO settlement.fx_rate (base, quote, valid_from, numerator, denominator)"
            " VALUES ('CNY', 'JPY', '2020-01-01', 201, 10)"
        )
        coalition.partner("sushi", currency="JPY")
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000)
        coalition.spend("sushi", wallet, 400)
        window = coalition.close("2026-12")
        amount, currency = coalition.settled(window)["sushi"]

        def balances() -> dict[tuple[str, str | None], int]:
            report = reports.trial_balance(at=None, now=MARCH)
            assert report.agrees
            for each in report.tables:
                assert each.total is not None
                assert each.total[-1] == 0
            return {
                (str(row[0]), each.currency): int(str(row[-1]))
                for each in report.tables[1:]
                for row in each.rows
            }

        before = balances()
        assert before["Liabilities:Net:Sushi", "JPY"] == -amount < 0
        assert before["Equity:Exchange", "JPY"] == amount
        coalition.settle(window)
        after = balances()
        assert after["Liabilities:Net:Sushi", "JPY"] == 0
        assert after["Assets:Bank:Hub", currency] == -amount
        assert {key: after[key] for key in after if key[0].startswith("Income")} == {
            key: before[key] for key in before if key[0].startswith("Income")
        }

    @pytest.mark.corrupts_books
    def test_says_when_a_debt_is_not_booked(
        self, reports: Finance, owner: psycopg.Connection
    ) -> None:
        wallet = reports.coalition.wallet()
        owner.execute(
            "INSERT INTO exchange.receivable VALUES (%s, %s, 3)",
            (wallet, reports.coalition.parties["market"]),
        )
        assert not reports.trial_balance(at=None, now=MARCH).agrees


class TestExposure:
    def test_day_by_day(self, reports: Finance) -> None:
        found = reports.exposure(since=date(2026, 1, 9), at=END_OF_MARCH, now=MARCH)
        days = {each.day: each for each in found.days[reports.coalition.parties["market"]]}
        assert len(days) == 82
        assert (days[date(2026, 1, 9)].amount, days[date(2026, 1, 10)].amount) == (0, 1952)
        assert days[END_OF_MARCH].points == 1301  # Closing releases it, and none has closed.
        assert days[END_OF_MARCH].used_ppm == 390_400

    def test_closing_and_settling_show_on_their_days(self, reports: Finance) -> None:
        coalition = reports.coalition
        closed = coalition.close("2026-12")
        today = datetime.now(UTC)
        market = coalition.parties["market"]
        found = reports.exposure(since=today.date(), at=None, now=today)
        assert found.report.agrees
        [day] = found.days[market]
        assert (day.points, day.owed) == coalition.exposure("market")
        assert day.owed > 0
        assert closed

    @pytest.mark.corrupts_books
    def test_says_when_issuing_reads_something_else(
        self, reports: Finance, owner: psycopg.Connection
    ) -> None:
        now = datetime.now(UTC)
        assert reports.exposure(since=now.date(), at=None, now=now).report.agrees
        owner.execute("UPDATE exchange.exposure SET points = points + 1")
        assert not reports.exposure(since=now.date(), at=None, now=now).report.agrees

    def test_a_cap_follows_the_terms(self, reports: Finance) -> None:
        found = reports.exposure(
            since=date(2026, 1, 10), at=date(2026, 1, 11), now=MARCH, issuer="market"
        )
        assert [each.cap for each in found.days[reports.coalition.parties["market"]]] == [5000] * 2
        assert not any("fuel" in str(row) for row in found.report.tables[0].rows)
