"""The page of help: last in every menu and last on every page, so that it is where it was."""

from flask import Blueprint, render_template

help_page = Blueprint("help", __name__)


@help_page.get("/help")
def show() -> str:
    """What members ask, answered without their having to sign in."""
    return render_template("frame/help.html")
