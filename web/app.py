"""The application: everything is wired here, and nowhere else."""

from zoneinfo import ZoneInfo

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

import partners.api.acceptance
import partners.api.batches
import partners.api.issuing
import partners.api.keys
import partners.api.members
import partners.api.rates
import partners.api.transactions
import partners.asking.api
import partners.asking.pages
import partners.exchanges.api
import partners.exchanges.pages
import settlement.api
from exchange import store as books
from exchange.funnel import Funnel
from kit.clock import Clock, system_clock
from kit.database import Database, HotConnection, refuse_unsafe
from kit.secrets import Secrets
from kit.secure_headers import PAGE_HEADERS, SECURE_HEADERS, page_policy
from kit.strict_json import dumps
from members.pages import PAGES
from members.pages.wiring import Wallets
from partners.api import routes
from partners.api.operations import Hub, Operation
from partners.brands import Registered
from partners.directory import Directory
from partners.exchanges.calling import Caller
from web import config, desk, frame, health, logs, openapi, problems
from web.desk.wiring import Desk
from web.whoami import prefer, room, whoami

OPERATIONS: tuple[Operation, ...] = (
    *partners.api.members.OPERATIONS,
    *partners.api.issuing.OPERATIONS,
    *partners.api.acceptance.OPERATIONS,
    *partners.api.batches.OPERATIONS,
    *partners.api.transactions.OPERATIONS,
    *partners.asking.api.OPERATIONS,
    *partners.exchanges.api.OPERATIONS,
    *settlement.api.OPERATIONS,
    *partners.api.rates.OPERATIONS,
    *partners.api.keys.OPERATIONS,
)


WRITERS = 1  # Transactions of orders at once, in each process.


def create_app(settings: config.Config | None = None, *, clock: Clock = system_clock) -> Flask:
    """The hub as a WSGI application: the partner API, and Flask behind it for every other path.

    Raises UnsafeConfiguration or UnsafeDatabase.
    """
    logs.configure()
    settings = settings or config.load()
    refuse_unsafe(settings.app_url)
    database = Database(settings.app_url)
    funnel = Funnel([HotConnection(settings.app_url) for _ in range(WRITERS)])
    hub = Hub(
        clock=clock,
        secrets=Secrets(settings.secret),
        directory=Directory(database),
        currency=settings.currency,
        funnel=funnel,
        origin=settings.origin,
        production=settings.production,
    )
    app = Flask("tongbao", static_folder=None)
    app.url_map.merge_slashes = False  # Else //v1/rates is redirected, to whatever host it names.
    app.extensions["database"] = database
    if settings.proxies:  # Else anybody could say from where they come.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies)  # type: ignore[method-assign]
    edge = routes.Edge(hub, database, settings.origin, settings.key)
    app.wsgi_app = routes.Front(edge, OPERATIONS, app.wsgi_app)  # type: ignore[method-assign]
    problems.install(app)
    with database.transaction() as session:
        zone = ZoneInfo(books.zone(session))
    frame.install(
        app, secret=settings.secret, production=settings.production, zone=zone, clock=clock
    )
    app.register_blueprint(health.blueprint(database))
    app.register_blueprint(openapi.blueprint(OPERATIONS, settings.origin))
    app.extensions["wallets"] = Wallets(
        clock=clock,
        database=database,
        funnel=funnel,
        secrets=hub.secrets,
        brands=Registered(database),
        sender=settings.sender,
        currency=settings.currency,
        point_worth=settings.point_worth,
        phone_region=settings.phone_region,
        origin=settings.origin,
        home=settings.home,
        production=settings.production,
    )
    app.extensions["caller"] = Caller(
        settings.key.id, settings.key.private, settings.production, clock
    )
    app.extensions["desk"] = Desk(
        clock=clock, database=database, funnel=funnel, secrets=hub.secrets, settings=settings
    )
    app.extensions["whoami"] = whoami
    app.extensions["prefer"] = prefer
    app.extensions["room"] = room
    for pages in (*PAGES, *desk.PAGES, partners.asking.pages.pages, partners.exchanges.pages.pages):
        app.register_blueprint(pages)
    published = dumps(
        {"keys": [key.to_jwk(key_id) for key_id, key in settings.public_keys.items()]}
    )

    @app.get("/.well-known/tongbao-keys")
    def hub_keys() -> Response:
        return Response(published, content_type="application/jwk-set+json")

    @app.after_request
    def secure(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", page_policy())
            response.headers.extend(PAGE_HEADERS)
        for name, value in SECURE_HEADERS:
            response.headers.setdefault(name, value)
        return response

    return app
