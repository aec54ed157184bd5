"""Conversion rates: their history, proposals, and loops that would gain."""

from flask import Blueprint

pages = Blueprint("desk_rates", __name__, url_prefix="/desk")
