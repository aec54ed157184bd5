"""A fresh proof: whoever holds a session that was opened a while ago says again who they are."""

from flask import Blueprint, Response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from kit.forms import Form, tell
from kit.language import gettext as _
from members.pages.coming_in import (
    HOME,
    address,
    attempt_of,
    send_code,
    too_many,
    way_back,
)
from members.pages.signed_in import me, signed_in
from members.pages.wiring import here
from members.people import codes, limits, passkeys, persons, store
from members.people.codes import Attempt, Locked, Right
from members.people.limits import PASSKEYS_FROM_AN_ADDRESS
from members.people.passkeys import Site

pages = Blueprint("prove", __name__)

PROOF = "proof"
NEXT = "proved_next"


@pages.get("/prove")
@signed_in
def prove() -> ResponseReturnValue:
    """By passkey, or by a code to the person's own number."""
    session[NEXT] = way_back(request.args.get("next") or session.get(NEXT))
    return _page(Form())


@pages.post("/prove")
@signed_in
def ask_for_code() -> ResponseReturnValue:
    """Send a code to the number of who is signed in."""
    with here().database.transaction() as within:
        number = persons.phone_of(within, here().secrets, me().person)
        if number is None:
            return redirect("/sign-in", 303)
        asked = codes.ask(
            within,
            here().secrets,
            number,
            address=address(),
            for_session=me().session,
            now=here().clock(),
        )
    if isinstance(asked, Locked):
        form = Form(None, {})
        form.refuse("send", too_many(asked.until))
        return _page(form), 429
    session[PROOF] = asked.attempt.hex
    _send(asked)
    return redirect("/prove/code", 303)


@pages.get("/prove/code")
@signed_in
def code() -> ResponseReturnValue:
    """The code that was sent."""
    found = _attempt()
    return redirect("/prove", 303) if found is None else _code_page(Form(), found)


@pages.post("/prove/code")
@signed_in
def use_code() -> ResponseReturnValue:
    """Go on to what needed the proof."""
    attempt, form = attempt_of(PROOF), Form(None, request.form)
    if attempt is None:
        return redirect("/prove", 303)
    now = here().clock()
    with here().database.transaction() as within:
        checked = codes.check(
            within,
            here().secrets,
            attempt,
            codes.plain(form.typed.get("code", "")),
            address=address(),
            for_session=me().session,
            now=now,
        )
        if isinstance(checked, Right):
            store.note_proof(within, me().session, now)
    if isinstance(checked, Right):
        return _go_on()
    if isinstance(checked, Locked):
        form.refuse("code", too_many(checked.until))
        return _code_page(form, _attempt()), 429
    form.refuse("code", _("That code is wrong or has expired. Check it, or get a new one."))
    return _code_page(form, _attempt()), 422


@pages.post("/prove/code/new")
@signed_in
def another_code() -> ResponseReturnValue:
    """Send another code, and stay on the page."""
    attempt = attempt_of(PROOF)
    if attempt is None:
        return redirect("/prove", 303)
    with here().database.transaction() as within:
        asked = codes.ask_again(
            within,
            here().secrets,
            attempt,
            address=address(),
            for_session=me().session,
            now=here().clock(),
        )
    if asked is None:
        return redirect("/prove", 303)
    if isinstance(asked, Locked):
        form = Form(None, {})
        form.refuse("code", too_many(asked.until))
        return _code_page(form, _attempt()), 429
    _send(asked)
    return redirect("/prove/code", 303)


@pages.post("/prove/passkey/options")
@signed_in
def passkey_options() -> ResponseReturnValue:
    """What the browser asks this person's passkeys to sign."""
    now = here().clock()
    with here().database.transaction() as within:
        until = limits.take(within, here().secrets, PASSKEYS_FROM_AN_ADDRESS, address(), now)
        if until is not None:
            return Response(status=429)
        options = passkeys.to_use(
            within,
            here().secrets,
            Site(here().origin),
            purpose="prove",
            for_session=me().session,
            person=me().person,
            now=now,
        )
    return Response(options, content_type="application/json")


@pages.post("/prove/passkey")
@signed_in
def use_passkey() -> ResponseReturnValue:
    """Go on, when it is a passkey of this very person."""
    now = here().clock()
    with here().database.transaction() as within:
        person = passkeys.use(
            within,
            here().secrets,
            Site(here().origin),
            request.form.get("credential", ""),
            purpose="prove",
            for_session=me().session,
            now=now,
        )
        if person == me().person:
            store.note_proof(within, me().session, now)
    if person == me().person:
        return _go_on()
    return _page(Form(), refused=True), 422


def _page(form: Form, *, refused: bool = False) -> str:
    with here().database.transaction() as within:
        has_passkey = bool(store.passkeys_of(within, me().person))
    return render_template(
        "members/prove.html", form=form, has_passkey=has_passkey, refused=refused
    )


def _code_page(form: Form, attempt: Attempt | None) -> str:
    return render_template(
        "members/sign_in_code.html", form=form, attempt=attempt, base="/prove", proving=True
    )


def _attempt() -> Attempt | None:
    attempt = attempt_of(PROOF)
    if attempt is None:
        return None
    with here().database.transaction() as within:
        return codes.look(within, attempt, for_session=me().session)


def _send(sent: codes.Sent) -> None:
    if not send_code(sent):
        tell("bad", _("The code could not be sent."), _("Wait a minute, then get a new one."))


def _go_on() -> ResponseReturnValue:
    session.pop(PROOF, None)
    return redirect(way_back(session.pop(NEXT, HOME)), 303)
