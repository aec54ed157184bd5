"""Disputes: what is contested, until when, and how it ends."""

from flask import Blueprint

pages = Blueprint("desk_disputes", __name__, url_prefix="/desk")
