"""Accepting an invitation: by passkey, by password and an app, or by the provider.

Whoever has the link is let in, so it works once, and until then only for as long as it says.
"""

from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from kit.forms import Form, tell
from kit.language import gettext as _
from members.people.devices import device_name
from staff.audit.recording import record
from staff.people import apps, invitations, passkeys, passwords, recovery_codes, store
from staff.people.errors import HashingBusy
from staff.people.invitations import Invited
from web.desk import coming_in
from web.desk.coming_in import arriving, enter, let_in, provider_name, site, why_weak
from web.desk.signed_in import HOME, carry
from web.desk.wiring import here

pages = Blueprint("desk_invitation", __name__, url_prefix="/desk/invitation")

APP: Final = "desk_app"  # the secret of an app that was shown and not confirmed yet, sealed


@pages.get("/<token>")
def invitation(token: str) -> ResponseReturnValue:
    """Who is invited, as what, and how they would sign in from now on."""
    invited = _look(token)
    return _page(invited, Form()) if invited else _dead()


@pages.post("/<token>/passkey/options")
def passkey_options(token: str) -> ResponseReturnValue:
    """What the browser makes a passkey from."""
    now = here().clock()
    with here().database.transaction() as within:
        invited = invitations.find(within, here().secrets, token, now)
        if invited is None:
            return Response(status=403)
        made = passkeys.to_add(
            within,
            here().secrets,
            site(),
            operator=invited.operator,
            name=invited.name,
            holder=token,
            hub=_("Tongbao desk"),
            now=now,
        )
    return Response(made, content_type="application/json")


@pages.post("/<token>/passkey")
def by_passkey(token: str) -> ResponseReturnValue:
    """Keep the passkey that the browser made, and come in."""
    now = here().clock()
    with here().database.transaction() as within:
        invited = invitations.find(within, here().secrets, token, now)
        if invited is None:
            return _dead()
        added = passkeys.add(
            within,
            here().secrets,
            site(),
            request.form.get("credential", ""),
            operator=invited.operator,
            holder=token,
            name=device_name(request.user_agent.string) or _("Passkey"),
            now=now,
        )
        if added is not None:
            return let_in(_come_in(within, invited, "passkey"), HOME)
    return _page(invited, Form(), refused=True), 422


@pages.post("/<token>/password")
def by_password(token: str) -> ResponseReturnValue:
    """Choose a password; the app comes next."""
    form, invited = Form(None, request.form), _look(token)
    if invited is None:
        return _dead()
    given = request.form.get("password", "")
    weakness = passwords.weakness(given, invited.name, *_close_to(invited))
    if weakness is not None:
        form.refuse("password", why_weak(weakness))
        return _page(invited, form), 422
    try:
        hashed = coming_in.passwords().hash(given)
    except HashingBusy:
        form.refuse("password", _("Many sign in at this moment. Try again in a minute."))
        return _page(invited, form), 503
    with here().database.transaction() as within:
        if invitations.find(within, here().secrets, token, here().clock()) is None:
            return _dead()
        store.set_password(within, invited.operator, hashed, here().clock())
    session[APP] = apps.seal(here().secrets, apps.new_secret(), invited.operator)
    return redirect(f"/desk/invitation/{token}/app", 303)


@pages.get("/<token>/app")
def app(token: str) -> ResponseReturnValue:
    """The app: its picture to scan, and a code to show that it works."""
    invited = _look(token)
    if invited is None:
        return _dead()
    secret = _secret(invited)
    if secret is None:
        return redirect(f"/desk/invitation/{token}", 303)
    return _app_page(invited, secret, Form())


@pages.post("/<token>/app")
def confirm_app(token: str) -> ResponseReturnValue:
    """Come in; the recovery codes are shown now, and never again."""
    form, now = Form(None, request.form), here().clock()
    with here().database.transaction() as within:
        invited = invitations.find(within, here().secrets, token, now)
        if invited is None:
            return _dead()
        secret = _secret(invited)
        if secret is None or store.password_of(within, invited.operator) is None:
            return redirect(f"/desk/invitation/{token}", 303)
        typed = form.typed.get("code", "")
        if apps.confirm(within, here().secrets, invited.operator, secret, typed, now):
            codes = recovery_codes.make(within, here().secrets, invited.operator)
            entered = _come_in(within, invited, "password")
            coming_in.forget()
            response = Response(render_template("desk/recovery_codes.html", codes=codes, back=HOME))
            carry(response, entered)
            return response
    form.refuse("code", _("That is not the code of this picture now. Wait for the next one."))
    return _app_page(invited, secret, form), 422


def _come_in(within: Session, invited: Invited, how: str) -> str:
    """The invitation is used up; the token of a session."""
    invitations.accept(within, invited)
    with arriving(how):
        record(
            within,
            who=invited.name,
            what="operator-joined",
            object_=f"operator {invited.name}",
            now=here().clock(),
            after={"by": how},
        )
    return enter(within, invited.operator, invited.name, how=how)  # type: ignore[arg-type]


def _look(token: str) -> Invited | None:
    with here().database.transaction() as within:
        return invitations.find(within, here().secrets, token, here().clock())


def _secret(invited: Invited) -> str | None:
    """The app that this browser was shown for this person."""
    kept = session.get(APP)
    return apps.unseal(here().secrets, kept, invited.operator) if isinstance(kept, str) else None


def _close_to(invited: Invited) -> list[str]:
    return [invited.email, invited.email.partition("@")[0]] if invited.email else []


def _page(invited: Invited, form: Form, *, refused: bool = False) -> str:
    return render_template(
        "desk/invitation.html",
        invited=invited,
        form=form,
        refused=refused,
        provider=provider_name() if invited.email else "",
    )


def _app_page(invited: Invited, secret: str, form: Form) -> str:
    return render_template(
        "desk/app.html",
        form=form,
        secret=secret,
        address=apps.address(secret, invited.name),
        action=f"/desk/invitation/{invited.token}/app",
        back=f"/desk/invitation/{invited.token}",
    )


def _dead() -> ResponseReturnValue:
    tell("bad", _("That invitation is used or too old."), _("Ask whoever invited you for another."))
    return redirect("/desk/sign-in", 303)
