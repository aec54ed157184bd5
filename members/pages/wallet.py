"""The pages."""

from flask import Blueprint

pages = Blueprint("wallet", __name__)
