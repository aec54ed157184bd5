"""Members: the support view, with a reason; names with a second one."""

from flask import Blueprint

pages = Blueprint("desk_members", __name__, url_prefix="/desk")
