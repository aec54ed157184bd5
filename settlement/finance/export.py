"""A closed window for plain-text accounting: its journal, its money, and what must come of both.

Written as it is read, a few thousand rows at a time, so that memory does not grow with the
window. The balances asserted at the end are not those of what was written: they are summed by
the database on their own.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal

from sqlalchemy.orm import Session

from kit.ids import to_text
from settlement import store as settled
from settlement.errors import WindowNotClosed
from settlement.finance import chart, store
from settlement.finance.chart import POINTS
from settlement.finance.plain_text import DIALECTS, Entry, Form, Leg
from settlement.finance.reports import Row
from settlement.fx import exponent

Level = Literal["journal", "day"]
Write = Callable[[str], object]
Progress = Callable[[int, int], object]  # Called now and then: how many journals, of how many.


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What an export came to."""

    window: str
    points_entries: int
    money_entries: int
    assertions: int


def export(
    session: Session,
    window: str,
    write: Write,
    *,
    form: Form,
    level: Level,
    progress: Progress | None = None,
) -> Written:
    """Write one closed window, in a transaction of its own, as `pieces` come.

    Raises WindowNotFound, WindowNotClosed.
    """
    coming = pieces(session, window, form=form, level=level, progress=progress)
    while True:
        try:
            write(next(coming))
        except StopIteration as end:
            written: Written = end.value
            return written


def pieces(
    session: Session, window: str, *, form: Form, level: Level, progress: Progress | None = None
) -> Generator[str, None, Written]:
    """One closed window, a few lines at a time; what it came to is returned at the end.

    Points: what every account had before, the window's journals (one by one, or each day's
    together), what every account has after. Money, unless the window was aborted: its current
    figures, and payments that were not made yet as pending ones. Raises WindowNotFound,
    WindowNotClosed, before the first.
    """
    store.snapshot(session)
    found = settled.get_window(session, window)
    if found.closed_at is None or found.state == "closing" or found.currency is None:
        raise WindowNotClosed(state=found.state)
    names = chart.party_names(store.slugs(session))
    before = _points(store.balances_after(session, found.id - 1), names)
    after = _points(store.balances_after(session, found.id), names)
    opened, closed = (settled.day_of(session, each) for each in (found.opened_at, found.closed_at))
    paid = None if found.settled_at is None else settled.day_of(session, found.settled_at)
    money = store.money(session, found)
    dialect = DIALECTS[form]
    digits = {POINTS: 0, **{each: exponent(each) for each in money.currencies}}
    due = money.balances(names)
    accounts = sorted({leg.account for leg in (*after, *due)})

    yield dialect.head(f"Window {window}", digits, opened)
    for account in accounts:
        yield dialect.account(account, opened)
    yield "\n"
    entries = 0
    journals = store.count_journals(session, found.id)
    last = opened
    if carried := [leg for leg in before if leg.amount]:
        yield dialect.entry(Entry(day=opened, text="opening balances", legs=carried), digits)
    for entry in _journals(store.journal_lines(session, found.id, by=level), names, opened):
        yield dialect.entry(entry, digits)
        last = entry.day
        entries += 1
        if progress and level == "journal" and entries % 1000 == 0:
            progress(entries, journals)
    last = max(last, closed)
    yield dialect.balances(last, after, digits)
    # A clock that was set back must not put the money before the points that it is for.
    closing = money.entries(names, closed=last, paid=paid and max(paid, last))
    moved = 0
    for entry in closing:
        yield dialect.entry(entry, digits)
        last = entry.day
        moved += 1
    if due:
        yield dialect.balances(last, due, digits)
    return Written(
        window=window,
        points_entries=entries,
        money_entries=moved,
        assertions=len(after) + len(due),
    )


def _points(rows: Iterable[Row], names: Mapping[int, str]) -> list[Leg]:
    return [
        Leg(
            chart.points_account(row["kind"], names[row["party"]]),
            row["debits"] - row["credits"],
            POINTS,
        )
        for row in rows
    ]


def _journals(lines: Iterable[Row], names: Mapping[int, str], opened: date) -> Iterator[Entry]:
    """One entry of all lines that follow one another and have the same name."""
    for _, group in groupby(lines, key=lambda row: (row["day"], row["journal"])):
        yield _journal(list(group), names, opened)


def _journal(lines: list[Row], names: Mapping[int, str], opened: date) -> Entry:
    first = lines[0]
    sums: dict[tuple[str, int], int] = {}
    for line in lines:
        for side, sign in (("debit", 1), ("credit", -1)):
            account = chart.points_account(line[f"{side}_kind"], names[line[f"{side}_party"]])
            sums[account, sign] = sums.get((account, sign), 0) + sign * line["points"]
    legs = [Leg(account, points, POINTS) for (account, _), points in sums.items()]
    of = f" of {names[first['party']]}" if first["party"] else ""
    return Entry(
        day=max(first["day"], opened),
        text=f"{first['kind']}{of}",
        legs=legs,
        id=to_text("jrn", first["journal"]) if first["journal"] else "",
        undoes=to_text("jrn", first["undoes"]) if first["undoes"] else "",
    )
