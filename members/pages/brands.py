"""The pages."""

from flask import Blueprint

pages = Blueprint("brands", __name__)
