"""Activity: everything that happened in the wallet, filtered; and a receipt for each of it."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from sqlalchemy.orm import Session

from exchange import history
from exchange.history import Entry
from kit import csv_lines, ids, periods
from kit.clock import rfc3339
from kit.forms import Form, tell
from kit.language import gettext as _
from kit.periods import Period
from members.activity import KINDS, Wanted, by_day, id_of, read_id
from members.pages.showing import file, kind_word, show, zone
from members.pages.signed_in import me, signed_in
from members.pages.wiring import Brand, Wallets, here

pages = Blueprint("activity", __name__)

PAGE = 50  # entries
AT_ONCE = 500  # entries of a file, read in one transaction
COLUMNS = (
    *("at", "kind", "brand", "points", "reference", "id"),
    *("undoes", "their_points", "fee"),
)


class _Typed(fields.String):
    """A period as it is typed."""

    def _deserialize(self, value: Any, *more: Any, **others: Any) -> Period:  # type: ignore[override]
        period = periods.read(super()._deserialize(value, *more, **others) or "")
        if period is None:
            raise ValidationError(
                _("Enter a month, a quarter or days: 2026-11, 2026-Q3, 2026-11-01..15")
            )
        return period


class Filters(Schema):
    """What the filter's form may send; anything else is left unread."""

    class Meta:
        unknown = EXCLUDE

    kind = fields.String()
    brand = fields.String()
    period = _Typed()


@pages.get("/wallet/activity")
@signed_in
def activity() -> ResponseReturnValue:
    """A page of what is wanted, newest first. A cursor that is none any more is said so."""
    person, hub = me(), here()
    form, wanted = _read(hub)
    if form.errors:
        return _page(form, wanted, hub, by_day=[], newer="", older=""), 422
    cursors = {n: request.args[n] for n in ("before", "after") if n in request.args}
    canonical = wanted.query | cursors
    if len(cursors) > 1 or [*request.args.items(multi=True)] != [*canonical.items()]:
        return redirect(url_for("activity.activity", **wanted.query), 303)
    with hub.database.transaction() as session:
        place = zone(session)
        found = _list(session, person.wallet, cursors, wanted.terms(place))
    if found is None:
        tell("info", _("That place in the list is gone"), _("This is the first page."))
        return redirect(url_for("activity.activity", **wanted.query), 303)
    at = functools.partial(url_for, "activity.activity", **wanted.query)
    return _page(
        form,
        wanted,
        hub,
        by_day=by_day(found.entries, place),
        newer=at(after=id_of(found.entries[0])) if found.has_newer else "",
        older=at(before=id_of(found.entries[-1])) if found.has_older else "",
    )


@pages.get("/wallet/activity.csv")
@signed_in
def activity_file() -> ResponseReturnValue:
    """Everything that is wanted, however much: read and sent a piece at a time."""
    person, hub = me(), here()
    form, wanted = _read(hub)
    if form.errors:
        return redirect(url_for("activity.activity", **request.args), 303)
    with hub.database.transaction() as session:
        terms = wanted.terms(zone(session))
    brands = hub.brands.all()
    rows = (_row(entry, brands) for entry in _every(hub, person.wallet, terms))
    return file(csv_lines.stream(COLUMNS, rows), "activity")


@pages.get("/wallet/activity/<entry>")
@signed_in
def entry(entry: str) -> ResponseReturnValue:
    """The receipt of one movement, and what belongs to it; of a hold its state at this moment."""
    person, hub = me(), here()
    named = read_id(entry)
    if named is None:
        abort(404)
    with hub.database.transaction() as session:
        found = history.entry(session, person.wallet, named[1])
        if found is None or id_of(found) != entry:  # Somebody else's is as good as none.
            abort(404)
        facts = {
            "entry": found,
            "lots": history.entry_lots(session, person.wallet, found),
            "undoes": history.entry(session, person.wallet, found.undoes) if found.undoes else None,
            "undone_by": history.undone_by(session, person.wallet, found.id),
        }
    waits = found.kind == "held" and found.state == "held"
    part = request.args.get("part") == "1"
    template = "members/entry_facts.html" if part else "members/entry.html"
    return show(template, id=entry, waits=waits, **facts)


def _read(hub: Wallets) -> tuple[Form, Wanted]:
    """The filters of the URL; those that are wrong are left out and said."""
    form = Form(Filters(), request.args)
    if form.data.get("kind") not in (None, *KINDS):
        form.refuse("kind", _("Choose a kind from the list"))
    brand = None
    if slug := form.data.get("brand"):
        brand = next((each for each in hub.brands.all().values() if each.slug == slug), None)
        if brand is None:
            form.refuse("brand", _("Choose a brand from the list"))
    return form, Wanted(kind=form.data.get("kind"), brand=brand, period=form.data.get("period"))


def _page(form: Form, wanted: Wanted, hub: Wallets, **found: Any) -> str:
    """The page of a list; `kinds` and `names` are what the filters offer."""
    brands = sorted(hub.brands.all().values(), key=lambda brand: brand.name)
    without = {
        name: url_for("activity.activity", **{n: v for n, v in wanted.query.items() if n != name})
        for name in wanted.query
    }
    return show(
        "members/activity.html",
        form=form,
        wanted=wanted,
        without=without,
        kinds=[("", _("Everything")), *((kind, kind_word(kind)) for kind in KINDS)],
        names=[("", _("Any brand")), *((brand.slug, brand.name) for brand in brands)],
        file=url_for("activity.activity_file", **wanted.query),
        **found,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    entries: list[Entry]
    has_newer: bool
    has_older: bool


def _list(
    session: Session, wallet: int, cursors: dict[str, str], terms: dict[str, Any]
) -> _Found | None:
    """A page before or after an entry, or the newest; None where the cursor is none of hers."""
    place = None
    for text in cursors.values():
        named = read_id(text)
        place = history.entry(session, wallet, named[1]) if named else None
        if place is None:
            return None
    page = functools.partial(history.page, session, wallet, limit=PAGE + 1, **terms)
    if "after" in cursors:
        found = page(after=place)
        more, found = len(found) > PAGE, found[-PAGE:]
        return _Found(found, more, bool(found)) if found else None
    found = page(before=place)
    if not found and place is not None:
        return None
    return _Found(found[:PAGE], place is not None, len(found) > PAGE)


def _every(hub: Wallets, wallet: int, terms: dict[str, Any]) -> Iterator[Entry]:
    """All entries, newest first; no transaction waits for whoever reads slowly."""
    before = None
    while True:
        with hub.database.transaction() as session:
            found = history.page(session, wallet, before=before, limit=AT_ONCE, **terms)
        yield from found
        if len(found) < AT_ONCE:
            return
        before = found[-1]


def _row(entry: Entry, brands: Mapping[int, Brand]) -> tuple[str | int | None, ...]:
    brand = brands.get(entry.party) if entry.party is not None else None
    return (
        rfc3339(entry.at),
        entry.kind,
        brand.name if brand else None,
        entry.points,
        entry.reference,
        id_of(entry),
        ids.to_text("jrn", entry.undoes) if entry.undoes else None,
        entry.theirs,
        entry.fee,
    )
