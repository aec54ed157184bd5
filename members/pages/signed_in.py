"""Who is before the page: the session cookie, and what a page may know of its person.

Where the session stands for too little, because somebody else may hold the device by now, a page
asks for a fresh proof: a passkey, or a code sent to the number.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec
from urllib.parse import quote
from uuid import UUID

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers.response import Response

from members.notices.telling import unread
from members.pages.wiring import here
from members.people import sessions, store
from members.people.sessions import LONGEST
from members.trust.standing import level_of

P = ParamSpec("P")


@dataclass(frozen=True, kw_only=True, slots=True)
class Me:
    """Who is signed in. `language` and `theme` are None until they were chosen; `level` is 0 to 5,
    `unread` at most a hundred."""

    person: UUID
    member: UUID
    wallet: int
    session: UUID
    language: str | None
    theme: str | None
    level: int
    frozen: bool
    unread: int
    proved_at: datetime | None


def cookie_name() -> str:
    """With its prefix, a browser takes the cookie over TLS only, and from no subdomain."""
    return "__Host-wallet" if here().production else "wallet"


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
            person=row["person"],
            member=row["member"],
            wallet=row["wallet"],
            session=row["session"],
            language=row["language"],
            theme=row["theme"],
            level=level_of(session, row["person"]),
            frozen=row["frozen"],
            unread=unread(session, row["person"]),
            proved_at=row["proved_at"],
        )


def me() -> Me:
    """Who is signed in, on a page for those who are."""
    found: Me | None = g.get("me")
    if found is None:
        raise RuntimeError("a page that asks who is there must be @signed_in")
    return found


def signed_in(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """A page for whoever is signed in; others sign in first, and come back to what they read."""

    @functools.wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if g.get("me") is not None:
            return view(*args, **kwargs)
        if request.headers.get("X-Fragment"):  # A script would put the other page into this one.
            return Response(status=401)
        return redirect(_to("/sign-in"), 303)

    return checked


def recently_proved() -> bool:
    """Whether who is there has proved it within five minutes."""
    return sessions.is_fresh(me().proved_at, here().clock())


def prove_first(back: str = "") -> ResponseReturnValue:
    """To the page that asks for a fresh proof, and from there back to a path of ours."""
    return redirect(f"/prove?next={quote(back, safe='/')}" if back else _to("/prove"), 303)


def prefer(name: str, value: str) -> None:
    """Keep the language or the theme that somebody chose; strangers have their cookie alone."""
    found: Me | None = g.get("me")
    if found is None or name not in ("language", "theme"):
        return
    with here().database.transaction() as session:
        store.prefer(
            session,
            found.person,
            language=value if name == "language" else None,
            theme=value if name == "theme" else None,
        )


def carry(response: Response, token: str) -> None:
    """Let the browser carry a session from now on."""
    response.set_cookie(
        cookie_name(),
        token,
        max_age=LONGEST,
        path="/",
        secure=here().production,
        httponly=True,
        samesite="Lax",
    )


def let_go(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(
        cookie_name(), path="/", secure=here().production, httponly=True, samesite="Lax"
    )


def _to(page: str) -> str:
    if request.method != "GET":
        return page
    path = request.full_path.rstrip("?")
    return page if path == "/" else f"{page}?next={quote(path, safe='/')}"
