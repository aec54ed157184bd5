"""One's own account: passkeys, password, recovery codes, sessions."""

from flask import Blueprint

pages = Blueprint("desk_account", __name__, url_prefix="/desk")
