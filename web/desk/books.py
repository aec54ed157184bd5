"""Books: liability, breakage, roll-forward, trial balance, disclosure, exposure, and their files.

Every report is one of settlement/finance. What a hub of millions of journals takes long for is kept
(settlement/finance/keeping.py), and the page says as of when it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit import csv_lines, periods
from kit.database import Database
from kit.errors import Refusal
from kit.forms import tell
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from partners import store as registry
from settlement import store as settled
from settlement.errors import WindowNotClosed
from settlement.finance import export, files, keeping, store
from settlement.finance.keeping import Kept
from settlement.finance.plain_text import DIALECTS
from settlement.finance.reports import Report, Table
from web.desk.report_words import head, say
from web.desk.signed_in import signed_in
from web.desk.wiring import here

pages = Blueprint("desk_books", __name__, url_prefix="/desk/books")

ROWS = 200  # of a table that a page shows; its files have all
WINDOWS = 60  # closed windows that can be exported from the page
TABS = (
    ("liability", "/desk/books", mark("Liability")),
    ("breakage", "/desk/books/breakage", mark("Breakage")),
    ("roll-forward", "/desk/books/roll-forward", mark("Roll-forward")),
    ("trial-balance", "/desk/books/trial-balance", mark("Trial balance")),
    ("disclosure", "/desk/books/disclosure", mark("Disclosure")),
    ("exposure", "/desk/books/exposure", mark("Exposure history")),
    ("exports", "/desk/books/exports", mark("Exports")),
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Days:
    """The days that are asked for. `closed` when every window that has part in them is closed;
    `over` when the last of them is."""

    since: date
    at: date
    closed: bool
    over: bool
    wrong: str = ""  # What was typed and is no period.

    @property
    def query(self) -> str:
        """For a link to another report of the same days."""
        whole = self.since.day == 1 and (self.at + timedelta(days=1)).day == 1
        if whole and (self.since.year, self.since.month) == (self.at.year, self.at.month):
            return f"?period={self.since:%Y-%m}"
        return f"?period={self.since}..{self.at}" if self.since != self.at else f"?at={self.at}"


@pages.get("")
@signed_in()
def liability() -> ResponseReturnValue:
    """What issuers still stand for, by issuer and age."""
    return _report("liability", point=True)


@pages.get("/liability/<issuer>")
@signed_in()
def lots(issuer: str) -> ResponseReturnValue:
    """One issuer's points by the month in which they expire: the ledger beside the lots."""
    return _report("lots", point=True, issuer=issuer)


@pages.get("/breakage")
@signed_in()
def breakage() -> ResponseReturnValue:
    """How points are used as they age, what is assumed of the rest, and what that is worth."""
    return _report("breakage", point=True)


@pages.get("/roll-forward")
@signed_in()
def roll_forward() -> ResponseReturnValue:
    """From the points outstanding before a period to those after it."""
    return _report("roll-forward")


@pages.get("/trial-balance")
@signed_in()
def trial_balance() -> ResponseReturnValue:
    """Every account: debits, credits, balance."""
    return _report("trial-balance", point=True)


@pages.get("/disclosure")
@signed_in()
def disclosure() -> ResponseReturnValue:
    """What IFRS 15 asks for."""
    return _report("disclosure")


@pages.get("/exposure")
@signed_in()
def exposure() -> ResponseReturnValue:
    """Each issuer's exposure against its cap, day by day."""
    return _report("exposure", issuer=request.args.get("issuer", ""))


@pages.post("/make")
@signed_in()
def make() -> ResponseReturnValue:
    """Have a report made, or made anew, behind everybody's back."""
    name = request.form.get("name", "")
    if name not in keeping.NAMES:
        abort(404)
    try:
        since = date.fromisoformat(request.form.get("since", ""))
        at = date.fromisoformat(request.form.get("at", ""))
    except ValueError:
        abort(404)
    if since > at:
        abort(404)
    with here().database.transaction() as session:
        keeping.ask(session, name, since, at, here().clock())
    tell("info", _("This report is being made"), _("It takes minutes at most. Open it again then."))
    path = next((path for tab, path, _word in TABS if tab == name), "/desk/books")
    days = Days(since=since, at=at, closed=True, over=True)
    return redirect(path + days.query, 303)


@pages.get("/exports")
@signed_in()
def exports() -> ResponseReturnValue:
    """Closed windows as files for other programs."""
    with here().database.transaction() as session:
        found = settled.list_windows(session, before=None, limit=WINDOWS)[:WINDOWS]
    return render_template(
        "desk/books_exports.html",
        tabs=_tabs("exports", ""),
        windows=[each for each in found if each.closed_at and each.state != "closing"],
        forms=list(DIALECTS),
    )


@pages.get("/exports/<window>.<form>")
@signed_in()
def window_file(window: str, form: str) -> ResponseReturnValue:
    """A closed window for hledger or beancount, or its lines as CSV, written as it is sent."""
    if form not in (*DIALECTS, "csv"):
        abort(404)
    with here().database.transaction() as session:
        found = settled.get_window(session, window)
        if found.closed_at is None or found.state == "closing":
            raise WindowNotClosed(state=found.state)
    by = "day" if request.args.get("by") == "day" else "journal"
    if form == "csv":
        lines = csv_lines.stream(_LINE, _lines(here().database, window))
    else:
        lines = _pieces(here().database, window, form, by)
    suffix = {"hledger": "journal"}.get(form, form)
    return Response(
        lines,
        content_type="text/csv; charset=utf-8" if form == "csv" else "text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{window}.{suffix}"'},
    )


_LINE = (
    "day", "journal", "kind", "party", "points", "debit account", "debit party", "credit account",
    "credit party", "undoes",
)  # fmt: skip


def _lines(database: Database, window: str) -> Iterator[tuple[str | int | None, ...]]:
    """A row for each posting of a window, in time."""
    with database.transaction() as session:
        store.snapshot(session)
        number, names = settled.get_window(session, window).id, store.slugs(session)
        for row in store.journal_lines(session, number, by="journal"):
            yield (
                f"{row['day']}",
                to_text("jrn", row["journal"]),
                row["kind"],
                names[row["party"]] if row["party"] else "",
                row["points"],
                row["debit_kind"],
                names[row["debit_party"]],
                row["credit_kind"],
                names[row["credit_party"]],
                to_text("jrn", row["undoes"]) if row["undoes"] else "",
            )


def _pieces(database: Database, window: str, form: str, by: str) -> Iterator[bytes]:
    with database.transaction() as session:
        for piece in export.pieces(session, window, form=form, level=by):  # type: ignore[arg-type]
            yield piece.encode()


def _report(name: str, *, point: bool = False, issuer: str = "") -> ResponseReturnValue:
    """The page of a report, or its file. One of a `point` in time is of the last day asked for."""
    desk = here()
    now = desk.clock()
    with desk.database.transaction() as session:
        days = _days(session, now)
        known = {row["slug"]: row["name"] for row in registry.partners(session)}
    since = days.at if point else days.since
    if name == "lots" and issuer not in known:
        abort(404)
    refused = ""
    kept: Kept | None = None
    try:
        kept = keeping.read(desk.database, name, since, days.at, now=now, currency=desk.currency)
    except Refusal as refusal:  # Points that nobody agreed a price for.
        refused = refusal.detail
    report = kept.report if kept else None
    if report and name == "lots":
        report = _of(report, issuer)
    if report and (wanted := request.args.get("format")) in ("csv", "xlsx"):
        return _file(name, days, report, wanted)
    return render_template(
        f"desk/books_{name.replace('-', '_')}.html",
        tabs=_tabs("liability" if name == "lots" else name, days.query),
        name=name,
        days=days,
        since=since,
        typed=request.args.get("period", request.args.get("at", "")),
        kept=kept,
        report=report,
        refused=refused,
        wrong=[each for each in report.checks if not each.agrees] if report else [],
        issuer=issuer,
        known=known,
        say=partial(say, known=known),
        head=partial(head, known=known),
        rows=ROWS,
        query=days.query,
        file=lambda form: (
            f"{request.path}{days.query}&format={form}"
            + (f"&issuer={issuer}" if name == "exposure" and issuer else "")
        ),
    )


def _of(report: Report, issuer: str) -> Report:
    """The part of the report of lots that is about one issuer."""
    [table] = report.tables
    rows = [row for row in table.rows if row[0] == issuer]
    sums = [sum(int(row[at] or 0) for row in rows) for at in (2, 3, 4)]  # type: ignore[arg-type,misc]
    return Report(
        title=report.title,
        currency=report.currency,
        tables=[Table(table.title, table.columns, rows, ("all together", None, *sums))],
        checks=[each for each in report.checks if f"points of {issuer}:" in each.says],
        notes=report.notes,
    )


def _file(name: str, days: Days, report: Report, form: str) -> Response:
    body = files.as_csv(report) if form == "csv" else files.as_xlsx(report)
    return Response(
        body,
        content_type="text/csv; charset=utf-8" if form == "csv" else XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}-{days.at}.{form}"'},
    )


def _tabs(current: str, query: str) -> list[tuple[str, str, bool]]:
    return [
        (path + ("" if name == "exports" else query), _(word), name == current)
        for name, path, word in TABS
    ]


def _days(session: Session, now: datetime) -> Days:
    """The period of the query, up to today; else the last month that is over, or this one where the
    books are younger than that."""
    today = settled.day_of(session, now)
    text = request.args.get("at", "") or request.args.get("period", "")
    asked = periods.read(text) if text else None
    wrong = text if text and asked is None else ""
    last = today.replace(day=1) - timedelta(days=1)
    since, at = last.replace(day=1), last
    windows = store.window_days(session)
    if windows["first"] is None or windows["first"] > last:
        since, at = today.replace(day=1), today
    if asked:
        since, at = min(asked.first, today), min(asked.last, today)
    open_since = windows["open_since"]
    return Days(
        since=since,
        at=at,
        closed=open_since is not None and at < open_since and at < today,
        over=at < today,
        wrong=wrong,
    )
