"""What stands on every page of the desk: what waits, what is wrong, whether keys are heard."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kit.paths import is_own_path
from staff import approvals
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_bar", __name__, url_prefix="/desk")
COOKIE = "shortcuts"
_YEAR = 365 * 24 * 3600


@pages.get("/shortcuts")
@signed_in()
def shortcuts() -> ResponseReturnValue:
    """What can be done from the keyboard; only the list, when a script asks for it."""
    if request.headers.get("X-Fragment"):
        return render_template("desk/shortcuts_list.html")
    return render_template("desk/shortcuts.html")


@pages.post("/shortcuts")
@signed_in()
def switch() -> ResponseReturnValue:
    """Hear keys, or leave them to the browser and to whatever reads the page aloud."""
    back = request.form.get("back", "")
    response = redirect(back if is_own_path(back) else "/desk/shortcuts", 303)
    if request.form.get("shortcuts") == "on":
        response.delete_cookie(COOKIE)
    else:
        response.set_cookie(
            COOKIE,
            "off",
            max_age=_YEAR,
            httponly=True,
            samesite="Lax",
            secure=here().settings.production,
        )
    return response


def waiting() -> int:
    """How many proposals wait for who is signed in."""
    with here().database.transaction() as session:
        return approvals.waiting_for(session, me().name, now=here().clock())


def service_notice() -> tuple[str, str, str] | None:
    """What concerns the whole service: its tone (`warn`, `bad`), its words, and where it leads."""
    said: tuple[str, str, str] | None = current_app.extensions.get("desk_notice", lambda: None)()
    return said


@pages.app_context_processor
def _bar() -> dict[str, Any]:
    return {
        "waiting": waiting,
        "service_notice": service_notice,
        "shortcuts_on": request.cookies.get(COOKIE) != "off",
    }
