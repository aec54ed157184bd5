"""The pages."""

from flask import Blueprint

pages = Blueprint("inbox", __name__)
