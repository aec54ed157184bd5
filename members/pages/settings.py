"""The pages."""

from flask import Blueprint

from members.pages.signed_in import signed_in

pages = Blueprint("settings", __name__)


@pages.get("/settings")
@signed_in
def settings() -> str:
    return ""
