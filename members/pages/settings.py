"""Settings: what I am called, how I sign in, where I am signed in, what is done with my data."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from exchange import history
from kit import ids
from kit.forms import Form, tell
from kit.language import gettext as _
from members.pages.coming_in import today
from members.pages.signed_in import me, signed_in
from members.pages.wiring import here
from members.people import persons, sessions, store
from members.people.numbers import masked

pages = Blueprint("settings", __name__)

LONGEST_NAME = 60


@pages.get("/settings")
@signed_in
def settings() -> str:
    """Everything that can be set, and how it stands."""
    with here().database.transaction() as within:
        known = persons.particulars(within, here().secrets, me().person)
        points = history.sums(within, me().wallet, today(within)).total
        return render_template(
            "members/settings.html",
            name=known.name if known else "",
            number=masked(known.phone) if known else "",
            passkeys=len(store.passkeys_of(within, me().person)),
            devices=len(sessions.of(within, me().person, here().clock())),
            level=me().level,
            points=points,
            untouched=not store.is_touched(within, me().wallet),
        )


@pages.get("/settings/name")
@signed_in
def name() -> str:
    """What others see in place of the number."""
    with here().database.transaction() as within:
        known = persons.particulars(within, here().secrets, me().person)
    return _name_page(Form(name=known.name if known else ""))


@pages.post("/settings/name")
@signed_in
def rename() -> ResponseReturnValue:
    """Seal another name, or none."""
    form = Form(None, request.form)
    given = form.typed.get("name", "")
    if len(given) > LONGEST_NAME or not given.isprintable():
        form.refuse("name", _("Enter a name of up to %(most)s letters.", most=LONGEST_NAME))
        return _name_page(form), 422
    with here().database.transaction() as within:
        persons.rename(within, here().secrets, me().person, given)
    tell("ok", _("Your name is saved.") if given else _("Your name is gone."))
    return redirect("/settings", 303)


@pages.get("/settings/devices")
@signed_in
def devices() -> str:
    """Where I am signed in, this device first."""
    with here().database.transaction() as within:
        rows = sessions.of(within, me().person, here().clock())
    shown: list[dict[str, Any]] = [
        {**row, "text": ids.to_text("ses", row["id"]), "mine": row["id"] == me().session}
        for row in rows
    ]
    shown.sort(key=lambda one: not one["mine"])
    return render_template("members/settings_devices.html", devices=shown)


@pages.get("/settings/devices/<text>")
@signed_in
def device(text: str) -> str:
    """One of them: was that me?"""
    found = ids.from_text("ses", text)
    if found is None:
        abort(404)
    with here().database.transaction() as within:
        row = store.find_session(within, me().person, found)
    if row is None:
        abort(404)
    return render_template(
        "members/settings_device.html", device=row, text=text, mine=found == me().session
    )


@pages.post("/settings/devices/<text>/end")
@signed_in
def end_device(text: str) -> ResponseReturnValue:
    """Sign one device out, at once."""
    found = ids.from_text("ses", text)
    with here().database.transaction() as within:
        ended = found is not None and store.end_session(within, me().person, found)
    if not ended:
        abort(404)
    tell("ok", _("That device is signed out."), _("If it was not yours, freeze your wallet too."))
    return redirect("/settings/devices", 303)


@pages.post("/settings/devices/end-others")
@signed_in
def end_others() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    with here().database.transaction() as within:
        number = store.end_sessions(within, me().person, but=me().session)
    if number == 1:
        tell("ok", _("1 other device is signed out."))
    else:
        tell("ok", _("%(n)s other devices are signed out.", n=number))
    return redirect("/settings/devices", 303)


def _name_page(form: Form) -> str:
    return render_template("members/settings_name.html", form=form, most=LONGEST_NAME)
