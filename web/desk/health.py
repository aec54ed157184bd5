"""Health: jobs, messages, seals, faults."""

from flask import Blueprint

pages = Blueprint("desk_health", __name__, url_prefix="/desk")
