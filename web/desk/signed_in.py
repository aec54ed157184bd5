"""Who is before a page of the desk: the session cookie, and what the person may do."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec
from urllib.parse import quote
from uuid import UUID

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers.response import Response

from kit.ids import to_text
from staff.audit.recording import acting_from
from staff.people import sessions, store
from staff.people.sessions import LONGEST
from staff.roles import Power, powers, who_may
from web.desk.wiring import here

P = ParamSpec("P")
HOME = "/desk"


@dataclass(frozen=True, kw_only=True, slots=True)
class Me:
    """Who is signed in at the desk. `language` and `theme` are None until they were chosen."""

    operator: int
    name: str
    roles: tuple[str, ...]
    session: UUID
    how: str
    language: str | None
    theme: str | None
    proved_at: datetime | None

    def may(self, power: str) -> bool:
        """Whether one of the person's roles has this power."""
        return Power(power) in powers(self.roles)


def cookie_name() -> str:
    """With its prefix, a browser takes the cookie over TLS only, and from no subdomain."""
    return "__Host-desk" if here().settings.production else "desk"


def whoami() -> Me | None:
    """Whoever the request's cookie is of; None for strangers and for sessions that ended."""
    token = request.cookies.get(cookie_name())
    if not token:
        return None
    with here().database.transaction() as session:
        row = sessions.find(session, here().secrets, token, here().clock())
    if row is None:
        return None
    return Me(
        operator=row["operator"],
        name=row["name"],
        roles=tuple(row["roles"]),
        session=row["session"],
        how=row["how"],
        language=row["language"],
        theme=row["theme"],
        proved_at=row["proved_at"],
    )


def me() -> Me:
    """Who is signed in, on a page for those who are."""
    found: Me | None = g.get("me")
    if found is None:
        raise RuntimeError("a page that asks who is there must be @signed_in")
    return found


def signed_in(
    power: Power | None = None,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """A page for personnel, or for those alone who have this power; others are told who has it.

    Strangers sign in first, and come back to what they read. What the page records in the audit log
    came from this request's address and session.
    """

    def wrap(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @functools.wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if g.get("me") is None:
                if request.headers.get("X-Fragment"):  # A script would put a page into this one.
                    return Response(status=401)
                return redirect(_to("/desk/sign-in"), 303)
            if power is not None and not me().may(power):
                roles = who_may(power)
                return render_template("desk/not_yours.html", roles=roles), 403
            with acting_from(place()):
                return view(*args, **kwargs)

        return checked

    return wrap


def place() -> str:
    """From where somebody acts, as the audit log has it: `10.2.0.14, passkey, ses_…`."""
    return f"{request.remote_addr}, {me().how}, {to_text('ses', me().session)}"


def recently_proved() -> bool:
    """Whether who is there has proved it within five minutes."""
    return sessions.is_fresh(me().proved_at, here().clock())


def prove_first(back: str = "") -> ResponseReturnValue:
    """To the page that asks for a fresh proof, and from there back to a path of ours."""
    there = "/desk/prove"
    return redirect(f"{there}?next={quote(back, safe='/')}" if back else _to(there), 303)


def prefer(name: str, value: str) -> None:
    """Keep the language or the theme that somebody chose."""
    found: Me | None = g.get("me")
    if found is None or name not in ("language", "theme"):
        return
    with here().database.transaction() as session:
        store.prefer(
            session,
            found.operator,
            language=value if name == "language" else None,
            theme=value if name == "theme" else None,
        )


def carry(response: Response, token: str) -> None:
    """Let the browser carry a session from now on."""
    response.set_cookie(
        cookie_name(),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=here().settings.production,
        httponly=True,
        samesite="Lax",
    )


def let_go(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(
        cookie_name(), path="/", secure=here().settings.production, httponly=True, samesite="Lax"
    )


def _to(page: str) -> str:
    if request.method != "GET":
        return page
    path = request.full_path.rstrip("?")
    return page if path == HOME else f"{page}?next={quote(path, safe='/')}"
