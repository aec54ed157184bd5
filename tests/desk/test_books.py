"""Books: each report equal to the ledger, of any period, as a page and as a file."""

import csv
import io
from datetime import UTC, date, datetime
from urllib.parse import quote

import psycopg
import pytest

from kit.database import Database
from settlement.finance import keeping
from settlement.finance.keeping import as_values, from_values, make, make_next
from tests.desk.conftest import SignIn
from tests.members.visitor import Site, Visitor
from tests.settlement.coalition import Coalition

MILLION = 1_000_000
JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 10, tzinfo=UTC) for month in (1, 2, 3))
END = date(2026, 12, 31)
TABS = ("", "/breakage", "/roll-forward", "/trial-balance", "/disclosure", "/exposure", "/exports")


@pytest.fixture
def traded(coalition: Coalition) -> Coalition:
    coalition.partner("market", name="Market", issue_price=1_500_000, cap=5000)
    coalition.partner("fuel", name="Fuel", prefunded_ppm=MILLION // 2)
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 1000, expires_on=END, moment=JANUARY)
    coalition.issue("fuel", wallet, 500, expires_on=END, moment=FEBRUARY)
    coalition.spend("fuel", wallet, 200, moment=MARCH)
    return coalition


@pytest.fixture
def visitor(sign_in: SignIn) -> Visitor:
    return sign_in("fay", "auditor")


class TestPages:
    @pytest.mark.parametrize("tab", TABS)
    def test_each_stands_empty(self, visitor: Visitor, coalition: Coalition, tab: str) -> None:
        page = visitor.get(f"/desk/books{tab}")
        assert page.status == 200

    @pytest.mark.parametrize("tab", TABS[:-1])
    def test_each_is_equal_to_the_ledger(
        self, visitor: Visitor, traded: Coalition, tab: str
    ) -> None:
        page = visitor.get(f"/desk/books{tab}?period=2026-Q1")
        assert page.status == 200
        assert "equal to the ledger" in page.words
        assert "not equal" not in page.words

    def test_liability_leads_to_an_issuers_lots(self, visitor: Visitor, traded: Coalition) -> None:
        page = visitor.get("/desk/books?at=2026-03-31")
        assert "Points outstanding 1,300" in page.words
        assert 'href="/desk/books/liability/market?at=2026-03-31"' in page.text
        lots = visitor.get("/desk/books/liability/market?at=2026-03-31")
        assert "Dec 2026 800 800 0" in lots.words
        assert "equal to the ledger" in lots.words
        assert visitor.get("/desk/books/liability/nobody").status == 404

    def test_roll_forward_adds_up(self, visitor: Visitor, traded: Coalition) -> None:
        page = visitor.get("/desk/books/roll-forward?period=2026-Q1")
        assert "Opening 0" in page.words
        assert "Issued +1,500" in page.words
        assert "Closing 1,300" in page.words
        assert "Difference to what lies in the lots: 0" in page.words

    def test_breakage_says_when_it_knows_too_little(
        self, visitor: Visitor, traded: Coalition
    ) -> None:
        page = visitor.get("/desk/books/breakage?at=2026-03-31")
        assert "Too few months have been seen for an assumption" in page.words

    def test_exposure_of_one_issuer(self, visitor: Visitor, traded: Coalition) -> None:
        page = visitor.get("/desk/books/exposure?period=2026-03&issuer=market")
        assert "Market stood for" in page.words
        assert visitor.get("/desk/books/exposure?period=2026-03").status == 200

    def test_what_is_not_closed_says_so(
        self, visitor: Visitor, site: Site, traded: Coalition, owner: psycopg.Connection
    ) -> None:
        owner.execute(
            "UPDATE exchange.\"window\" SET opened_at = '2026-01-01' WHERE closed_at IS NULL"
        )
        assert "Not closed: figures will change" in visitor.get("/desk/books?period=2026-03").words

    def test_a_period_that_is_none_is_an_error_beside_the_field(
        self, visitor: Visitor, traded: Coalition
    ) -> None:
        page = visitor.get("/desk/books?period=yesterday")
        assert "That is no period" in page.words
        assert 'value="yesterday"' in page.text

    @pytest.mark.corrupts_books
    def test_a_difference_names_the_accounts(
        self, visitor: Visitor, traded: Coalition, owner: psycopg.Connection
    ) -> None:
        owner.execute("UPDATE exchange.lot SET available = available + 7 WHERE expires_on = %s"
                      " AND issuer_id = %s", (END, traded.parties["market"]))  # fmt: skip
        page = visitor.get("/desk/books?period=2026-03")
        assert "not equal to the ledger" in page.words
        assert "Points of Market: postings, and lots 800 807 −7" in page.words


class TestFiles:
    def test_csv_and_xlsx(self, visitor: Visitor, traded: Coalition) -> None:
        answer = visitor.get("/desk/books/roll-forward?period=2026-Q1&format=csv")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))
        assert rows[1][:3] == ["Points", "market", "0"]
        book = visitor.get("/desk/books?period=2026-Q1&format=xlsx")
        assert book.body[:2] == b"PK"

    def test_a_closed_window_as_a_journal(self, visitor: Visitor, traded: Coalition) -> None:
        closed = quote(traded.close("2026-12"))
        assert f'href="/desk/books/exports/{closed}.csv"' in visitor.get("/desk/books/exports").text
        for by in ("journal", "day"):
            answer = visitor.get(f"/desk/books/exports/{closed}.hledger?by={by}")
            assert answer.status == 200
            assert "2026-01-10 *" in answer.text
        lines = visitor.get(f"/desk/books/exports/{closed}.csv").body.decode("utf-8-sig")
        assert len(lines.splitlines()) == 1 + 3
        assert visitor.get(f"/desk/books/exports/{closed}.pdf").status == 404
        assert visitor.get("/desk/books/exports/2026-12.csv").status == 409
        assert visitor.get("/desk/books/exports/never.csv").status == 404


class TestKept:
    """What a large hub reads ahead."""

    @pytest.fixture(autouse=True)
    def large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keeping, "SMALL", -1)

    def test_is_made_when_somebody_asks(
        self, visitor: Visitor, site: Site, traded: Coalition, database: Database
    ) -> None:
        page = visitor.get("/desk/books?at=2026-02-28")
        assert "This report has not been made yet" in page.words
        answer = visitor.submit("/desk/books/make", on="/desk/books?at=2026-02-28")
        assert "This report is being made" in answer.words
        while make_next(database, site.clock(), "CNY"):
            pass
        page = visitor.get("/desk/books?at=2026-02-28")
        assert "Points outstanding 1,500" in page.words
        assert "equal to the ledger" in page.words
        assert "As of" in page.words

    def test_those_of_the_month_that_ended_are_made_ahead(
        self, visitor: Visitor, site: Site, traded: Coalition, database: Database
    ) -> None:
        made = 0
        while make_next(database, site.clock(), "CNY"):
            made += 1
        assert made == len(keeping.NAMES)
        for tab in TABS[:-1]:
            assert "equal to the ledger" in visitor.get(f"/desk/books{tab}?period=2026-10").words

    def test_asking_anew_makes_it_anew(
        self, visitor: Visitor, site: Site, traded: Coalition, database: Database
    ) -> None:
        with database.transaction() as session:
            keeping.ask(session, "liability", END, END, site.clock())
        while make_next(database, site.clock(), "CNY"):
            pass
        assert make_next(database, site.clock(), "CNY") == 0
        with database.transaction() as session:
            keeping.ask(session, "liability", END, END, site.clock())
        assert make_next(database, site.clock(), "CNY") == 1

    @pytest.mark.parametrize("name", keeping.NAMES)
    def test_comes_back_as_it_went_in(
        self, traded: Coalition, database: Database, name: str
    ) -> None:
        with database.transaction() as session:
            report = make(
                session,
                name,
                date(2026, 3, 1),
                date(2026, 3, 31),
                now=datetime(2026, 4, 1, tzinfo=UTC),
                currency="CNY",
            )
        back = from_values(as_values(report))
        assert back.agrees
        assert back.checks == list(report.checks)
        assert [list(table.rows) for table in back.tables] == [
            [tuple(row) for row in table.rows] for table in report.tables
        ]
        assert [table.columns for table in back.tables] == [each.columns for each in report.tables]
