"""Activity: everything that happened in the wallet, filtered; and a receipt for each of it."""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from kit import csv_lines, ids, periods
from kit.clock import rfc3339
from kit.forms import Form, tell
from kit.language import gettext as _
from kit.periods import Period
from members import activity as movements
from members.activity import KINDS, Movement, Wanted
from members.pages.showing import file, kind_word, show, zone
from members.pages.signed_in import me, signed_in
from members.pages.wiring import Brand, Wallets, here

pages = Blueprint("activity", __name__)

AT_ONCE = 500  # journals of a file, read in one transaction
COLUMNS = (
    *("at", "kind", "brand", "points", "reference", "id"),
    *("undoes", "their_points", "fee"),
)


class _Typed(fields.String):
    """A period as it is typed."""

    def _deserialize(self, value: Any, *_more: Any, **_others: Any) -> Period:  # type: ignore[override]
        period = periods.read(str(value))
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
        return _page(form, wanted, hub, by_day=[], newest="", older=""), 422
    there = functools.partial(url_for, "activity.activity", **_query(wanted))
    before = request.args.get("before")
    canonical = wanted.query | ({"before": before} if before else {})
    if [*request.args.items(multi=True)] != [*canonical.items()]:
        return redirect(there(before=before) if before else there(), 303)
    cursor = ids.from_text("jrn", before) if before else None
    with hub.database.transaction() as session:
        place = zone(session)
        found = None
        if cursor or not before:
            found = movements.page(session, person.wallet, wanted, place, before=cursor)
    if found is None:
        tell("info", _("That place in the list is gone"), _("This is the first page."))
        return redirect(there(), 303)
    return _page(
        form,
        wanted,
        hub,
        by_day=movements.by_day(found.movements, place),
        newest=there() if before else "",
        older=there(before=ids.to_text("jrn", found.older)) if found.older else "",
    )


@pages.get("/wallet/activity.csv")
@signed_in
def activity_file() -> ResponseReturnValue:
    """Everything that is wanted, however much: read and sent a piece at a time."""
    person, hub = me(), here()
    form, wanted = _read(hub)
    if form.errors:
        return redirect(url_for("activity.activity", **request.args.to_dict()), 303)  # type: ignore[arg-type]
    brands = hub.brands.all()
    rows = (_row(one, brands) for one in _every(hub, person.wallet, wanted))
    return file(csv_lines.stream(COLUMNS, rows), "activity")


@pages.get("/wallet/activity/<movement>")
@signed_in
def entry(movement: str) -> ResponseReturnValue:
    """The receipt of one movement, and what belongs to it; of a hold its state at this moment."""
    person, hub = me(), here()
    with hub.database.transaction() as session:
        found = movements.one(session, person.wallet, movement)
        if found is None or found.public_id != movement:  # Somebody else's is as good as none.
            abort(404)
        lots = movements.parts(session, person.wallet, found)
        related = movements.related(session, person.wallet, found)
    only = request.args.get("part") == "1"
    return show(
        "members/entry_facts.html" if only else "members/entry.html",
        entry=found,
        lots=lots,
        related=related,
    )


def _read(hub: Wallets) -> tuple[Form, Wanted]:
    """The filters of the URL; those that are wrong are left out and said."""
    form = Form(Filters(), request.args)
    kind = form.data.get("kind")
    if kind not in (None, *KINDS):
        form.refuse("kind", _("Choose a kind from the list"))
        kind = None
    brand = None
    if slug := form.data.get("brand"):
        brand = next((each for each in hub.brands.all().values() if each.slug == slug), None)
        if brand is None:
            form.refuse("brand", _("Choose a brand from the list"))
    return form, Wanted(kind=kind, brand=brand, period=form.data.get("period"))


def _query(wanted: Wanted, without: str = "") -> dict[str, Any]:
    return {name: value for name, value in wanted.query.items() if name != without}


def _page(form: Form, wanted: Wanted, hub: Wallets, **found: Any) -> str:
    """The page of a list; `kinds` and `names` are what the filters offer."""
    brands = sorted(hub.brands.all().values(), key=lambda brand: brand.name)
    return show(
        "members/activity.html",
        form=form,
        wanted=wanted,
        without={
            name: url_for("activity.activity", **_query(wanted, name)) for name in wanted.query
        },
        kinds=[("", _("Everything")), *((kind, kind_word(kind)) for kind in KINDS)],
        names=[("", _("Any brand")), *((brand.slug, brand.name) for brand in brands)],
        file=url_for("activity.activity_file", **_query(wanted)),
        **found,
    )


def _every(hub: Wallets, wallet: int, wanted: Wanted) -> Iterator[Movement]:
    """All that is wanted, newest first; no transaction waits for whoever reads slowly."""
    before = None
    while True:
        with hub.database.transaction() as session:
            found = movements.page(
                session, wallet, wanted, zone(session), before=before, limit=AT_ONCE
            )
        if found is None:
            return
        yield from found.movements
        before = found.older
        if before is None:
            return


def _row(one: Movement, brands: Mapping[int, Brand]) -> tuple[str | int | None, ...]:
    brand = brands.get(one.party) if one.party is not None else None
    return (
        rfc3339(one.at),
        one.kind,
        brand.name if brand else None,
        one.points,
        one.reference if one.at_a_brand else None,
        one.public_id,
        ids.to_text("jrn", one.undoes) if one.undoes else None,
        one.theirs,
        one.fee,
    )
