"""Reconciliation: a partner's records beside ours."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit.clock import rfc3339
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from partners import registry
from settlement import store as windows
from settlement.reconciliation import files, findings, store
from settlement.reconciliation.answering import Place
from settlement.reconciliation.matching import OUTCOMES
from settlement.reconciliation.store import Reconciliation
from settlement.store import take_time
from staff.roles import Power, who_may
from web.desk.files import as_csv
from web.desk.listing import Asked, Page, cursor, cut
from web.desk.record_findings import (
    SIDES,
    WORDS,
    find_record,
    partner_of,
    record_id,
    shown_as,
    translated,
)
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_reconciliation", __name__, url_prefix="/desk")

MOST = 2_000  # records that a list looks through

STATES = {
    "": mark("all"),
    "unanswered": mark("Needs a person"),
    "waiting": mark("Waiting to be matched"),
    "matching": mark("Being matched"),
    "loading": mark("Being received"),
    "differs": mark("With differences"),
    "closed": mark("All lines match"),
}
SAID = {
    "explained": mark("Explained: nothing follows"),
    "accepted": mark("Our record stands"),
    "correction": mark("The partner corrects"),
    "disputed": mark("Contested"),
}


# --- all of them ----------------------------------------------------------------------------------


@pages.get("/reconciliation")
@signed_in()
def work_list() -> ResponseReturnValue:
    """Every record that partners sent; those that need a person first."""
    asked = Asked(
        filters=("partner", "window", "state"),
        sorts=("need", "partner", "window", "received", "lines", "open"),
        default="-need",
    )
    with here().database.transaction() as session:
        partners = {each.party: each for each in registry.listed(session)}
        found, looked_for = _found(session, asked, {p.slug: p.party for p in partners.values()})
    name = {party: each.name for party, each in partners.items()}
    if asked.csv:
        return _list_csv(found, name)
    keys = {
        "need": lambda each: (each.unanswered > 0, each.id.hex),
        "partner": lambda each: (name[each.party], each.id.hex),
        "window": lambda each: (each.window, each.id.hex),
        "received": lambda each: (each.id.hex,),
        "lines": lambda each: (each.lines, each.id.hex),
        "open": lambda each: (each.unanswered, each.id.hex),
    }
    return render_template(
        "desk/reconciliation.html",
        asked=asked,
        page=cut(found, asked, keys[asked.by]),
        names=name,
        partners=[("", _("all")), *((each.slug, each.name) for each in partners.values())],
        states=[(state, _(words)) for state, words in STATES.items()],
        sides=translated(SIDES),
        state_of=state_of,
        rec=record_id,
        some=looked_for,
        may=me().may("reconcile"),
        roles=who_may(Power.RECONCILE),
    )


def _found(
    session: Session, asked: Asked, parties: dict[str, int]
) -> tuple[list[Reconciliation], bool]:
    """What the filters want, and whether there is more than a list looks through."""
    slug, name, state = (asked.filters[each] for each in ("partner", "window", "state"))
    window = windows.find_window(session, name) if name else None
    if (slug and slug not in parties) or (name and window is None) or state not in STATES:
        return [], False
    found = store.work_list(
        session,
        party=parties.get(slug),
        window=window.id if window else None,
        state=state,
        limit=MOST + 1,
    )
    return found[:MOST], len(found) > MOST


def _list_csv(found: Sequence[Reconciliation], names: dict[int, str]) -> Response:
    head = ("id", "partner", "window", "side", "received", "state", "lines", "points", "open")
    rows = (
        (
            record_id(each),
            names[each.party],
            each.window,
            each.side,
            rfc3339(each.created_at),
            each.state,
            each.lines,
            each.points,
            each.unanswered,
        )
        for each in found
    )
    return as_csv(head, rows, "reconciliation")


def state_of(record: Reconciliation) -> tuple[str, str]:
    """A record's state: its tone and its word."""
    if record.state == "closed":
        return "done", _("All lines match")
    if record.state == "differs":
        return ("wait", _("Needs a person")) if record.unanswered else ("done", _("Answered"))
    return {
        "loading": ("neutral", _("Being received")),
        "waiting": ("wait", _("Waiting to be matched")),
        "matching": ("info", _("Being matched")),
    }[record.state]


# --- one of them ----------------------------------------------------------------------------------


@pages.get("/reconciliation/<name>")
@signed_in()
def one(name: str) -> ResponseReturnValue:
    """What does not agree, both records side by side; what does is folded."""
    asked = Asked(filters={"show": "open"})
    outcome = asked.filters["show"]
    with here().database.transaction() as session:
        record = find_record(session, name)
        wanted = [outcome] if outcome in OUTCOMES else list(findings.OPEN)
        if asked.csv:
            return _findings_csv(session, record, wanted)
        facts = findings.summary(session, record)
        page = _page(session, record, wanted, asked) if record.matched_at else Page([], "", "")
        partner = partner_of(session, record.party)
        parts = store.parts(session, record.id)
    counts = {each["outcome"]: each for each in facts.get("outcomes", ())}
    return render_template(
        "desk/reconciliation_one.html",
        record=record,
        rec=record_id(record),
        partner=partner,
        asked=asked,
        page=page,
        counts=counts,
        parts=parts,
        state=state_of(record),
        side=_(SIDES[record.side]),
        words={name: (_(word), tone) for name, (word, tone) in WORDS.items()},
        said=translated(SAID),
        may=me().may("reconcile"),
        may_contest=me().may("reconcile") and me().may("disputes"),
        roles=who_may(Power.RECONCILE),
        dsp=lambda id_: to_text("dsp", id_),
    )


@pages.get("/reconciliation/<name>/progress")
@signed_in()
def progress(name: str) -> ResponseReturnValue:
    """How far the matching has come; once it is done, the page is loaded anew."""
    with here().database.transaction() as session:
        record = find_record(session, name)
    if record.matched_at is not None:
        return redirect(url_for("desk_reconciliation.one", name=name), 303)
    return render_template("desk/reconciliation_progress.html", record=record)


def _page(session: Session, record: Reconciliation, wanted: list[str], asked: Asked) -> Page:
    after, before = _place_of(asked.after), _place_of(asked.before)
    size = asked.size
    if before is not None:
        rows = store.findings_before(session, record.id, wanted, before=before, limit=size)
        more = len(rows) > size
        rows, first, last = rows[-size:], not more, False
    else:
        rows = store.findings(session, record.id, wanted, after=after or ("", 0), limit=size)
        first, last = after is None, len(rows) <= size
        rows = rows[:size]
    ends = [(row["outcome"], row["number"]) for row in rows]
    return Page(
        [shown_as(row, record) for row in rows],
        "" if first or not rows else asked.url(before=cursor(*ends[0])),
        "" if last or not rows else asked.url(after=cursor(*ends[-1])),
    )


def _place_of(said: list[Any] | None) -> Place | None:
    match said:
        case [str() as outcome, int() as number]:
            return outcome, number
    return None


def _findings_csv(session: Session, record: Reconciliation, wanted: list[str]) -> Response:
    """All that is wanted; only so many as a file through the API has."""
    findings.check_matched(record)
    take_time(session)
    rows = store.findings(session, record.id, wanted, after=("", 0), limit=50_000)
    head = (*files.COLUMNS, "answer", "reason", "said_by", "said_at")
    lines = [
        (
            *files.row_of(findings.told(row, record.side)),
            row["resolution"],
            row["words"],
            row["said_by"],
            row["answered_at"] and rfc3339(row["answered_at"]),
        )
        for row in rows[:50_000]
    ]
    return as_csv(head, lines, f"{record_id(record)}-{'-'.join(wanted)}"[:120])
