"""Reading a partner's record: CSV or NDJSON, strictly, one line at a time.

A line says `reference`, `kind`, `points`, and `at` where the partner knows it. Nothing is guessed:
a column or member of another name is refused, and so is a number that is merely like one.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from kit import ids
from kit.schemas import MAX_WHOLE, REFERENCE, moment
from kit.strict_json import JsonMalformed, loads
from partners.api.operations import File
from settlement.reconciliation.errors import RecordMalformed

Side = Literal["accepted", "issued", "spent"]
SIDES: Final[tuple[Side, ...]] = get_args(Side)

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
SHOWN: Final = 20  # errors that are told; whoever has more has one fault in all lines

_SPENT = {
    **dict.fromkeys(("spent", "redemption", "capture"), "spent"),
    **dict.fromkeys(("refunded", "refund"), "refunded"),
}
# The words of statements, and those of transactions, which say the same.
KINDS: Final[dict[Side, dict[str, str]]] = {
    "accepted": _SPENT,
    "spent": _SPENT,
    "issued": {
        **dict.fromkeys(("issued", "accrual", "import"), "issued"),
        **dict.fromkeys(("clawed_back", "clawback"), "clawed_back"),
    },
}
_NEEDED: Final = {"reference", "kind", "points"}
_KNOWN: Final = _NEEDED | {"at"}
_CHARSETS: Final = {None, "utf-8", "us-ascii", "gbk", "gb2312", "gb18030"}
_DIGITS: Final = re.compile(r"[1-9][0-9]{0,12}\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a record; `reference` is a UUID as text on the side `spent`."""

    number: int
    reference: str
    kind: str
    points: int
    at: datetime | None


def read(file: File, side: Side) -> Iterator[Line]:
    """The lines of a file, numbered as an editor numbers them.

    Raises RecordMalformed at the first of too many errors, or when all has been read.
    """
    errors: list[dict[str, Any]] = []
    for number, values in _rows(file):
        try:
            yield _line(number, values, side)
        except ValueError as error:
            errors.append({"line": number, "detail": str(error)})
            if len(errors) >= SHOWN:
                break
    if errors:
        raise RecordMalformed(errors=errors)


def _rows(file: File) -> Iterator[tuple[int, dict[str, Any]]]:
    text = _text(file)
    return _csv(text) if file.media_type == CSV else _ndjson(text)


def _text(file: File) -> str:
    """The characters of a file. References are plain ASCII, so GBK is as good as UTF-8."""
    if file.charset not in _CHARSETS:
        raise _malformed(0, "The encoding must be UTF-8, or GBK if the content type says so.")
    if file.body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _malformed(0, "This is UTF-16: save it as UTF-8.")
    charset = file.charset or "utf-8"
    try:
        return file.body.decode("utf-8-sig" if charset == "utf-8" else charset)
    except UnicodeDecodeError as error:
        line = file.body.count(b"\n", 0, error.start) + 1
        raise _malformed(line, f"These bytes are no {charset.upper()}.") from error


def _csv(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = next(reader, [])
        _check_names(names)
        for row in reader:
            if not row:
                continue
            if len(row) != len(names):
                raise _malformed(reader.line_num, f"{len(names)} fields are wanted, not {len(row)}")
            values: dict[str, Any] = dict(zip(names, row, strict=True))
            if values.get("at") == "":
                del values["at"]
            points = values["points"]
            if not _DIGITS.match(points):
                points = None  # Told with the line's other faults.
            values["points"] = points and int(points)
            yield reader.line_num, values
    except csv.Error as error:
        raise _malformed(reader.line_num, f"This is no CSV: {error}.") from error


def _check_names(names: list[str]) -> None:
    """Raises RecordMalformed unless the first line names every column, each once."""
    if len(set(names)) != len(names) or not _NEEDED <= set(names) <= _KNOWN:
        raise _malformed(1, "The columns are reference, kind, points and, if known, at.")


def _ndjson(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = loads(line.encode())
        except JsonMalformed as error:
            raise _malformed(number, error.detail) from error
        if not _NEEDED <= values.keys() <= _KNOWN:
            raise _malformed(number, "The members are reference, kind, points and, if known, at.")
        yield number, values


def _line(number: int, values: dict[str, Any], side: Side) -> Line:
    """Raises ValueError, which says what is wrong."""
    reference, points, at = values["reference"], values["points"], values.get("at")
    if type(reference) is not str or not REFERENCE.match(reference):
        raise ValueError("reference must be 1 to 64 printable ASCII characters.")
    if side == "spent":
        journal = ids.from_text("jrn", reference)
        if journal is None:
            raise ValueError("reference must be the id of a transaction, jrn_….")
        reference = str(journal)
    kind = KINDS[side].get(values["kind"]) if type(values["kind"]) is str else None
    if kind is None:
        raise ValueError(f"kind must be one of: {', '.join(KINDS[side])}.")
    if type(points) is not int or not 1 <= points <= MAX_WHOLE:
        raise ValueError("points must be a whole number from 1 to 1000000000000, digits alone.")
    if at is None:
        return Line(number, reference, kind, points, None)
    found = moment(at) if type(at) is str else None
    if found is None:
        raise ValueError("at must be an RFC 3339 time with a zone, as 2026-11-22T17:05:11Z.")
    return Line(number, reference, kind, points, found)


def _malformed(line: int, detail: str) -> RecordMalformed:
    return RecordMalformed(errors=[{"line": line, "detail": detail}])
