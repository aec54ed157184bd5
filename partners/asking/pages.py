"""The pages."""

from flask import Blueprint

pages = Blueprint("asking", __name__)
