"""Reports that take longer than anybody waits for a page: asked for, made by a job, and kept.

What happened on a day that is over does not change, so a report of it is kept for good, with the
moment at which it was made; what was agreed late changes money of the past, and then somebody asks
for it anew. While the books are small a report is read as it is asked for, and none is kept.
"""

import time
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from kit.database import Database
from kit.errors import Refusal
from settlement.finance import books, store
from settlement.finance.reports import Check, Column, Report, Table
from settlement.store import day_of

NAMES = (
    "liability",
    "lots",
    "breakage",
    "roll-forward",
    "trial-balance",
    "disclosure",
    "exposure",
)
SMALL = 2 * 1024 * 1024  # bytes of postings: some ten thousand, which are read in a moment
FRESH = timedelta(hours=1)  # How long a report of a day that goes on is good enough.


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A report and when it was made; None of both while it is being made."""

    report: Report | None
    made_at: datetime | None
    asked_at: datetime

    @property
    def waits(self) -> bool:
        """Somebody asked, and it is still to be made."""
        return self.made_at is None or self.made_at < self.asked_at


def read(
    database: Database, name: str, since: date, at: date, *, now: datetime, currency: str
) -> Kept | None:
    """The report of these days: read now while the books are small, else as it was kept; None when
    nobody has asked for it yet. Raises PointsUnpriced."""
    with database.transaction() as session:
        small = store.bytes_of_postings(session) <= SMALL
        row = None if small else store.kept(session, name, since, at)
    if small:
        with database.transaction() as session:
            report = make(session, name, since, at, now=now, currency=currency)
        return Kept(report=report, made_at=now, asked_at=now)
    if row is None:
        return None
    kept = None if row["report"] is None else from_values(row["report"])
    return Kept(report=kept, made_at=row["made_at"], asked_at=row["asked_at"])


def ask(session: Session, name: str, since: date, at: date, now: datetime) -> None:
    """Have a report made, or made anew; asking twice is asking once."""
    store.ask(session, name, since, at, now)


def make(
    session: Session, name: str, since: date, at: date, *, now: datetime, currency: str
) -> Report:
    """The report, read from the books, however long that takes. Call it first in a transaction.

    Raises PointsUnpriced.
    """
    match name:
        case "liability":
            return books.read_liability(session, at=at, now=now, currency=currency)
        case "lots":
            return books.read_lots(session, at=at, currency=currency)
        case "breakage":
            return books.read_breakage(session, at=at, currency=currency)
        case "roll-forward":
            return books.read_roll_forward(session, since=since, at=at, currency=currency)
        case "trial-balance":
            return books.read_trial_balance(session, at=at, now=now, currency=currency)
        case "disclosure":
            return books.read_disclosure(session, since=since, at=at, currency=currency)
        case "exposure":
            found = books.read_exposure(session, since=since, at=at, now=now, currency=currency)
            return found.report
    raise ValueError(f"there is no report {name}")


def make_next(database: Database, now: datetime, currency: str) -> int:
    """Make the report that was asked for longest ago, and ask for those of the month that ended:
    how many were made, 0 or 1. A job; killed, it leaves the report waiting."""
    with database.transaction() as session:
        if store.bytes_of_postings(session) <= SMALL:
            return 0
        today = day_of(session, now)
        last = today.replace(day=1) - timedelta(days=1)
        for name in NAMES:
            store.ask_once(session, name, first_day(name, last), last, now)
        store.forget_reports(session, today)
        row = store.next_asked(session)
    if row is None:
        return 0
    name, since, at = row["name"], row["since"], row["at"]
    began = time.perf_counter()
    try:
        with database.transaction() as session:
            report = make(session, name, since, at, now=now, currency=currency)
    except Refusal as refusal:  # The others must not wait for terms that nobody agreed.
        report = Report(
            title="", currency=currency, tables=[], checks=[], notes=[refusal.detail or ""]
        )
    took = round(1000 * (time.perf_counter() - began))
    with database.transaction() as session:
        store.keep(session, name, since, at, as_values(report), now=now, took_ms=took)
    return 1


def first_day(name: str, last: date) -> date:
    """A report of a month begins with it; one of a day is of that day alone."""
    return last.replace(day=1) if name in ("roll-forward", "disclosure", "exposure") else last


def as_values(report: Report) -> dict[str, Any]:
    """What JSON can keep of a report, whole."""
    values = asdict(report)
    for table in values["tables"]:
        for rows in ("rows", "total"):
            table[rows] = _plain(table[rows])
    return values


def from_values(values: dict[str, Any]) -> Report:
    """The report that `as_values` was made of."""
    return Report(
        title=values["title"],
        currency=values["currency"],
        tables=[_table(each) for each in values["tables"]],
        checks=[Check(**each) for each in values["checks"]],
        notes=values["notes"],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _table(values: dict[str, Any]) -> Table:
    columns = tuple(Column(**each) for each in values["columns"])

    def row(cells: list[Any]) -> tuple[Any, ...]:
        return tuple(
            date.fromisoformat(cell) if column.unit == "day" and cell else cell
            for cell, column in zip(cells, columns, strict=True)
        )

    return Table(
        title=values["title"],
        columns=columns,
        rows=[row(cells) for cells in values["rows"]],
        total=None if values["total"] is None else row(values["total"]),
        currency=values["currency"],
    )
