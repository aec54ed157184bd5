"""Signing in at the desk."""

from flask import Blueprint

pages = Blueprint("desk_sign_in", __name__, url_prefix="/desk")
