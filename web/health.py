"""Health: is the process alive, and can it do its work."""

from flask import Blueprint, Response, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kit.database import Database
from kit.errors import Refusal
from kit.strict_json import dumps


def blueprint(database: Database) -> Blueprint:
    """`/health/live` answers while the process runs, `/health/ready` when it could trade."""
    health = Blueprint("health", __name__, url_prefix="/health")

    @health.get("/live")
    def live() -> Response:
        return current_app.response_class(dumps({"alive": True}), content_type="application/json")

    @health.get("/ready")
    def ready() -> Response:
        try:
            with database.transaction() as session:
                window = session.execute(
                    text('SELECT name FROM exchange."window" WHERE closed_at IS NULL')
                ).scalar_one_or_none()
        except (SQLAlchemyError, Refusal):
            window = None
        ok = window is not None
        body = dumps({"ready": ok, "window": window})
        return current_app.response_class(body, 200 if ok else 503, content_type="application/json")

    return health
