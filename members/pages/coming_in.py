"""What the pages that let somebody in share: the browser, its address, the way back."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from flask import current_app, redirect, request, session
from sqlalchemy.orm import Session
from werkzeug.wrappers.response import Response

import exchange.store
from kit.language import gettext as _
from kit.limits import network
from kit.paths import is_own_path
from members.notices.senders import NotDelivered
from members.pages.signed_in import carry, cookie_name
from members.pages.wiring import here
from members.people import codes, devices, entering, sessions, store
from members.people.codes import Sent
from members.people.sessions import How

log = structlog.get_logger("sign-in")

HOME: Final = "/wallet"


def address() -> str:
    """Whose tries these are."""
    return network(request.remote_addr)


def way_back(path: str | None) -> str:
    """Where to go on to: a path of ours, or the wallet."""
    return path if path and is_own_path(path) else HOME


def after(moment: datetime) -> str:
    """The whole minute from which something is possible: `17:25`."""
    up = moment + timedelta(seconds=59, microseconds=999_999)
    return str(current_app.jinja_env.filters["time_of_day"](up))


def too_many(until: datetime) -> str:
    return _("Too many tries. Try again after %(time)s.", time=after(until))


def send_code(sent: Sent) -> bool:
    """Send it at once, in the reader's language; False when nobody took it."""
    minutes = int(codes.VALID.total_seconds() // 60)
    text = _(
        "%(code)s is your code for Tongbao. It works once, for %(minutes)s minutes."
        " Tell it to nobody: we never ask for it.",
        code=sent.code,
        minutes=minutes,
    )
    try:
        here().sender.send(sent.number, _("Your code for Tongbao"), text)
    except NotDelivered as reason:
        log.warning("code-not-delivered", reason=str(reason))
        return False
    return True


def browser_token() -> str:
    """By what this browser is recognised; one that has none gets one when it is let in."""
    return request.cookies.get(_device_cookie()) or devices.new_token()


def enter(within: Session, person: UUID, *, how: How, browser: str, is_new: bool = False) -> str:
    """A new session, in place of the one that this browser had; the token of its cookie."""
    secrets_, now = here().secrets, here().clock()
    if token := request.cookies.get(cookie_name()):
        old = sessions.find(within, secrets_, token, now)
        if old is not None:
            store.end_session(within, old["person"], old["session"])
    opened = entering.enter(
        within,
        secrets_,
        person,
        how=how,
        device=devices.device_name(request.user_agent.string),
        browser=browser,
        is_new=is_new,
        now=now,
    )
    return opened.token


def let_in(token: str, browser: str, to: str) -> Response:
    """Send the browser on, with its cookies. What it knew before of this hub is forgotten."""
    session.clear()
    response = redirect(way_back(to), 303)
    carry(response, token)
    response.set_cookie(
        _device_cookie(),
        browser,
        max_age=devices.REMEMBERED,
        path="/",
        secure=here().production,
        httponly=True,
        samesite="Lax",
    )
    return response


def attempt_of(name: str) -> UUID | None:
    """The attempt that this browser is at."""
    text = session.get(name)
    return UUID(text) if isinstance(text, str) else None


def _device_cookie() -> str:
    return "__Host-device" if here().production else "device"


def today(within: Session) -> date:
    """The day of the hub's own zone."""
    return here().clock().astimezone(ZoneInfo(exchange.store.zone(within))).date()
