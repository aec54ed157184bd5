"""Brands: what each linked one sees and may do; changed or withdrawn at once; a new one linked."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from kit.forms import Form, tell
from kit.language import gettext as _
from members import brand_links, enrolment, store
from members.brand_links import BrandLink
from members.notices import notify
from members.pages.showing import show, zone
from members.pages.signed_in import Me, me, signed_in
from members.pages.typed import whole
from members.pages.wiring import Brand, Wallets, here
from members.trust import standing

pages = Blueprint("brands", __name__)

SEES = ("nothing", "answers", "balance")


class _Whole(fields.Field):
    """Points a day as people type them."""

    def _deserialize(self, value: Any, *_more: Any, **_others: Any) -> int:
        number = 0 if value in ("0", "０") else whole(value)
        if number is None:
            raise ValidationError(_("Enter a whole number, 0 or more"))
        return number


class Consent(Schema):
    """What a member says that a brand may do."""

    class Meta:
        unknown = EXCLUDE

    sees = fields.String(validate=validate.OneOf(SEES))
    daily_limit = _Whole()


@dataclass(frozen=True, slots=True)
class Shown:
    """A link with the brand it is of."""

    brand: Brand
    link: BrandLink


@pages.get("/brands")
@signed_in
def brands() -> ResponseReturnValue:
    """Every linked brand, by name."""
    person, hub = me(), here()
    return show("members/brands.html", links=_links(person, hub), most=_most(person, hub))


@pages.get("/brands/<slug>")
@signed_in
def brand(slug: str) -> ResponseReturnValue:
    """One of them, with a form to change what it may do."""
    person, hub = me(), here()
    shown = _linked(person, hub, slug)
    most = _most(person, hub)
    form = Form(sees=shown.link.sees, daily_limit=min(shown.link.daily_limit, most))
    return show("members/brand.html", shown=shown, form=form, most=most)


@pages.post("/brands/<slug>")
@signed_in
def change(slug: str) -> ResponseReturnValue:
    """From this second on the brand may do this and no more."""
    person, hub = me(), here()
    shown, most = _linked(person, hub, slug), _most(person, hub)
    form = _consent(most)
    if not form.ok:
        return show("members/brand.html", shown=shown, form=form, most=most), 422
    with hub.database.transaction() as session:
        brand_links.change(session, wallet=person.wallet, party=shown.brand.party, **form.data)
        notify(session, person.person, "consent-changed", party=shown.brand.party)
    _tell_since(_("Changed for %(brand)s", brand=shown.brand.name), hub)
    return redirect(url_for("brands.brand", slug=slug), 303)


@pages.post("/brands/<slug>/withdraw")
@signed_in
def withdraw(slug: str) -> ResponseReturnValue:
    """From this second on the brand may do nothing. Withdrawn twice, it is no brand of hers."""
    person, hub = me(), here()
    shown = _linked(person, hub, slug)
    with hub.database.transaction() as session:
        brand_links.withdraw(session, wallet=person.wallet, party=shown.brand.party)
        notify(session, person.person, "consent-withdrawn", party=shown.brand.party)
    _tell_since(_("Withdrawn from %(brand)s", brand=shown.brand.name), hub)
    return redirect(url_for("brands.brands"), 303)


@pages.get("/link-a-brand")
@signed_in
def link() -> ResponseReturnValue:
    """What a new brand may do, said before it is linked."""
    person, hub = me(), here()
    return _link_page(person, hub, Form(sees="answers", daily_limit=0))


@pages.post("/link-a-brand")
@signed_in
def link_now() -> ResponseReturnValue:
    """The token, in this answer alone: no address, no log and no second look has it."""
    person, hub = me(), here()
    form = _consent(_most(person, hub))
    if not form.ok:
        return _link_page(person, hub, form), 422
    with hub.database.transaction() as session:
        token, until = enrolment.own_token(
            session, member=person.member, secrets_=hub.secrets, now=hub.clock(), **form.data
        )
    return show("members/link.html", form=Form(), token=token, until=until)


@pages.get("/link-a-brand/state")
@signed_in
def link_state() -> ResponseReturnValue:
    """What became of the newest token: it waits, was used by a brand, or is over."""
    person, hub = me(), here()
    with hub.database.transaction() as session:
        row = store.own_token(session, person.member)
    if row is not None and row["used_by"] is not None:
        brand = hub.brands.named([row["used_by"]])[row["used_by"]]
        return render_template(
            "members/link_state.html", state="linked", brand=brand, at=row["used_at"]
        )
    state = "waits" if row is not None and row["expires_at"] > hub.clock() else "over"
    return render_template("members/link_state.html", state=state)


def _link_page(person: Me, hub: Wallets, form: Form) -> str:
    linked = {shown.brand.party for shown in _links(person, hub)}
    return show(
        "members/link.html",
        form=form,
        token="",
        most=_most(person, hub),
        open=[brand for brand in hub.brands.open() if brand.party not in linked],
    )


def _links(person: Me, hub: Wallets) -> list[Shown]:
    """By the brands' names."""
    with hub.database.transaction() as session:
        found = brand_links.every(session, person.wallet)
    brands = hub.brands.named([link.party for link in found])
    return sorted(
        (Shown(brands[link.party], link) for link in found), key=lambda each: each.brand.name
    )


def _linked(person: Me, hub: Wallets, slug: str) -> Shown:
    """A brand that is not linked is answered as one that does not exist."""
    found = next((each for each in _links(person, hub) if each.brand.slug == slug), None)
    return found or abort(404)


def _most(person: Me, hub: Wallets) -> int:
    """Points a day that the member's level lets a brand spend without asking."""
    with hub.database.transaction() as session:
        return standing.limits_of(session, person.person).unapproved_daily


def _consent(most: int) -> Form:
    """What was sent, refused where it is none or more than the member's level allows."""
    form = Form(Consent(), request.form)
    if form.data.get("sees") is None:
        form.errors["sees"] = _("Choose what the brand sees")
    limit = form.data.get("daily_limit")
    if limit is None:
        form.refuse("daily_limit", _("Enter a whole number, 0 or more"))
    elif limit > most:
        form.refuse(
            "daily_limit",
            _("Enter %(n)s or less: your trust level allows no more a day.", n=f"{most:,}"),
        )
    return form


def _tell_since(title: str, hub: Wallets) -> None:
    """Said when it is committed: from then on every till that asks is answered by it."""
    with hub.database.transaction() as session:
        at = hub.clock().astimezone(zone(session))
    tell("ok", title, _("In force since %(time)s.", time=f"{at:%H:%M:%S}"))
