"""Today: what must be done, what is stuck, what waits for a second person."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from web.desk.signed_in import signed_in

pages = Blueprint("desk_today", __name__, url_prefix="/desk")


@pages.get("")
@signed_in()
def today() -> ResponseReturnValue:
    """The first page of the day."""
    return render_template("desk/today.html")
