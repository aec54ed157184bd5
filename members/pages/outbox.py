"""For whoever develops: the messages that would have been sent. In production there is no such
page."""

from flask import Blueprint, abort, render_template

from members.notices.senders import Outbox
from members.pages.wiring import here

pages = Blueprint("outbox", __name__)

SHOWN = 50


@pages.get("/outbox")
def outbox() -> str:
    """The newest first. Whoever reads this can sign in as anybody: it is for development alone."""
    sender = here().sender
    if here().production or not isinstance(sender, Outbox):
        abort(404)
    return render_template("members/outbox.html", messages=sender.messages(SHOWN))
