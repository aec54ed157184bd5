"""Reconciliation: a partner's records beside ours."""

from flask import Blueprint

pages = Blueprint("desk_reconciliation", __name__, url_prefix="/desk")
