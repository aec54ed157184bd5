"""Today: what must be done, what is stuck, what waits for a second person; how the books stand."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, redirect, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import exchange.due
import partners.due
import settlement.due
import staff.due
import web.due
from exchange import store as books
from kit import csv_lines
from kit.database import Busy
from kit.due import Due
from kit.forms import tell
from kit.language import gettext as _
from kit.language import mark
from settlement import exposures, outstanding
from settlement.book_checks import Standing, standing
from settlement.book_checks.checking import check_quickly
from settlement.book_checks.every import EVERY
from settlement.book_checks.quick import invariants
from settlement.calendar import store as calendars
from settlement.calendar.periods import next_cut_off
from settlement.finance import store as finance
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here
from web.frame.formats import month_name, short_day

pages = Blueprint("desk_today", __name__, url_prefix="/desk")

SHOWN = 6  # issuers of which the first page shows the cap
SMALL = 0.2  # of a cap, under which it is only counted

# What each kind of due says, and where it is done.
_SAYS: Mapping[str, tuple[str, str]] = {
    "window-to-approve": (mark("Approve window %(window)s"), "/desk/windows/{window}"),
    "window-to-pay": (mark("Pay window %(window)s"), "/desk/windows/{window}"),
    "window-to-settle": (mark("Settle window %(window)s"), "/desk/windows/{window}"),
    "closing": (mark("Closing of window %(window)s is not finished"), "/desk/windows/{window}"),
    "invoices": (
        mark("Invoices of window %(window)s not paid by their day: %(n)s"),
        "/desk/windows/{window}/pay",
    ),
    "payments": (
        mark("Payments of window %(window)s overdue or short: %(n)s"),
        "/desk/windows/{window}/pay",
    ),
    "dispute": (mark("Decide a dispute, %(issuer)s v %(acceptor)s"), "/desk/disputes/{dispute}"),
    "record-differs": (
        mark("Record of %(partner)s for %(window)s: %(n)s lines need a person"),
        "/desk/reconciliation/{record}",
    ),
    "record-unfinished": (
        mark("Record of %(partner)s for %(window)s was begun and never finished"),
        "/desk/reconciliation/{record}",
    ),
    "record-stuck": (
        mark("Record of %(partner)s for %(window)s is not compared yet"),
        "/desk/reconciliation/{record}",
    ),
    "bank-entries": (mark("Bank entries that match no payment: %(n)s"), "/desk/bank"),
    "seal": (mark("The journals are not sealed"), "/desk/health"),
    "terms": (mark("%(partner)s has no terms and cannot trade"), "/desk/partners/{slug}"),
    "exchanges": (
        mark("Exchanges that %(partner)s does not answer: %(n)s"),
        "/desk/health/exchanges?partner={slug}",
    ),
    "loop": (mark("Going round a loop of rates makes points"), "/desk/rates"),
    "approvals": (mark("Waiting for your approval: %(n)s"), "/desk/approvals"),
    "approvals-mine": (mark("Proposed by you: %(n)s"), "/desk/approvals?show=mine"),
    "worker": (mark("No job has run"), "/desk/health"),
    "job": (mark("The job %(job)s hangs"), "/desk/health"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of the list: one link to where it is done."""

    due: Due
    words: str
    href: str
    when: str
    late: bool


@pages.get("")
@signed_in()
def today() -> ResponseReturnValue:
    """The first page of the day."""
    desk = here()
    now = desk.clock()
    with desk.database.transaction() as session:
        zone = ZoneInfo(books.zone(session))
        midnight = datetime.combine(now.astimezone(zone), datetime.min.time(), zone)
        lines = due_lines(session, now, midnight)
        done = staff.due.done_today(session, midnight.astimezone(UTC))
        open_window = outstanding.so_far(session)
        closes = next_cut_off(calendars.calendars(session), now)
        stood = outstanding.outstanding(session)
        names = finance.slugs(session)
        used = exposures.exposures(session, now)
        has_partner, has_terms = partners.due.any_partner(session)
        alone = staff.due.alone(session)
    issuers = sorted(stood.issuers, key=lambda party: -max(stood.issuers[party], default=0))
    capped = [each for each in used if each.cap]
    shown = [each for each in capped if each.used >= SMALL][:SHOWN] or capped[:SHOWN]
    return render_template(
        "desk/today.html",
        today=midnight.date(),
        lines=lines,
        done=done,
        midnight=midnight,
        books=books_stand(),
        failed_words=failed_words,
        says=_says(),
        window=open_window,
        closes=closes.at if closes else None,
        day=(now.astimezone(zone).date() - open_window.opened_at.astimezone(zone).date()).days + 1
        if open_window
        else 0,
        days=(closes.at - open_window.opened_at).days if closes and open_window else 0,
        columns=[
            (_short(name), [stood.issuers[party][at] for party in issuers])
            for at, name in enumerate(stood.windows)
        ],
        issuers=[_named(names, party, used) for party in issuers],
        standing_points=sum(of[-1] for of in stood.issuers.values() if of),
        exposures=shown,
        bars_of=lambda of: [(e.name, e.amount, e.cap, f"/desk/partners/{e.slug}") for e in of],
        more=len(used) - len(shown),
        currency=desk.currency,
        steps=None
        if has_terms
        else [
            (not alone, _("Invite a colleague"), "/desk/people"),
            (has_partner, _("Add a partner"), "/desk/partners"),
            (False, _("Agree terms with it"), "/desk/partners"),
        ],
    )


@pages.post("/check")
@signed_in()
def check() -> ResponseReturnValue:
    """Look at the books now, quickly, whoever asks."""
    desk = here()
    try:
        results = check_quickly(desk.database, desk.clock(), by=me().name)
    except Busy:
        tell("warn", _("The books could not be checked"), _("The database is busy. Try again."))
        return redirect("/desk", 303)
    with desk.database.transaction() as session:
        found = standing(session)
    if found.balances:
        tell("ok", _("Books balance"), _("Asked: %(n)s checks.", n=len(results)))
    else:
        tell("bad", failed_words(found))
    return redirect("/desk", 303)


@pages.get("/exposure.csv")
@signed_in()
def exposure_file() -> ResponseReturnValue:
    """Every issuer's exposure against its cap, in minor units."""
    desk = here()
    with desk.database.transaction() as session:
        rows = exposures.exposures(session, desk.clock())
    head = ("partner", "points", "owed", "exposure", "cap", "currency")
    return _csv(
        "exposure",
        head,
        [
            (each.slug, each.points, each.owed, each.amount, each.cap, desk.currency)
            for each in rows
        ],
    )


@pages.get("/outstanding.csv")
@signed_in()
def outstanding_file() -> ResponseReturnValue:
    """Points outstanding of every issuer at the end of each window."""
    with here().database.transaction() as session:
        stood, names = outstanding.outstanding(session), finance.slugs(session)
    return _csv(
        "outstanding",
        ("window", "issuer", "points"),
        [
            (window, names[party], of[at])
            for at, window in enumerate(stood.windows)
            for party, of in sorted(stood.issuers.items())
        ],
    )


def due_lines(session: Session, now: datetime, midnight: datetime) -> list[Line]:
    """All that there is to do: by deadline, then what is stuck longest, then what waits. The day
    began at `midnight`, in the hub's zone."""
    found = [
        *settlement.due.due(session, now),
        *partners.due.due(session, now),
        *exchange.due.due(session, now),
        *staff.due.due(session, now, name=me().name, approves=me().may("approve")),
        *web.due.due(session, now),
    ]
    order = {"due": 0, "stuck": 1, "waits": 2}
    far = now + timedelta(days=36_500)
    found.sort(key=lambda each: (order[each.urgency], each.at or far, each.kind))
    return [_line(each, now, midnight) for each in found]


def _line(due: Due, now: datetime, midnight: datetime) -> Line:
    words, href = _SAYS[due.kind]
    return Line(
        due=due,
        words=_(words, **due.names),
        href=href.format(**due.names),
        when=_when(due, midnight),
        late=due.urgency == "due" and due.at is not None and due.at < now,
    )


def _when(due: Due, midnight: datetime) -> str:
    """`today 24:00`, `7 Nov`: a day that ends is that day, and not the next one's beginning."""
    if due.at is None:
        return ""
    at = due.at.astimezone(midnight.tzinfo)
    if due.urgency != "due":
        when = f"{at:%H:%M}" if at >= midnight else short_day(at.date())
        return _("since %(when)s", when=when)
    ends = at.time() == time()
    day = at.date() - timedelta(days=1) if ends else at.date()
    if day != midnight.date():
        return short_day(day)
    return _("today %(time)s", time="24:00" if ends else f"{at:%H:%M}")


def _short(window: str) -> str:
    """What a bar is called: of a window named after a month the month, of a January the year."""
    if not re.fullmatch(r"\d{4}-\d\d", window) or not 1 <= int(window[5:]) <= 12:
        return window
    first = date(int(window[:4]), int(window[5:]), 1)
    return str(first.year) if first.month == 1 else month_name(first)


def books_stand() -> Standing:
    """How the books stand, read once for a request: every page of the desk says so."""
    found: Standing | None = g.get("books_stand")
    if found is None:
        with here().database.transaction() as session:
            found = g.books_stand = standing(session)
    return found


def failed_words(found: Standing) -> str:
    """How many checks failed."""
    if len(found.failed) == 1:
        return _("Books do not balance: 1 check failed")
    return _("Books do not balance: %(n)s checks failed", n=len(found.failed))


def notice() -> tuple[str, str, str] | None:
    """What every page must say of the books, if anything: tone, words, and where it is told."""
    found = books_stand()
    if not found.balances:
        return "bad", failed_words(found), "/desk"
    if not found.stale(here().clock()):
        return None
    if found.at is None:
        return "warn", _("The books have not been checked yet"), "/desk"
    with here().database.transaction() as session:
        at = found.at.astimezone(ZoneInfo(books.zone(session)))
    when = f"{short_day(at.date())} {at:%H:%M}"
    return "warn", _("The books were last checked at %(time)s", time=when), "/desk"


def _says() -> Callable[[str], str]:
    every = {each.name: each.says for each in (*EVERY, *invariants(since=0, mark=0))}
    return lambda name: every.get(name, "")


def _named(names: Mapping[int, str], party: int, used: list[exposures.Exposure]) -> str:
    slug = names.get(party, str(party))
    return next((each.name for each in used if each.slug == slug), slug)


def _csv(name: str, head: tuple[str, ...], rows: list[tuple[str | int | None, ...]]) -> Response:
    return Response(
        csv_lines.stream(head, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


@pages.record_once
def _wire(state: object) -> None:
    """Let every page of the desk say how the books stand."""
    state.app.extensions.setdefault("desk_notice", notice)  # type: ignore[attr-defined]
