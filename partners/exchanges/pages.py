"""The pages."""

from flask import Blueprint

pages = Blueprint("exchanges", __name__)
