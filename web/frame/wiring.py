"""How pages come to their frame: templates, words, formats, protection of forms, assets."""

import functools
import hmac
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import segno
from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, request, session
from flask_wtf.csrf import CSRFProtect, generate_csrf
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kit import forms, language
from kit.clock import Clock
from kit.language import LANGUAGES
from kit.paths import is_own_path
from web.frame import formats, plots
from web.frame.assets import asset_url, assets
from web.frame.charts import bars
from web.frame.flows import Payment, flow, heat
from web.frame.gallery import gallery
from web.frame.gallery_desk import gallery_desk
from web.frame.help import help_page

ROOT = Path(__file__).parent.parent.parent
THEMES = ("auto", "light", "dark")
MOST_OF_A_FORM = 64 * 1024  # bytes; a passkey's answer is the longest that a page sends
_YEAR = 365 * 24 * 3600
_PLACES = ("web/frame/templates", "web/desk/templates", "members/templates", "partners/templates")
WORDS = ("web/frame/locale", "web/desk/locale", "members/locale", "partners/locale")

switches = Blueprint("switches", __name__)


def load_words() -> None:
    """Read the catalogues of every page and message."""
    for folder in WORDS:
        language.load((ROOT / folder).glob("*.po"))


def install(app: Flask, *, secret: bytes, production: bool, zone: ZoneInfo, clock: Clock) -> None:
    """Frame the pages of this application. `zone` is the hub's own, in which times are shown."""
    app.secret_key = hmac.digest(secret, b"page cookies", sha256)
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_OF_A_FORM,
        SESSION_COOKIE_NAME="__Host-page" if production else "page",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=production,
        WTF_CSRF_TIME_LIMIT=None,  # As long as the cookie: a form may stay open over lunch.
        WTF_CSRF_SSL_STRICT=False,  # No page says where it came from: referrers are off.
    )
    # Before forms are checked: the page that refuses one is in the reader's language too.
    app.before_request(functools.partial(_choose, app))
    CSRFProtect(app)
    load_words()
    app.jinja_loader = ChoiceLoader(
        [*(FileSystemLoader(ROOT / folder) for folder in _PLACES), app.jinja_loader]  # type: ignore[list-item]
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        points=formats.points,
        signed=formats.signed,
        money=formats.money,
        day=formats.day,
        day_in_text=formats.day_in_text,
        short_day=formats.short_day,
        month=formats.month,
        iso=formats.iso,
        moment=functools.partial(formats.moment, zone=zone),
        moment_in_text=functools.partial(formats.moment_in_text, zone=zone),
        time_of_day=functools.partial(formats.time_of_day, zone=zone),
        to_the_second=functools.partial(formats.to_the_second, zone=zone),
        local_day=lambda at: at.astimezone(zone).date(),
        days_left=formats.days_left,
        percent=formats.percent,
        masked=formats.masked,
        masked_name=formats.masked_name,
        short_id=formats.short_id,
        ago=formats.ago,
        headline=formats.headline,
        listed=formats.listed,
        utc=formats.utc,
    )
    app.jinja_env.globals.update(
        _=language.gettext,
        asset=asset_url,
        csrf_token=generate_csrf,
        told=forms.told,
        qr_svg=_qr,
        bars=bars,
        draw_steps=plots.steps,
        draw_curve=plots.curve,
        draw_side_by_side=plots.side_by_side,
        labelled=plots.labelled,
        draw_flow=lambda payments: flow([Payment(*one) for one in payments]),
        draw_heat=heat,
        on_axis=formats.on_axis,
        in_table=formats.in_table,
        period=formats.period,
        now=clock,
        zone_name=functools.partial(formats.zone_name, zone),
        zone_offset=functools.partial(formats.zone_offset, zone),
    )
    app.register_blueprint(assets)
    app.register_blueprint(switches)
    app.register_blueprint(help_page)
    if not production:
        app.register_blueprint(gallery)
        app.register_blueprint(gallery_desk)
    app.context_processor(_context)


def _choose(app: Flask) -> None:
    """The language and the theme of this answer: the member's own, the cookie's, the browser's."""
    g.me = None
    _dress(request.cookies.get("language"), request.cookies.get("theme"))
    if request.path.startswith("/assets/"):
        return
    if "\0" in request.path:
        abort(404)  # The database holds no such text.
    # After the cookies: should nobody be able to say who is there, that is said in one's language.
    if whoami := app.extensions.get("whoami"):
        g.me = whoami()
    room = app.extensions.get("room")
    _bind_forms(room() if room else "", getattr(g.me, "session", None))
    if g.me is not None:
        _dress(g.me.language or language.current(), g.me.theme or g.theme)


def _dress(wanted: str | None, theme: str | None) -> None:
    if wanted not in LANGUAGES:
        wanted = request.accept_languages.best_match(["en", "zh"], default="en")
    language.use("zh" if wanted == "zh" else "en")
    g.theme = theme if theme in THEMES else "auto"


def _bind_forms(room: str, signed_in: object) -> None:
    """A form belongs to who was signed in when it was shown: to nobody else in this browser.

    Somebody may be signed in twice in one browser, in the wallet and at the desk. Each room has
    tokens of its own: a form of one is nothing to the other, and neither ends the other's.
    """
    holder = "" if signed_in is None else sha256(f"{signed_in}".encode()).hexdigest()[:16]
    if (left := session.get("room", "")) != room:
        rooms = dict(session.get("rooms", {}))
        rooms[left] = (session.get("holder", ""), session.pop("csrf_token", None))
        session["holder"], token = rooms.pop(room, ("", None))
        if token is not None:
            session["csrf_token"] = token
        session["rooms"], session["room"] = rooms, room
    if session.get("holder", "") != holder:
        session.pop("csrf_token", None)
        session["holder"] = holder


def _context() -> dict[str, object]:
    return {"language": language.current(), "theme": g.get("theme", "auto"), "me": g.get("me")}


@switches.post("/language")
def choose_language() -> Response:
    """Read on in another language, on the same page."""
    return _switch("language", request.form.get("language", ""), LANGUAGES)


@switches.post("/theme")
def choose_theme() -> Response:
    """Read on in another light."""
    return _switch("theme", request.form.get("theme", ""), THEMES)


def _switch(name: str, wanted: str, known: tuple[str, ...]) -> Response:
    back = request.form.get("back", "")
    response = redirect(back if is_own_path(back) else "/wallet", 303)
    if wanted in known:
        response.set_cookie(
            name,
            wanted,
            max_age=_YEAR,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
        if prefer := current_app.extensions.get("prefer"):
            prefer(name, wanted)
    return response  # type: ignore[return-value]


def _qr(text: str, *, scale: int = 8) -> Markup:
    """A QR code as inline SVG, black on white, level Q."""
    made = segno.make(text, error="q", micro=False, boost_error=False)
    return Markup(made.svg_inline(scale=scale, border=4, dark="#000", light="#fff", omitsize=True))  # noqa: S704
