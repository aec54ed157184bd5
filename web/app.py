"""The application: everything is wired here, and nowhere else."""

from flask import Flask, Response

import partners.api.acceptance
import partners.api.issuing
import partners.api.keys
import partners.api.members
import partners.api.rates
import partners.api.transactions
import settlement.api
from kit.clock import Clock, system_clock
from kit.database import Database, refuse_unsafe
from kit.strict_json import dumps
from members.secrets import Secrets
from partners.api import routes
from partners.api.operations import Hub, Operation
from partners.directory import Directory
from web import config, health, logs, openapi, problems

OPERATIONS: tuple[Operation, ...] = (
    *partners.api.members.OPERATIONS,
    *partners.api.issuing.OPERATIONS,
    *partners.api.acceptance.OPERATIONS,
    *partners.api.transactions.OPERATIONS,
    *settlement.api.OPERATIONS,
    *partners.api.rates.OPERATIONS,
    *partners.api.keys.OPERATIONS,
)


def create_app(settings: config.Config | None = None, *, clock: Clock = system_clock) -> Flask:
    """The hub as a WSGI application. Raises UnsafeConfiguration or UnsafeDatabase."""
    logs.configure()
    settings = settings or config.load()
    refuse_unsafe(settings.app_url)
    database = Database(settings.app_url)
    hub = Hub(clock, Secrets(settings.secret), Directory(database), settings.currency)
    app = Flask("tongbao", static_folder=None)
    app.url_map.merge_slashes = False  # Else //v1/rates is redirected, to whatever host it names.
    app.extensions["database"] = database
    routes.install(app, routes.Edge(hub, database, settings.origin, settings.key), OPERATIONS)
    problems.install(app)
    app.register_blueprint(health.blueprint(database))
    app.register_blueprint(openapi.blueprint(OPERATIONS, settings.origin))
    published = dumps(
        {"keys": [key.to_jwk(key_id) for key_id, key in settings.public_keys.items()]}
    )

    @app.get("/.well-known/tongbao-keys")
    def hub_keys() -> Response:
        return Response(published, content_type="application/jwk-set+json")

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
            " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return app
