"""Who is before a page, and what they chose: members in the wallet, personnel at the desk."""

from flask import request

import members.pages.signed_in
import web.desk.signed_in


def at_desk() -> bool:
    """Whether this request is of the desk; choosing a language there comes from its pages."""
    path = request.path
    if request.method == "POST" and path in ("/language", "/theme"):
        path = request.form.get("back", "")
    return path.partition("?")[0] == "/desk" or path.startswith("/desk/")


def room() -> str:
    """Where in the house a request is: at the desk, or in the wallet, which has no name."""
    return "desk" if at_desk() else ""


def whoami() -> web.desk.signed_in.Me | members.pages.signed_in.Me | None:
    return web.desk.signed_in.whoami() if at_desk() else members.pages.signed_in.whoami()


def prefer(name: str, value: str) -> None:
    """Keep a language or a theme for whoever chose it."""
    room = web.desk.signed_in if at_desk() else members.pages.signed_in
    room.prefer(name, value)
