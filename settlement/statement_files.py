"""A statement as files: canonical JSON to sign, and a CSV for a finance person's spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime

from kit.clock import rfc3339
from kit.csv_lines import safe_cell
from settlement.fx import exponent
from settlement.statements import Due, Statement, Trade, Transfer

FORMAT = "tongbao-statement-1"
COLUMNS = (
    "statement",
    "window",
    "section",
    "counterparty",
    "kind",
    "points",
    "amount",
    "currency",
)

_Cells = tuple[str, str, str, int | str, str, str]  # From section to currency.


def as_json(statement: Statement) -> bytes:
    """Canonical: equal statements give equal bytes, fit for hashing and signing.

    UTF-8, sorted keys, no blanks, one newline at the end. Every number is an integer: points,
    or money in minor units; times are RFC 3339 in UTC, days ISO 8601.
    """
    document = asdict(statement) | {
        "format": FORMAT,
        "fee": statement.fee,
        "direction": statement.direction,
    }
    text = json.dumps(
        document,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_time,
    )
    return text.encode() + b"\n"


def as_csv(statement: Statement) -> bytes:
    """One row per figure, each with the statement's number, so that months can be stacked.

    UTF-8 with a byte order mark (else a Chinese Excel reads GBK), CRLF as in RFC 4180.
    Amounts are decimals with a point and an ASCII minus; positive is the partner's gain.
    """
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow(COLUMNS)
    for section, counterparty, kind, points, money, currency in _rows(statement):
        head = (safe_cell(statement.number), safe_cell(statement.window), section)
        writer.writerow((*head, safe_cell(counterparty), kind, points, money, currency))
    return page.getvalue().encode("utf-8-sig")


def decimal(amount: int, currency: str) -> str:
    """Minor units as a plain decimal: -38405 CNY is `-384.05`, 20 JPY is `20`."""
    digits = exponent(currency)
    if digits == 0:
        return str(amount)
    whole, part = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}.{part:0{digits}d}"


def _rows(statement: Statement) -> Iterator[_Cells]:
    home, away = statement.currency, statement.settlement_currency
    yield from _points(statement)
    yield from _trades("spent", statement.spent, -1, home)
    yield from _trades("accepted", statement.accepted, 1, home)
    yield from _dues("owes", statement.owes, -1, home)
    yield from _dues("owed", statement.owed, 1, home)
    yield "settlement", "", "of which fee", "", decimal(-statement.fee, home), home
    if statement.cover:
        yield "settlement", "", "cover of defaults", "", decimal(statement.cover, home), home
    yield "settlement", "", "net", "", decimal(statement.net, home), home
    if statement.rate is not None:
        ratio = f"at {statement.rate.numerator}/{statement.rate.denominator} {away} per {home}"
        yield "settlement", "", "residue to the hub", "", decimal(statement.residue, home), home
        yield "settlement", "", ratio, "", "", ""
    yield "settlement", "", statement.direction, "", decimal(statement.settled, away), away
    yield from _transfers("pay", statement.pay, -1, away)
    yield from _transfers("collect", statement.collect, 1, away)
    yield "payments", "", f"due on {statement.due_on}", "", "", ""


def _points(statement: Statement) -> Iterator[_Cells]:
    for kind, points in (
        ("opening", statement.opening),
        ("issued", statement.issued),
        ("clawed back", -statement.clawed_back),
        ("spent elsewhere", -statement.spent_elsewhere),
        ("refunded elsewhere", statement.refunded_elsewhere),
        ("spent here", -statement.spent_here),
        ("refunded here", statement.refunded_here),
        ("expired", -statement.expired),
        ("closing", statement.closing),
    ):
        yield "points", "", kind, points, "", ""
    yield "of which", "", "adjusted", statement.adjusted, "", ""
    yield "tills", "", "accepted", statement.accepted_points, "", ""
    yield "tills", "", "given back", -statement.accepted_refunds, "", ""
    for section, carried in (
        ("held back", statement.held_back),
        ("brought in", statement.brought_in),
    ):
        for each in carried:
            yield section, each.name, f"{each.kind} as {each.side}", each.points, "", ""


def _trades(section: str, trades: Iterable[Trade], sign: int, currency: str) -> Iterator[_Cells]:
    for each in trades:
        yield section, each.name, "spent", each.spent, "", ""
        if each.refunded:
            yield section, each.name, "refunded", -each.refunded, "", ""
        yield section, each.name, "amount", "", decimal(sign * each.amount, currency), currency


def _dues(section: str, dues: Iterable[Due], sign: int, currency: str) -> Iterator[_Cells]:
    for each in dues:
        money = decimal(sign * each.amount, currency)
        yield section, each.name, each.kind, each.points, money, currency


def _transfers(
    section: str, transfers: Iterable[Transfer], sign: int, currency: str
) -> Iterator[_Cells]:
    for each in transfers:
        money = decimal(sign * each.amount, currency)
        yield "payments", each.name, section, "", money, currency


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a statement holds no {type(value).__name__}")
