"""The audit log: who did what, from where, before and after; and the proof that it is sealed."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

import exchange.store
from kit import ids, periods
from kit.clock import rfc3339
from kit.database import Database
from kit.forms import tell
from kit.language import gettext as _
from kit.language import mark
from settlement.sealing import entry_proofs, heads
from settlement.sealing import store as sealed
from settlement.sealing.errors import EntryNotSealed, HeadNotFound
from staff.audit import reading
from staff.audit.errors import EntryNotFound
from staff.audit.reading import Entry, Place, Wanted
from staff.audit.recording import COMMAND_LINE
from staff.audit.words import WHAT
from web.desk.files import as_csv, as_file
from web.desk.listing import Asked, Page, cursor
from web.desk.signed_in import signed_in
from web.desk.wiring import here
from web.frame.formats import MINUS, short_id

pages = Blueprint("desk_audit", __name__, url_prefix="/desk")

FILTERS = ("who", "what", "period", "object")
COLUMNS = ("id", "at", "who", "what", "object", "from", "reason", "before", "after")
SEALED_BY = timedelta(minutes=1)  # An entry that waits longer is late: sealing runs every ten s.

# What does not hold of an entry's seal, by `Standing.wrong`.
WRONG = {
    "entry": mark("The entry is not what was sealed."),
    "path": mark("The entry is not under its signed head."),
    "signature": mark("Its head is not signed by the hub."),
    "kept": mark("The entry is not under the head that is kept outside the database."),
}

_ID = re.compile("[a-z]{3}_[0-9a-z]{26}")

# Where an object's own page is, by the word before its name.
_PLACES = {
    "window": "/desk/windows/",
    "partner": "/desk/partners/",
    "dispute": "/desk/disputes/",
    "exchange": "/desk/health/exchanges/",
    "reconciliation": "/desk/reconciliation/",
    "operator": "/desk/people/",
    "member": "/desk/members/",
}

# How the facts are called that change most; others are called what they are called in the log.
FACTS = {
    "state": mark("State"),
    "kind": mark("Kind"),
    "content": mark("Content"),
    "hash": mark("Content hash"),
    "proposal": mark("Proposal"),
    "roles": mark("Roles"),
    "amount": mark("Amount"),
}

STATES = {
    "open": mark("Open"),
    "closing": mark("Closing"),
    "closed": mark("Closed"),
    "approved": mark("Approved"),
    "paying": mark("Paying"),
    "settled": mark("Settled"),
    "aborted": mark("Aborted"),
    "waiting": mark("Awaiting approval"),
    "withdrawn": mark("Withdrawn"),
    "active": mark("Active"),
    "suspended": mark("Suspended"),
}

Change = tuple[str, str | None, str | None]  # what is called how, before, after; None: no such fact


@pages.get("/audit")
@signed_in()
def log() -> ResponseReturnValue:
    """The newest entries, by who, what, period and object."""
    asked = Asked(filters=FILTERS, sorts=("at",), default="-at")
    error = ""
    period = periods.read(asked.filters["period"]) if asked.filters["period"] else None
    if asked.filters["period"] and period is None:
        error = _("Enter a period such as 2026-10, 2026-Q3 or 2026-11-01..15")
    with here().database.transaction() as session:
        zone = exchange.store.zone(session)
    begins, ends = period.moments(zone) if period else (None, None)
    wanted = Wanted(
        who=asked.filters["who"],
        what=asked.filters["what"],
        object=asked.filters["object"],
        begins=begins,
        ends=ends,
    )
    if asked.csv and not error:
        return _csv(wanted)
    with here().database.transaction() as session:
        page = Page([], "", "") if error else _page(session, wanted, asked)
        people, latest = reading.people(session), sealed.latest_head(session)
    return render_template(
        "desk/audit.html",
        asked=asked,
        page=page,
        error=error,
        people=[(name, name) for name in people],
        latest=latest,
        words=_words(),
        place_of=place_of,
        place=_from_where,
        short=_short,
        utc=rfc3339,
    ), (422 if error else 200)


@pages.get("/audit/<name>")
@signed_in()
def entry(name: str) -> ResponseReturnValue:
    """One entry: before and after, from where, and how it stands in the sealed log."""
    hub = here()
    with hub.database.transaction() as session:
        found = _find(session, name)
        standing = entry_proofs.standing(session, found.id, hub.signer, hub.settings.public_keys)
    late = standing.head is None and hub.clock() - found.at > SEALED_BY
    return render_template(
        "desk/audit_entry.html",
        entry=found,
        changes=changes(found),
        standing=standing,
        wrong=_(WRONG[standing.wrong]) if standing.wrong else "",
        late=late,
        words=_words(),
        place_of=place_of,
        place=_from_where,
        utc=rfc3339,
    )


@pages.post("/audit/<name>/verify")
@signed_in()
def verify(name: str) -> ResponseReturnValue:
    """Compute the entry's leaf and its ways once more; anybody may, it changes nothing."""
    hub = here()
    with hub.database.transaction() as session:
        found = _find(session, name)
        standing = entry_proofs.standing(session, found.id, hub.signer, hub.settings.public_keys)
    now = rfc3339(hub.clock())
    if standing.wrong:
        tell("bad", _("Verified again at %(at)s.", at=now), _(WRONG[standing.wrong]))
    elif standing.head is None:
        tell("warn", _("This entry is not sealed yet."))
    elif standing.kept is None:
        tell("ok", _("Verified again at %(at)s.", at=now))
    else:
        tell(
            "ok",
            _("Verified again at %(at)s.", at=now),
            _(
                "Leaf and path were computed anew, up to head %(n)s, which is kept outside the"
                " database.",
                n=f"{standing.kept.size:,}",
            ),
        )
    return redirect(url_for("desk_audit.entry", name=name), 303)


@pages.get("/audit/<name>/proof")
@signed_in()
def proof(name: str) -> ResponseReturnValue:
    """The proof as a file; `kept` is the size of a head that the reader kept."""
    kept = request.args.get("kept", "").replace(",", "").strip()
    if kept and not (kept.isascii() and kept.isdecimal() and len(kept) < 19):
        abort(404)
    hub = here()
    with hub.database.transaction() as session:
        found = _find(session, name)
        try:
            facts = entry_proofs.prove(
                session, found.id, hub.signer.secret, kept=int(kept) if kept else None
            )
        except EntryNotSealed:
            tell("warn", _("This entry is not sealed yet."))
            return redirect(url_for("desk_audit.entry", name=name), 303)
        except HeadNotFound:
            tell("bad", _("No head of the sealed log covers %(n)s leaves.", n=kept))
            return redirect(url_for("desk_audit.entry", name=name), 303)
    return _download(facts, f"{found.name}.json")


@pages.get("/audit/head")
@signed_in()
def head() -> ResponseReturnValue:
    """The latest head as a file to keep: it is what the hub cannot take back."""
    with here().database.transaction() as session:
        latest = sealed.latest_head(session)
    if latest is None:
        abort(404)
    return _download(heads.as_facts(latest), f"tree-head-{latest.size}.json")


def changes(found: Entry) -> list[Change]:
    """What differs before and after; all of it when there is only the one or the other."""
    before, after = _flat(found.before), _flat(found.after)
    return [
        (_fact(name), _shown(name, before.get(name)), _shown(name, after.get(name)))
        for name in dict.fromkeys((*before, *after))
        if name not in before or name not in after or before[name] != after[name]
    ]


def place_of(object_: str) -> str:
    """Where an object has a page of its own; empty where it has none."""
    word, _gap, name = object_.partition(" ")
    if word in _PLACES and name and "/" not in name:
        return _PLACES[word] + name
    if ids.from_text("prp", object_):
        return f"/desk/approvals/{object_}"
    return ""


def _find(session: Session, name: str) -> Entry:
    id_ = ids.from_text("aud", name)
    if id_ is None:
        abort(404)
    try:
        return reading.get(session, id_)
    except EntryNotFound:
        abort(404)


def _page(session: Session, wanted: Wanted, asked: Asked) -> Page:
    """Some entries and where the neighbours are; a place that is none is the first page."""
    after, before = _place(asked.after), _place(asked.before)
    some = asked.size + 1
    if before is not None:
        rows = _read(session, wanted, before, some, newest_first=not asked.descending)
        rows, first, last = rows[: asked.size][::-1], len(rows) < some, False
    else:
        rows = _read(session, wanted, after, some, newest_first=asked.descending)
        rows, first, last = rows[: asked.size], after is None, len(rows) < some
    return Page(
        rows,
        "" if first or not rows else asked.url(before=cursor(rows[0].at, rows[0].id)),
        "" if last or not rows else asked.url(after=cursor(rows[-1].at, rows[-1].id)),
    )


def _read(
    session: Session, wanted: Wanted, place: Place | None, limit: int, *, newest_first: bool
) -> list[Entry]:
    if newest_first:
        return reading.newest(session, wanted, before=place, limit=limit)
    return reading.oldest(session, wanted, after=place, limit=limit)


def _place(said: list[Any] | None) -> Place | None:
    try:
        at, id_ = said or ("", "")
        place = datetime.fromisoformat(at), UUID(id_)
    except (ValueError, TypeError, AttributeError):
        return None
    return place if place[0].tzinfo else None


def _csv(wanted: Wanted) -> Response:
    """All that is wanted, the newest first, as it is read."""

    def rows(database: Database) -> Iterator[tuple[str, ...]]:
        with database.transaction() as session:
            for each in reading.every(session, wanted):
                yield (
                    each.name,
                    rfc3339(each.at),
                    each.who,
                    each.what,
                    each.object,
                    each.place,
                    each.reason,
                    _json(each.before),
                    _json(each.after),
                )

    return as_csv(COLUMNS, rows(here().database), "audit-log")


def _words() -> dict[str, str]:
    return {what: _(words) for what, words in WHAT.items()}


def _fact(name: tuple[str, ...]) -> str:
    return " · ".join(_(FACTS[each]) if each in FACTS else each.replace("_", " ") for each in name)


def _from_where(place: str, *, whole: bool = False) -> str:
    """Address, way of coming in and session; without the session unless it is to be `whole`."""
    if place == COMMAND_LINE:
        return _("command line")
    return place if whole else place.partition(", ses_")[0]


def _short(object_: str) -> str:
    """`prp_…7K2Q9D` in lists, as all ids are."""
    return _ID.sub(lambda found: short_id(found[0]), object_)


def _flat(facts: Mapping[str, Any] | None) -> dict[tuple[str, ...], Any]:
    """Facts by their names, those of facts within facts by both."""
    found: dict[tuple[str, ...], Any] = {}
    for name, value in (facts or {}).items():
        if isinstance(value, dict) and value:
            found |= {(name, *inner): each for inner, each in _flat(value).items()}
        else:
            found[name,] = value
    return found


def _shown(name: tuple[str, ...], value: Any) -> str | None:
    """A fact as one reads it; what has a page of its own leads there."""
    match value:
        case None:
            return None
        case str() if name[-1] == "state" and value in STATES:
            return _(STATES[value])
        case str() if place := place_of(value):
            return Markup('<a href="{}">{}</a>').format(place, value)
        case str():
            return value
        case list() if all(isinstance(each, str) for each in value):
            return ", ".join(value)
        case int():
            return f"{value:,}".replace("-", MINUS) if not isinstance(value, bool) else _json(value)
        case _:
            return _json(value)


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _download(facts: Mapping[str, Any], name: str) -> Response:
    body = json.dumps(facts, ensure_ascii=False, indent=2) + "\n"
    return as_file(body.encode(), name, "application/json")
