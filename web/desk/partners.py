"""Partners: terms, keys, limits, traffic, suspension."""

from flask import Blueprint

pages = Blueprint("desk_partners", __name__, url_prefix="/desk")
