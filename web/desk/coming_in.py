"""What the pages that let personnel in share: the browser, its cookie, the way back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import current_app, redirect, request, session
from sqlalchemy.orm import Session
from werkzeug.wrappers.response import Response

from kit import ids
from kit.language import gettext as _
from kit.limits import network
from kit.passkeys import Site
from kit.paths import is_own_path
from members.people.devices import device_name
from staff.audit.recording import acting_from, record
from staff.people import sessions
from staff.people.passwords import LONGEST, SHORTEST, Passwords, Weakness, hashing
from staff.people.provider import Provider, Relying
from staff.people.sessions import How
from web.desk.signed_in import HOME, carry, cookie_name
from web.desk.wiring import here


def address() -> str:
    """Whose tries these are."""
    return network(request.remote_addr)


def site() -> Site:
    """Whom passkeys are for."""
    return Site(here().settings.origin)


def passwords() -> Passwords:
    """How this hub hashes them."""
    return hashing(here().settings.cheap_passwords)


def way_back(path: str | None) -> str:
    """Where to go on to: a page of the desk's, or Today."""
    if path and is_own_path(path) and (path == HOME or path.startswith((f"{HOME}/", f"{HOME}?"))):
        return path
    return HOME


def too_many(until: datetime) -> str:
    """When there is another try, up to the whole minute."""
    up = until + timedelta(seconds=59, microseconds=999_999)
    return _(
        "Too many tries. Try again after %(time)s.",
        time=current_app.jinja_env.filters["time_of_day"](up),
    )


def why_weak(weakness: Weakness) -> str:
    """What is wrong with a password."""
    return {
        "short": _(
            "Use at least %(n)s letters. A few words in a row are easy to keep.", n=SHORTEST
        ),
        "long": _("Use at most %(n)s letters.", n=LONGEST),
        "name": _("Leave your own name out of it."),
        "common": _("Many would guess this one. Use a few words that have nothing in common."),
    }[weakness]


@contextmanager
def arriving(how: str) -> Iterator[None]:
    """What is recorded meanwhile is of somebody who is not signed in yet."""
    with acting_from(f"{request.remote_addr}, {how}"):
        yield


def enter(
    within: Session, operator: int, name: str, *, how: How, facts: dict[str, Any] | None = None
) -> str:
    """A new session, in place of the one that this browser had; the token of its cookie.

    It begins with a fresh proof, but by the provider: that may have let in whoever sat there last.
    """
    secrets_, now = here().secrets, here().clock()
    if token := request.cookies.get(cookie_name()):
        old = sessions.find(within, secrets_, token, now)
        if old is not None:
            sessions.end(within, old["session"])
    opened = sessions.begin(
        within,
        secrets_,
        operator,
        how=how,
        device=device_name(request.user_agent.string),
        address=request.remote_addr or "",
        now=now,
        proved=how != "provider",
    )
    with arriving(how):
        record(
            within,
            who=name,
            what="signed-in",
            object_=ids.to_text("ses", opened.id),
            now=now,
            after=facts,
        )
    return opened.token


def let_in(token: str, to: str) -> Response:
    """Send the browser on, with its cookie. What the desk kept in it before is forgotten."""
    forget()
    response = redirect(way_back(to), 303)
    carry(response, token)
    return response


def forget() -> None:
    """Forms shown before are dead, and so is every attempt; the wallet's things stay."""
    for name in [name for name in session if name.startswith("desk_")] + ["csrf_token", "holder"]:
        session.pop(name, None)


@cache
def _relying(provider: Provider, production: bool) -> Relying:
    return Relying(provider, production=production)


def relying() -> Relying | None:
    """This hub towards its OpenID provider, if it has one."""
    settings = here().settings
    return _relying(settings.provider, settings.production) if settings.provider else None


def provider_name() -> str:
    """What personnel calls the provider; empty where there is none."""
    settings = here().settings
    return settings.provider.name if settings.provider else ""
