"""One's own account: how one signs in, where one is signed in, language, light and shortcuts.

What changes how one signs in needs a fresh proof, and never takes away the last way in.
"""

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from kit import ids
from kit.forms import Form, tell
from kit.language import gettext as _
from kit.passkeys import MOST
from members.people.devices import device_name
from staff.people import apps, operators, passkeys, passwords, recovery_codes, sessions, store
from staff.people.errors import HashingBusy, LastWayIn
from web.desk import coming_in
from web.desk.acting import note
from web.desk.coming_in import provider_name, site, why_weak
from web.desk.signed_in import me, prove_first, recently_proved, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_account", __name__, url_prefix="/desk/account")

HOME = "/desk/account"
APP = "desk_app"
LONGEST_NAME = 40


@pages.get("")
@signed_in()
def account() -> str:
    """Everything about how I sign in."""
    return _page()


# --- passkeys -------------------------------------------------------------------------------------


@pages.post("/passkeys/options")
@signed_in()
def passkey_options() -> ResponseReturnValue:
    """What the browser makes a passkey from."""
    if not recently_proved():
        return Response(status=403)
    with here().database.transaction() as within:
        made = passkeys.to_add(
            within,
            here().secrets,
            site(),
            operator=me().operator,
            name=me().name,
            holder=me().session.hex,
            hub=_("Tongbao desk"),
            now=here().clock(),
        )
    return Response(made, content_type="application/json")


@pages.post("/passkeys")
@signed_in()
def add_passkey() -> ResponseReturnValue:
    """Keep what the browser made."""
    if not recently_proved():
        return prove_first(HOME)
    with here().database.transaction() as within:
        added = passkeys.add(
            within,
            here().secrets,
            site(),
            request.form.get("credential", ""),
            operator=me().operator,
            holder=me().session.hex,
            name=device_name(request.user_agent.string) or _("Passkey"),
            now=here().clock(),
        )
        if added is not None:
            note(within, "passkey-added", ids.to_text("psk", added))
    if added is None:
        return _page(refused=True), 422
    tell("ok", _("The passkey is added."), _("From now on you can sign in with it."))
    return redirect(HOME, 303)


@pages.get("/passkeys/<text>")
@signed_in()
def passkey(text: str) -> ResponseReturnValue:
    """One of mine, to rename or remove."""
    found = _passkey(text)
    if not recently_proved():
        return prove_first(f"{HOME}/passkeys/{text}")
    return _passkey_page(found, text, Form(name=found["name"]))


@pages.post("/passkeys/<text>")
@signed_in()
def rename_passkey(text: str) -> ResponseReturnValue:
    """Give it another name."""
    found = _passkey(text)
    if not recently_proved():
        return prove_first(f"{HOME}/passkeys/{text}")
    form = Form(None, request.form)
    given = form.typed.get("name", "")
    if not 0 < len(given) <= LONGEST_NAME or not given.isprintable():
        form.refuse("name", _("Enter a name of 1 to %(most)s letters.", most=LONGEST_NAME))
        return _passkey_page(found, text, form), 422
    with here().database.transaction() as within:
        store.name_passkey(within, me().operator, found["id"], given)
    tell("ok", _("The passkey has its new name."))
    return redirect(HOME, 303)


@pages.post("/passkeys/<text>/remove")
@signed_in()
def remove_passkey(text: str) -> ResponseReturnValue:
    """Let it sign nobody in any more."""
    found = _passkey(text)
    if not recently_proved():
        return prove_first(f"{HOME}/passkeys/{text}")
    try:
        with here().database.transaction() as within:
            operators.check_other_way_in(within, me().operator)
            store.delete_passkey(within, me().operator, found["id"])
            note(within, "passkey-removed", text)
    except LastWayIn:
        return _last_way_in()
    tell("ok", _("The passkey is removed."), _("Delete it on your device as well."))
    return redirect(HOME, 303)


# --- password, app, recovery codes ----------------------------------------------------------------


@pages.get("/password")
@signed_in()
def password() -> ResponseReturnValue:
    """A new password."""
    if not recently_proved():
        return prove_first(f"{HOME}/password")
    return render_template("desk/account_password.html", form=Form())


@pages.post("/password")
@signed_in()
def set_password() -> ResponseReturnValue:
    """It counts at once; where I am signed in besides ends. Without an app, one comes next."""
    if not recently_proved():
        return prove_first(f"{HOME}/password")
    form, given = Form(None, request.form), request.form.get("password", "")
    with here().database.transaction() as within:
        row = store.operator(within, me().operator)
        has_app = store.totp_of(within, me().operator) is not None
    email = row["email"] if row is not None else None
    weakness = passwords.weakness(given, me().name, *([email] if email else []))
    if weakness is not None:
        form.refuse("password", why_weak(weakness))
        return render_template("desk/account_password.html", form=form), 422
    try:
        hashed = coming_in.passwords().hash(given)
    except HashingBusy:
        form.refuse("password", _("Many sign in at this moment. Try again in a minute."))
        return render_template("desk/account_password.html", form=form), 503
    with here().database.transaction() as within:
        store.set_password(within, me().operator, hashed, here().clock())
        store.end_sessions(within, me().operator, but=me().session)
        note(within, "password-changed", f"operator {me().name}")
    tell("ok", _("Your password is changed."), _("You are signed out everywhere else."))
    return redirect(HOME if has_app else f"{HOME}/app", 303)


@pages.get("/app")
@signed_in()
def app() -> ResponseReturnValue:
    """Another app: its picture to scan, and a code to show that it works."""
    if not recently_proved():
        return prove_first(f"{HOME}/app")
    secret = _secret()
    if secret is None:
        secret = apps.new_secret()
        session[APP] = apps.seal(here().secrets, secret, me().operator)
    return _app_page(secret, Form())


@pages.post("/app")
@signed_in()
def confirm_app() -> ResponseReturnValue:
    """From now on it is this app; the recovery codes of the one before are dead."""
    if not recently_proved():
        return prove_first(f"{HOME}/app")
    form, secret, now = Form(None, request.form), _secret(), here().clock()
    if secret is None:
        return redirect(f"{HOME}/app", 303)
    with here().database.transaction() as within:
        code = form.typed.get("code", "")
        if apps.confirm(within, here().secrets, me().operator, secret, code, now):
            codes = recovery_codes.make(within, here().secrets, me().operator)
            note(within, "app-changed", f"operator {me().name}")
            session.pop(APP, None)
            return render_template("desk/recovery_codes.html", codes=codes, back=HOME)
    form.refuse("code", _("That is not the code of this picture now. Wait for the next one."))
    return _app_page(secret, form), 422


@pages.post("/recovery-codes")
@signed_in()
def renew_codes() -> ResponseReturnValue:
    """Ten new ones, shown now and never again; those before are dead."""
    if not recently_proved():
        return prove_first(HOME)
    with here().database.transaction() as within:
        if store.totp_of(within, me().operator) is None:
            abort(404)
        codes = recovery_codes.make(within, here().secrets, me().operator)
        note(within, "codes-renewed", f"operator {me().name}")
    return render_template("desk/recovery_codes.html", codes=codes, back=HOME)


@pages.post("/password/remove")
@signed_in()
def remove_password() -> ResponseReturnValue:
    """Sign in by other ways alone from now on."""
    if not recently_proved():
        return prove_first(HOME)
    try:
        with here().database.transaction() as within:
            operators.check_other_way_in(within, me().operator)
            store.forget_password(within, me().operator)
            note(within, "password-changed", f"operator {me().name}", after={"password": "none"})
    except LastWayIn:
        return _last_way_in()
    tell("ok", _("Your password is gone, and the app with it."))
    return redirect(HOME, 303)


@pages.post("/provider/remove")
@signed_in()
def unbind() -> ResponseReturnValue:
    """Let the provider vouch no more."""
    if not recently_proved():
        return prove_first(HOME)
    try:
        with here().database.transaction() as within:
            operators.check_other_way_in(within, me().operator)
            store.bind_subject(within, me().operator, None, None)
            note(within, "provider-unbound", f"operator {me().name}")
    except LastWayIn:
        return _last_way_in()
    tell("ok", _("%(name)s signs you in no more.", name=provider_name()))
    return redirect(HOME, 303)


# --- sessions -------------------------------------------------------------------------------------


@pages.get("/sessions/<text>")
@signed_in()
def one_session(text: str) -> ResponseReturnValue:
    """One of them: was that me?"""
    found = next((one for one in _sessions() if one["text"] == text), None)
    if found is None:
        abort(404)
    return render_template("desk/account_session.html", one=found)


@pages.post("/sessions/<text>/end")
@signed_in()
def end_session(text: str) -> ResponseReturnValue:
    """Sign out there, at once."""
    id_ = ids.from_text("ses", text)
    with here().database.transaction() as within:
        ended = id_ is not None and store.end_one(within, me().operator, id_)
        if ended:
            note(within, "session-ended", text)
    if not ended:
        abort(404)
    tell("ok", _("That session is ended."))
    return redirect(HOME, 303)


@pages.post("/sessions/end-others")
@signed_in()
def end_others() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    with here().database.transaction() as within:
        number = store.end_sessions(within, me().operator, but=me().session)
        note(within, "session-ended", f"operator {me().name}", after={"ended": number})
    tell("ok", _("You are signed out everywhere else."))
    return redirect(HOME, 303)


def _sessions() -> list[dict[str, Any]]:
    """This one first."""
    with here().database.transaction() as within:
        rows = sessions.of(within, me().operator, here().clock())
    shown = [
        {**row, "text": ids.to_text("ses", row["id"]), "mine": row["id"] == me().session}
        for row in rows
    ]
    return sorted(shown, key=lambda one: not one["mine"])


def _passkey(text: str) -> Any:
    """One of mine; what is not is nowhere."""
    wanted = ids.from_text("psk", text)
    with here().database.transaction() as within:
        mine = store.passkeys_of(within, me().operator)
    return next((one for one in mine if one["id"] == wanted), None) or abort(404)


def _secret() -> str | None:
    kept = session.get(APP)
    return apps.unseal(here().secrets, kept, me().operator) if isinstance(kept, str) else None


def _last_way_in() -> ResponseReturnValue:
    tell(
        "bad",
        _("Without this you could not sign in any more."),
        _("Add another way to sign in first."),
    )
    return redirect(HOME, 303)


def _page(*, refused: bool = False) -> str:
    with here().database.transaction() as within:
        row = store.operator(within, me().operator)
        mine = store.passkeys_of(within, me().operator)
        kept = store.password_of(within, me().operator)
        app_ = store.totp_of(within, me().operator)
        left = store.recovery_codes_left(within, me().operator)
    return render_template(
        "desk/account.html",
        email=row["email"] if row is not None else None,
        passkeys=[(ids.to_text("psk", one["id"]), one) for one in mine],
        full=len(mine) >= MOST,
        password=kept,
        app=app_,
        left=left,
        provider=provider_name(),
        bound=row is not None and row["subject"] is not None,
        sessions=_sessions(),
        proved=recently_proved(),
        refused=refused,
    )


def _passkey_page(found: Any, text: str, form: Form) -> str:
    return render_template(
        "desk/account_passkey.html", passkey=found, text=text, form=form, most=LONGEST_NAME
    )


def _app_page(secret: str, form: Form) -> str:
    return render_template(
        "desk/app.html",
        form=form,
        secret=secret,
        address=apps.address(secret, me().name),
        action=f"{HOME}/app",
        back=HOME,
    )
