"""Passkeys in the settings: to add, to name, to remove; each with a fresh proof."""

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kit import ids
from kit.forms import Form, tell
from kit.language import gettext as _
from members.pages.signed_in import me, prove_first, recently_proved, signed_in
from members.pages.wiring import here
from members.people import devices, passkeys
from members.people.passkeys import Passkey, Site

pages = Blueprint("passkeys", __name__)

LIST = "/settings/passkeys"
LONGEST_NAME = 40


@pages.get(LIST)
@signed_in
def every() -> str:
    """My passkeys, and a way to add one."""
    return _page()


@pages.post(f"{LIST}/options")
@signed_in
def options() -> ResponseReturnValue:
    """What the browser makes a passkey from."""
    if not recently_proved():
        return Response(status=403)
    with here().database.transaction() as within:
        made = passkeys.to_add(
            within,
            here().secrets,
            Site(here().origin),
            person=me().person,
            for_session=me().session,
            hub=_("Tongbao"),
            now=here().clock(),
        )
    return Response(made, content_type="application/json")


@pages.post(LIST)
@signed_in
def add() -> ResponseReturnValue:
    """Keep what the browser made, by the name of the device until it is given another."""
    if not recently_proved():
        return prove_first(LIST)
    name = devices.device_name(request.user_agent.string)
    with here().database.transaction() as within:
        added = passkeys.add(
            within,
            here().secrets,
            Site(here().origin),
            request.form.get("credential", ""),
            person=me().person,
            for_session=me().session,
            name=name or _("Passkey"),
            now=here().clock(),
        )
    if added is None:
        return _page(refused=True), 422
    tell("ok", _("The passkey is added."), _("From now on you can sign in with it."))
    return redirect(LIST, 303)


@pages.get(f"{LIST}/<text>")
@signed_in
def one(text: str) -> ResponseReturnValue:
    """One of them, to rename or remove."""
    found = _found(text)
    if not recently_proved():
        return prove_first(f"{LIST}/{text}")
    return _one_page(found, text, Form(name=found.name))


@pages.post(f"{LIST}/<text>")
@signed_in
def rename(text: str) -> ResponseReturnValue:
    """Give it another name."""
    found = _found(text)
    if not recently_proved():
        return prove_first(f"{LIST}/{text}")
    form = Form(None, request.form)
    given = form.typed.get("name", "")
    if not 0 < len(given) <= LONGEST_NAME or not given.isprintable():
        form.refuse("name", _("Enter a name of 1 to %(most)s letters.", most=LONGEST_NAME))
        return _one_page(found, text, form), 422
    with here().database.transaction() as within:
        passkeys.rename(within, here().secrets, me().person, found.id, given)
    tell("ok", _("The passkey has its new name."))
    return redirect(LIST, 303)


@pages.post(f"{LIST}/<text>/remove")
@signed_in
def remove(text: str) -> ResponseReturnValue:
    """Let it sign nobody in any more."""
    found = _found(text)
    if not recently_proved():
        return prove_first(f"{LIST}/{text}")
    with here().database.transaction() as within:
        passkeys.remove(within, me().person, found.id, here().clock())
    tell("ok", _("The passkey is removed."), _("Delete it on your device as well."))
    return redirect(LIST, 303)


def _found(text: str) -> Passkey:
    """One of mine; what is not is nowhere."""
    wanted = ids.from_text("psk", text)
    with here().database.transaction() as within:
        mine = passkeys.of(within, here().secrets, me().person)
    found = next((one for one in mine if one.id == wanted), None)
    if found is None:
        abort(404)
    return found


def _page(*, refused: bool = False) -> str:
    with here().database.transaction() as within:
        mine = passkeys.of(within, here().secrets, me().person)
    return render_template(
        "members/settings_passkeys.html",
        passkeys=[(ids.to_text("psk", one.id), one) for one in mine],
        full=len(mine) >= passkeys.MOST,
        proved=recently_proved(),
        refused=refused,
    )


def _one_page(found: Passkey, text: str, form: Form) -> str:
    return render_template(
        "members/settings_passkey.html", passkey=found, text=text, form=form, most=LONGEST_NAME
    )
