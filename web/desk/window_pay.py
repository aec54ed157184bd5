"""A window's money: payment files, what the bank says, settled."""

from flask import Blueprint

pages = Blueprint("desk_window_pay", __name__, url_prefix="/desk")
