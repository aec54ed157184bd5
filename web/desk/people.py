"""Hub personnel: invitations, roles, sessions."""

from flask import Blueprint

pages = Blueprint("desk_people", __name__, url_prefix="/desk")
