"""Signing in at the desk: by passkey, by password and a code, or by the provider.

Nothing here says whether somebody has a name: the answers are the same, and take as long.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from kit import ids
from kit.forms import Form, tell
from kit.language import gettext as _
from staff.audit.recording import record
from staff.people import entering, limits, passkeys, sessions, sign_in_links, store
from staff.people.entering import Known, Locked
from staff.people.errors import HashingBusy
from staff.people.limits import PASSKEYS_FROM_A_NETWORK, TRIES_FROM_A_NETWORK
from web.desk.coming_in import (
    address,
    arriving,
    enter,
    forget,
    let_in,
    passwords,
    provider_name,
    site,
    too_many,
    way_back,
)
from web.desk.signed_in import HOME, let_go, me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_sign_in", __name__, url_prefix="/desk")

FIRST: Final = "desk_first"  # whose password was right, in a cookie that only the hub can write
VALID: Final = timedelta(minutes=10)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Who one is."""
    to = way_back(request.args.get("next"))
    if g.get("me") is not None:
        return redirect(to, 303)
    return _page(Form(), to)


@pages.post("/sign-in")
def password() -> ResponseReturnValue:
    """A name and a password; a code is asked for next."""
    form, to = Form(None, request.form), way_back(request.form.get("next"))
    name, given = form.typed.get("name", ""), request.form.get("password", "")
    if not name:
        form.refuse("name", _("Enter your name at the desk."))
    if not given:
        form.refuse("password", _("Enter your password."))
    if not form.ok:
        return _page(form, to), 422
    try:
        with arriving("password"):
            checked = entering.check_password(
                here().database,
                here().secrets,
                passwords(),
                name=name,
                password=given,
                network=address(),
                now=here().clock(),
            )
    except HashingBusy:
        form.refuse("password", _("Many sign in at this moment. Try again in a minute."))
        return _page(form, to), 503
    if isinstance(checked, Locked):
        form.refuse("password", too_many(checked.until))
        return _page(form, to), 429
    if checked is None:
        form.refuse("password", _("The name or the password is wrong."))
        return _page(form, to), 422
    session[FIRST] = _first(checked, to)
    return redirect("/desk/sign-in/code", 303)


@pages.get("/sign-in/code")
def code() -> ResponseReturnValue:
    """The second step."""
    return _code_page(Form()) if _began() else redirect("/desk/sign-in", 303)


@pages.post("/sign-in/code")
def use_code() -> ResponseReturnValue:
    """By a code of the app."""
    return _second("code")


@pages.get("/sign-in/recovery")
def recovery() -> ResponseReturnValue:
    """The second step, for who has lost the app."""
    return _recovery_page(Form()) if _began() else redirect("/desk/sign-in", 303)


@pages.post("/sign-in/recovery")
def use_recovery() -> ResponseReturnValue:
    """By a recovery code."""
    return _second("recovery")


@pages.post("/sign-in/passkey/options")
def passkey_options() -> ResponseReturnValue:
    """What the browser asks its passkeys to sign: any that it has for this site."""
    now = here().clock()
    with here().database.transaction() as within:
        if limits.take(within, here().secrets, PASSKEYS_FROM_A_NETWORK, address(), now):
            return Response(status=429)
        options = passkeys.to_use(
            within, here().secrets, site(), purpose="sign-in", holder="", operator=None, now=now
        )
    return Response(options, content_type="application/json")


@pages.post("/sign-in/passkey")
def use_passkey() -> ResponseReturnValue:
    """Sign in as whose passkey it is."""
    to, now = way_back(request.form.get("next")), here().clock()
    with here().database.transaction() as within, arriving("passkey"):
        until = limits.take(within, here().secrets, TRIES_FROM_A_NETWORK, address(), now)
        row = None if until else passkeys.use(
            within,
            here().secrets,
            site(),
            request.form.get("credential", ""),
            purpose="sign-in",
            holder="",
            now=now,
        )  # fmt: skip
        if row is not None and row["active"]:
            return let_in(enter(within, row["operator_id"], row["operator"], how="passkey"), to)
        if not until:
            who = row["operator"] if row is not None else entering.UNKNOWN
            entering.refused(within, who, "passkey", now)
    if until:
        form = Form(None, {})
        form.refuse("password", too_many(until))
        return _page(form, to), 429
    return _page(Form(), to, refused=True), 422


@pages.get("/sign-in/link/<token>")
def link(token: str) -> ResponseReturnValue:
    """Asks for a press: whoever only looks at a link must not use it up."""
    return render_template("desk/sign_in_link.html")


@pages.post("/sign-in/link/<token>")
def use_link(token: str) -> ResponseReturnValue:
    """Sign in by a link that a command made. It works once, and in development alone."""
    if here().settings.production:
        return redirect("/desk/sign-in", 303)
    with here().database.transaction() as within:
        operator = sign_in_links.use(within, here().secrets, token, here().clock())
        row = store.operator(within, operator) if operator is not None else None
        if row is not None and row["active"]:
            return let_in(enter(within, row["id"], row["name"], how="link"), HOME)
    tell("bad", _("That link is used or too old."))
    return redirect("/desk/sign-in", 303)


@pages.post("/sign-out")
@signed_in()
def sign_out() -> ResponseReturnValue:
    """End this session."""
    with here().database.transaction() as within:
        sessions.end(within, me().session)
        record(
            within,
            who=me().name,
            what="signed-out",
            object_=ids.to_text("ses", me().session),
            now=here().clock(),
        )
    forget()
    tell("ok", _("You are signed out."))
    response = redirect("/desk/sign-in", 303)
    let_go(response)
    return response


def _first(known: Known, to: str) -> dict[str, Any]:
    return {
        "operator": known.operator,
        "set_at": known.set_at.isoformat(),
        "until": (here().clock() + VALID).isoformat(),
        "next": to,
    }


def _began() -> dict[str, Any] | None:
    """Whose password was right a moment ago, in this browser."""
    kept: dict[str, Any] | None = session.get(FIRST)
    if kept is None or datetime.fromisoformat(kept["until"]) <= here().clock():
        return None
    return kept


def _second(field: str) -> ResponseReturnValue:
    """Sign in with what stands in this field, by whoever's password was right."""
    kept, form = _began(), Form(None, request.form)
    if kept is None:
        tell("info", _("That took too long. Sign in again."))
        return redirect("/desk/sign-in", 303)
    page = _code_page if field == "code" else _recovery_page
    check = entering.check_code if field == "code" else entering.check_recovery_code
    operator, now = kept["operator"], here().clock()
    with here().database.transaction() as within, arriving("password"):
        name = entering.still_known(within, operator, datetime.fromisoformat(kept["set_at"]))
        if name is None:
            forget()
            return redirect("/desk/sign-in", 303)
        given = form.typed.get(field, "")
        checked = check(within, here().secrets, operator, name, given, now)
        if checked is True:
            left = store.recovery_codes_left(within, operator)
            token = enter(within, operator, name, how="password", facts={"second": f"{field}"})
            entered = let_in(token, kept["next"])
            if field == "recovery":
                tell(
                    "warn",
                    _("%(n)s recovery codes are left.", n=left),
                    _("Set up your app again, or make new codes, in your account."),
                )
            return entered
    if isinstance(checked, Locked):
        form.refuse(field, too_many(checked.until))
        return page(form), 429
    form.refuse(
        field,
        _("That code is wrong, used or too old. Wait for the next one.")
        if field == "code"
        else _("That recovery code is wrong or used. Try another one."),
    )
    return page(form), 422


def _page(form: Form, to: str, *, refused: bool = False) -> str:
    return render_template(
        "desk/sign_in.html", form=form, next=to, refused=refused, provider=provider_name()
    )


def _code_page(form: Form) -> str:
    return render_template("desk/sign_in_code.html", form=form)


def _recovery_page(form: Form) -> str:
    return render_template("desk/sign_in_recovery.html", form=form)
