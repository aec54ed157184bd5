"""Reports as files: CSV for other programs, XLSX for people, plain values for JSON."""

import csv
import io
from collections.abc import Mapping
from datetime import date
from typing import Any

import xlsxwriter

from settlement.finance.reports import Cell, Column, Report, Table, Unit
from settlement.fx import exponent


def as_values(report: Report) -> dict[str, Any]:
    """What JSON can say: money in minor units, shares in millionths."""
    return {
        "title": report.title,
        "currency": report.currency,
        "agrees": report.agrees,
        "tables": [
            {
                "title": table.title,
                "currency": table.currency or report.currency,
                "rows": [_named(table, row) for row in table.rows],
                "total": None if table.total is None else _named(table, table.total),
            }
            for table in report.tables
        ],
        "checks": [
            {"says": each.says, "reported": each.reported, "booked": each.booked}
            for each in report.checks
        ],
        "notes": list(report.notes),
    }


def as_csv(report: Report) -> bytes:
    """One row per row of each table, under a heading of its own; a blank line between tables.

    UTF-8 with a byte order mark (else a Chinese Excel reads GBK), CRLF as in RFC 4180. Money is
    decimals with a point and an ASCII minus.
    """
    page = io.StringIO()
    writer = csv.writer(page)
    for index, table in enumerate(report.tables):
        if index:
            writer.writerow([])
        writer.writerow(["table", *(heading(column, table, report) for column in table.columns)])
        for row in table.rows:
            cells = zip(row, table.columns, strict=True)
            writer.writerow(
                [
                    table.title,
                    *(
                        _csv_cell(cell, each.unit, table.currency or report.currency)
                        for cell, each in cells
                    ),
                ]
            )
    return b"\xef\xbb\xbf" + page.getvalue().encode()


def as_xlsx(report: Report) -> bytes:
    """A sheet for each table, with its total, and one for the checks. Numbers are numbers."""
    page = io.BytesIO()
    with xlsxwriter.Workbook(
        page, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}
    ) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        formats = {
            "text": book.add_format(),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "points": book.add_format({"num_format": "#,##0"}),
            "ppm": book.add_format({"num_format": "0.0%"}),
        }
        for number, table in enumerate(report.tables, start=1):
            sheet = book.add_worksheet(f"{number} {table.title}"[:31].translate(_NO_SHEET))
            digits = exponent(table.currency or report.currency)
            money = "#,##0" + f".{'0' * digits}" * bool(digits)
            formats["money"] = book.add_format({"num_format": money})
            sheet.freeze_panes(1, 1)
            for across, column in enumerate(table.columns):
                sheet.write_string(0, across, heading(column, table, report), bold)
                sheet.set_column(across, across, max(12, len(column.name) + 8))
            rows = [*table.rows, *([table.total] if table.total else [])]
            for down, row in enumerate(rows, start=1):
                for across, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
                    _write(sheet, down, across, cell, column.unit, digits, formats)
        _write_checks(book.add_worksheet("Checks"), report, bold)
    return page.getvalue()


_NO_SHEET = str.maketrans("", "", "[]:*?/\\'")


def _write(
    sheet: Any,
    down: int,
    across: int,
    cell: Cell,
    unit: Unit,
    digits: int,
    formats: Mapping[str, Any],
) -> None:
    if isinstance(cell, str):
        sheet.write_string(down, across, cell, formats["text"])
    elif isinstance(cell, date):
        sheet.write_datetime(down, across, cell, formats["day"])
    elif isinstance(cell, int):
        scale = {"money": 10**digits, "ppm": 10**6}.get(unit, 1)
        sheet.write_number(down, across, cell / scale if scale > 1 else cell, formats[unit])


def _write_checks(sheet: Any, report: Report, bold: Any) -> None:
    for across, name in enumerate(("what", "this report", "the books", "agree")):
        sheet.write_string(0, across, name, bold)
    sheet.set_column(0, 0, 60)
    for down, each in enumerate(report.checks, start=1):
        sheet.write_row(
            down, 0, [each.says, each.reported, each.booked, "yes" if each.agrees else "NO"]
        )


def _named(table: Table, row: tuple[Cell, ...]) -> dict[str, Cell]:
    names = (column.name.replace(" ", "_") for column in table.columns)
    return dict(zip(names, row, strict=True))


def heading(column: Column, table: Table, report: Report) -> str:
    """A column's name, with the currency where it holds money."""
    currency = table.currency or report.currency
    return f"{column.name}, {currency}" if column.unit == "money" else column.name


def _csv_cell(cell: Cell, unit: Unit, currency: str) -> str | int | date | None:
    if not isinstance(cell, int):
        # A spreadsheet takes what begins like a formula for one.
        return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell
    if unit == "money":
        return decimal(cell, exponent(currency))
    return decimal(cell, 6) if unit == "ppm" else cell


def decimal(minor: int, digits: int) -> str:
    """-384 with 2 digits is `-3.84`."""
    units, part = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{units}" + (f".{part:0{digits}d}" if digits else "")
