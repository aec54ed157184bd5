"""Signing in: a number and a code sent to it, or a passkey. The same steps open a wallet.

Nothing here says whether somebody has a number: the answers are the same, letter by letter.
"""

from flask import Blueprint, Response, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from kit.forms import Form, tell
from kit.language import current
from kit.language import gettext as _
from members.pages.coming_in import (
    HOME,
    address,
    attempt_of,
    browser_token,
    enter,
    let_in,
    send_code,
    too_many,
    way_back,
)
from members.pages.signed_in import let_go, me, signed_in
from members.pages.wiring import here
from members.people import codes, limits, passkeys, persons, sign_in_links, store
from members.people.codes import Attempt, Locked, Right
from members.people.limits import PASSKEYS_FROM_AN_ADDRESS
from members.people.numbers import parse
from members.people.passkeys import Site

pages = Blueprint("sign_in", __name__)

ATTEMPT = "attempt"
NEXT = "next"


@pages.get("/")
def front() -> ResponseReturnValue:
    """The hub's front door: the wallet, which asks strangers to sign in."""
    return redirect(HOME, 303)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """A number, or a passkey."""
    to = way_back(request.args.get("next"))
    if g.get("me") is not None:
        return redirect(to, 303)
    return _number_page(Form(), to)


@pages.post("/sign-in")
def ask_for_code() -> ResponseReturnValue:
    """Send a code to whatever number it is."""
    to = way_back(request.form.get("next"))
    form = Form(None, request.form)
    number = parse(form.typed.get("phone", ""), here().phone_region)
    if number is None:
        form.refuse("phone", _("Enter a mobile number, such as 138 0013 8000."))
        return _number_page(form, to), 422
    with here().database.transaction() as within:
        asked = codes.ask(
            within,
            here().secrets,
            number,
            address=address(),
            for_session=None,
            now=here().clock(),
        )
    if isinstance(asked, Locked):
        form.refuse("phone", too_many(asked.until))
        return _number_page(form, to), 429
    session[ATTEMPT], session[NEXT] = asked.attempt.hex, to
    if not send_code(asked):
        _not_delivered()
    return redirect("/sign-in/code", 303)


@pages.get("/sign-in/code")
def code() -> ResponseReturnValue:
    """The code that was sent."""
    found = _attempt()
    if found is None:
        return redirect("/sign-in", 303)
    return _code_page(Form(), found)


@pages.post("/sign-in/code")
def use_code() -> ResponseReturnValue:
    """Sign in with it; whoever comes with a number for the first time gets an empty wallet."""
    attempt, form = attempt_of(ATTEMPT), Form(None, request.form)
    if attempt is None:
        return redirect("/sign-in", 303)
    secrets_, now, browser = here().secrets, here().clock(), browser_token()
    with here().database.transaction() as within:
        checked = codes.check(
            within,
            secrets_,
            attempt,
            codes.plain(form.typed.get("code", "")),
            address=address(),
            for_session=None,
            now=now,
        )
        if isinstance(checked, Right):
            person, is_new = persons.find_or_open(
                within, secrets_, checked.number, language=current(), now=now
            )
            token = enter(within, person, how="code", browser=browser, is_new=is_new)
            return let_in(token, browser, session.get(NEXT, HOME))
    if isinstance(checked, Locked):
        form.refuse("code", too_many(checked.until))
        return _code_page(form, _attempt()), 429
    form.refuse("code", _("That code is wrong or has expired. Check it, or get a new one."))
    return _code_page(form, _attempt()), 422


@pages.post("/sign-in/code/new")
def another_code() -> ResponseReturnValue:
    """Send another code, and stay on the page."""
    attempt = attempt_of(ATTEMPT)
    if attempt is None:
        return redirect("/sign-in", 303)
    with here().database.transaction() as within:
        asked = codes.ask_again(
            within,
            here().secrets,
            attempt,
            address=address(),
            for_session=None,
            now=here().clock(),
        )
    if asked is None:
        return redirect("/sign-in", 303)
    if isinstance(asked, Locked):
        form = Form(None, {})
        form.refuse("code", too_many(asked.until))
        return _code_page(form, _attempt()), 429
    if not send_code(asked):
        _not_delivered()
    return redirect("/sign-in/code", 303)


@pages.post("/sign-in/passkey/options")
def passkey_options() -> ResponseReturnValue:
    """What the browser asks its passkeys to sign: any that it has for this site."""
    now = here().clock()
    with here().database.transaction() as within:
        until = limits.take(within, here().secrets, PASSKEYS_FROM_AN_ADDRESS, address(), now)
        if until is not None:
            return Response(status=429)
        options = passkeys.to_use(
            within,
            here().secrets,
            Site(here().origin),
            purpose="sign-in",
            for_session=None,
            person=None,
            now=now,
        )
    return Response(options, content_type="application/json")


@pages.post("/sign-in/passkey")
def use_passkey() -> ResponseReturnValue:
    """Sign in as whose passkey it is."""
    to, browser = way_back(request.form.get("next")), browser_token()
    with here().database.transaction() as within:
        person = passkeys.use(
            within,
            here().secrets,
            Site(here().origin),
            request.form.get("credential", ""),
            purpose="sign-in",
            for_session=None,
            now=here().clock(),
        )
        if person is not None:
            return let_in(enter(within, person, how="passkey", browser=browser), browser, to)
    return _number_page(Form(), to, refused=True), 422


@pages.get("/sign-in/link/<token>")
def use_link(token: str) -> ResponseReturnValue:
    """Sign in by a link that a command made. It works once, and in development alone."""
    if here().production:
        return redirect("/sign-in", 303)
    browser = browser_token()
    with here().database.transaction() as within:
        person = sign_in_links.use(within, here().secrets, token, here().clock())
        if person is not None:
            return let_in(enter(within, person, how="link", browser=browser), browser, HOME)
    tell("bad", _("That link is used or too old."))
    return redirect("/sign-in", 303)


@pages.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End this session."""
    with here().database.transaction() as within:
        store.end_session(within, me().person, me().session)
    session.clear()
    tell("ok", _("You are signed out."))
    response = redirect("/sign-in", 303)
    let_go(response)
    return response


def _number_page(form: Form, to: str, *, refused: bool = False) -> str:
    return render_template("members/sign_in.html", form=form, next=to, refused=refused)


def _code_page(form: Form, attempt: Attempt | None) -> str:
    return render_template(
        "members/sign_in_code.html", form=form, attempt=attempt, base="/sign-in", proving=False
    )


def _attempt() -> Attempt | None:
    attempt = attempt_of(ATTEMPT)
    if attempt is None:
        return None
    with here().database.transaction() as within:
        return codes.look(within, attempt, for_session=None)


def _not_delivered() -> None:
    tell(
        "bad",
        _("The code could not be sent."),
        _("Wait a minute, then get a new one."),
    )
