"""The pages."""

from flask import Blueprint

pages = Blueprint("give", __name__)
