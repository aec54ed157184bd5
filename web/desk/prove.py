"""A fresh proof: what cannot be undone asks again who it is, for somebody may hold the desk."""

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit.forms import Form
from kit.language import gettext as _
from staff.audit.recording import record
from staff.people import entering, limits, passkeys, store
from staff.people.entering import Locked
from staff.people.limits import PASSKEYS_FROM_A_NETWORK
from web.desk.coming_in import address, provider_name, site, too_many, way_back
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_prove", __name__, url_prefix="/desk")


@pages.get("/prove")
@signed_in()
def prove() -> str:
    """By whatever way somebody has."""
    return _page(Form(), way_back(request.args.get("next")))


@pages.post("/prove")
@signed_in()
def by_code() -> ResponseReturnValue:
    """By a code of the app."""
    form, to, now = Form(None, request.form), way_back(request.form.get("next")), here().clock()
    with here().database.transaction() as within:
        checked = entering.check_code(
            within, here().secrets, me().operator, me().name, form.typed.get("code", ""), now
        )
        if checked is True:
            _proved(within, "code")
    if checked is True:
        return redirect(to, 303)
    if isinstance(checked, Locked):
        form.refuse("code", too_many(checked.until))
        return _page(form, to), 429
    form.refuse("code", _("That code is wrong, used or too old. Wait for the next one."))
    return _page(form, to), 422


@pages.post("/prove/passkey/options")
@signed_in()
def passkey_options() -> ResponseReturnValue:
    """What the browser asks this person's passkeys to sign."""
    now = here().clock()
    with here().database.transaction() as within:
        if limits.take(within, here().secrets, PASSKEYS_FROM_A_NETWORK, address(), now):
            return Response(status=429)
        options = passkeys.to_use(
            within,
            here().secrets,
            site(),
            purpose="prove",
            holder=me().session.hex,
            operator=me().operator,
            now=now,
        )
    return Response(options, content_type="application/json")


@pages.post("/prove/passkey")
@signed_in()
def by_passkey() -> ResponseReturnValue:
    """By a passkey of this very person."""
    to, now = way_back(request.form.get("next")), here().clock()
    with here().database.transaction() as within:
        row = passkeys.use(
            within,
            here().secrets,
            site(),
            request.form.get("credential", ""),
            purpose="prove",
            holder=me().session.hex,
            now=now,
        )
        mine = row is not None and row["operator_id"] == me().operator
        if mine:
            _proved(within, "passkey")
        else:
            entering.refused(within, me().name, "passkey", now)
    return redirect(to, 303) if mine else (_page(Form(), to, refused=True), 422)


@pages.post("/prove/here")
@signed_in()
def by_link() -> ResponseReturnValue:
    """By a press, for who came by a link: such sessions are of development alone."""
    if here().settings.production or me().how != "link":
        abort(404)
    with here().database.transaction() as within:
        _proved(within, "link")
    return redirect(way_back(request.form.get("next")), 303)


def _proved(within: Session, by: str) -> None:
    now = here().clock()
    store.note_proof(within, me().session, now)
    record(within, who=me().name, what="proved", object_=f"operator {me().name}", now=now,
           after={"by": by})  # fmt: skip


def _page(form: Form, to: str, *, refused: bool = False) -> str:
    with here().database.transaction() as within:
        row = store.operator(within, me().operator)
        has_passkey = bool(store.passkeys_of(within, me().operator))
        has_app = store.totp_of(within, me().operator) is not None
    return render_template(
        "desk/prove.html",
        form=form,
        next=to,
        refused=refused,
        has_passkey=has_passkey,
        has_app=has_app,
        provider=provider_name() if row is not None and row["subject"] else "",
        by_link=me().how == "link" and not here().settings.production,
    )
