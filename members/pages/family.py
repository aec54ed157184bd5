"""The pages."""

from flask import Blueprint

pages = Blueprint("family", __name__)
