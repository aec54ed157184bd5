"""Tables as CSV, line by line whatever their number, for spreadsheets that take cells for code."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

Cell = str | int | None
_AT_ONCE = 64  # lines in a piece


def stream(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Pieces of a CSV: UTF-8 with a byte order mark (else a Chinese Excel reads GBK), CRLF.

    No cell is taken for a formula.
    """
    page = io.StringIO()
    writer = csv.writer(page)
    page.write("\ufeff")
    writer.writerow(head)
    for number, row in enumerate(rows, 1):
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
        if number % _AT_ONCE == 0:
            yield page.getvalue().encode()
            page.seek(0)
            page.truncate()
    yield page.getvalue().encode()


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: such a beginning gets an apostrophe.

    Blanks and invisible characters before it do not hide a formula, nor do full-width forms;
    control characters (line breaks, tabs) become spaces. Semicolons become commas: where a
    spreadsheet splits columns at semicolons, the rest of a name would begin a cell.
    """
    plain = "".join(" " if unicodedata.category(each) == "Cc" else each for each in text)
    plain = plain.replace(";", ",")
    visible = (each for each in plain if unicodedata.category(each)[0] not in "CZ")
    first = unicodedata.normalize("NFKC", next(visible, ""))
    return f"'{plain}" if first.startswith(("=", "+", "-", "@", "−")) else plain
