"""The pages."""

from flask import Blueprint

pages = Blueprint("activity", __name__)
