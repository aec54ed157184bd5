"""Findings as a table, CSV or XLSX, written row by row whatever their number."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import xlsxwriter

from kit.clock import rfc3339
from kit.csv_lines import safe_cell

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET: Final = 1_048_575  # rows that a sheet takes below its head

COLUMNS: Final = (
    *("outcome", "differs", "points_more"),
    *("their_lines", "their_reference", "their_kind", "their_points", "their_at"),
    *("transactions", "our_reference", "our_kind", "our_points", "our_at", "window"),
)
_WIDTHS: Final = (14, 16, 12, 12, 24, 12, 12, 24, 32, 24, 12, 12, 24, 12)

Facts = dict[str, Any]


def write_csv(findings: Iterable[Facts], file: IO[str]) -> int:
    """Into a text file opened with newline=""; how many findings there were.

    What a spreadsheet would take for a formula gets an apostrophe.
    """
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in map(row_of, findings):
        writer.writerow([safe_cell(value) if isinstance(value, str) else value for value in row])
        count += 1
    return count


def write_xlsx(findings: Iterable[Facts], file: IO[bytes] | Path) -> int:
    """As one sheet with a head that stays, texts as texts: a reference is never a formula.

    Raises ValueError for more findings than a sheet takes.
    """
    target = str(file) if isinstance(file, Path) else file
    # The options keep memory flat: rows go to a temporary file as they come.
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Findings")
        bold, whole = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0"})
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name.replace("_", " "), bold)
        count = 0
        for count, row in enumerate(map(row_of, findings), 1):
            if count > SHEET:
                raise ValueError("these are more findings than a sheet takes")
            for column, value in enumerate(row):
                if isinstance(value, int):
                    sheet.write_number(count, column, value, whole)
                elif value is not None:
                    sheet.write_string(count, column, value)
        sheet.autofilter(0, 0, max(count, 1), len(COLUMNS) - 1)
    return count


def row_of(finding: Facts) -> list[str | int | None]:
    """A finding as a line of COLUMNS."""
    return [
        finding["outcome"],
        " ".join(finding["differs"]) or None,
        finding["points_more"],
        *_side(finding["theirs"], "lines"),
        *_side(finding["ours"], "transactions"),
        finding["ours"] and finding["ours"]["window"],
    ]


def _side(side: Facts | None, which: str) -> Iterator[str | int | None]:
    if side is None:
        yield from (None,) * 5
        return
    yield " ".join(side[which])
    yield from (side["reference"], side["kind"], side["points"])
    yield side["at"] and rfc3339(side["at"])
