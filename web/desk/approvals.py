"""Approvals: what one person proposed and another decides on."""

from flask import Blueprint

pages = Blueprint("desk_approvals", __name__, url_prefix="/desk")
