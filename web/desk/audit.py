"""The audit log: who did what, from where, before and after."""

from flask import Blueprint

pages = Blueprint("desk_audit", __name__, url_prefix="/desk")
