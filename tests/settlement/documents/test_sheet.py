import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from settlement.documents.figures import LANGUAGES, Language
from settlement.documents.sheet import as_xlsx
from settlement.fx import exponent
from settlement.statements import Statement
from tests.settlement.samples import build_statement, crowd, disputed, in_yen, quiet

SUMMARY, POINTS, TRADES, OBLIGATIONS, PAYMENTS, CARRIED = range(6)


def opened(statement: Statement, language: Language = "en") -> Workbook:
    return load_workbook(io.BytesIO(as_xlsx(statement, language)))


def rows(book: Workbook, sheet: int) -> list[tuple[Any, ...]]:
    return list(book.worksheets[sheet].iter_rows(min_row=2, values_only=True))


def minor(value: float, currency: str) -> int:
    """A cell's amount in minor units, exactly."""
    return int((Decimal(repr(value)) * 10 ** exponent(currency)).to_integral_exact())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("statement", [build_statement(), in_yen(), disputed(), crowd(40), quiet()])
class TestAsXlsx:
    def test_sums_are_the_documents(self, statement: Statement, language: Language) -> None:
        book = opened(statement, language)
        moves = [row[2] for row in rows(book, POINTS)]
        assert sum(moves[:8]) == moves[8] == statement.closing
        trades = rows(book, TRADES)
        both = statement.spent + statement.accepted
        assert sum(row[2] for row in trades) == sum(each.spent for each in both)
        assert sum(row[3] for row in trades) == -sum(each.refunded for each in both)
        dues = sum(minor(row[4], statement.currency) for row in rows(book, OBLIGATIONS))
        assert dues + statement.cover == statement.net
        paid = sum(minor(row[2], statement.settlement_currency) for row in rows(book, PAYMENTS))
        assert paid == statement.settled
        carried = statement.held_back + statement.brought_in
        assert [row[4] for row in rows(book, CARRIED)] == [each.points for each in carried]

    def test_each_sheet_is_ready_to_print(self, statement: Statement, language: Language) -> None:
        for sheet in opened(statement, language).worksheets:
            assert sheet.freeze_panes == "A2"
            assert sheet.print_title_rows == "$1:$1"
            assert sheet.page_setup.paperSize == 9
            assert sheet.page_setup.fitToHeight == 0

    def test_no_text_is_a_formula(self, statement: Statement, language: Language) -> None:
        for sheet in opened(statement, language).worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type in ("s", "n", "d"), cell.value
                    assert cell.hyperlink is None

    def test_equal_statements_give_equal_bytes(
        self, statement: Statement, language: Language
    ) -> None:
        assert as_xlsx(statement, language) == as_xlsx(statement, language)


def test_a_name_like_a_formula_is_text() -> None:
    names = [row[1] for row in rows(opened(crowd(5)), TRADES)]
    assert "=1+1 4" in names


def test_amounts_have_their_currencys_digits() -> None:
    book = opened(in_yen())
    assert book.worksheets[PAYMENTS]["C2"].number_format == "#,##0;−#,##0"
    assert book.worksheets[OBLIGATIONS]["E2"].number_format == "#,##0.00;−#,##0.00"


def test_times_are_the_hubs() -> None:
    found = {row[0]: row[1] for row in rows(opened(build_statement()), SUMMARY)}
    assert found["Opened"].isoformat() == "2017-01-01T08:00:00"
    assert found["Due date"].isoformat() == "2017-02-08T00:00:00"
