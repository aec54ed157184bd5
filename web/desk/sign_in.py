"""Signing in at the desk."""

from flask import Blueprint, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from kit.forms import tell
from kit.language import gettext as _
from kit.paths import is_own_path
from staff.people import sessions, sign_in_links
from web.desk.signed_in import HOME, carry, let_go, me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_sign_in", __name__, url_prefix="/desk")


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Who one is."""
    return render_template("desk/sign_in.html")


@pages.get("/sign-in/link/<token>")
def link(token: str) -> ResponseReturnValue:
    """Asks for a press: whoever only looks at a link must not use it up."""
    return render_template("desk/sign_in_link.html")


@pages.post("/sign-in/link/<token>")
def use_link(token: str) -> ResponseReturnValue:
    """Sign in by a link that a command made. It works once, and in development alone."""
    if here().settings.production:
        return redirect("/desk/sign-in", 303)
    now = here().clock()
    with here().database.transaction() as within:
        operator = sign_in_links.use(within, here().secrets, token, now)
        if operator is not None:
            opened = sessions.begin(
                within,
                here().secrets,
                operator,
                how="link",
                device=request.user_agent.string[:200],
                address=request.remote_addr or "",
                now=now,
            )
    if operator is None:
        tell("bad", _("That link is used or too old."))
        return redirect("/desk/sign-in", 303)
    return let_in(opened.token, HOME)


@pages.post("/sign-out")
@signed_in()
def sign_out() -> ResponseReturnValue:
    """End this session."""
    with here().database.transaction() as within:
        sessions.end(within, me().session)
    session.clear()
    tell("ok", _("You are signed out."))
    response = redirect("/desk/sign-in", 303)
    let_go(response)
    return response


def let_in(token: str, to: str) -> ResponseReturnValue:
    """Send the browser on, with its cookie. What it knew before of this hub is forgotten."""
    session.clear()
    response = redirect(to if is_own_path(to) else HOME, 303)
    carry(response, token)
    return response
