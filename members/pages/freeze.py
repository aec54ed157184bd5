"""The pages."""

from flask import Blueprint

pages = Blueprint("freeze", __name__)
