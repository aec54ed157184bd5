"""The books of finance: liability, breakage, roll-forward, trial balance."""

from flask import Blueprint

pages = Blueprint("desk_books", __name__, url_prefix="/desk")
