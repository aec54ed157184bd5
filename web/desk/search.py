"""Search: from what is in one's hand to its page."""

from flask import Blueprint

pages = Blueprint("desk_search", __name__, url_prefix="/desk")
