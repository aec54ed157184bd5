"""The pages."""

from flask import Blueprint

pages = Blueprint("sign_in", __name__)
