"""Settlement windows: all of them, one of them, and why somebody pays or receives."""

from flask import Blueprint

pages = Blueprint("desk_windows", __name__, url_prefix="/desk")
