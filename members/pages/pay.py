"""The pages."""

from flask import Blueprint

pages = Blueprint("pay", __name__)
