"""People of the hub with something to sign in with, and what their browsers do with it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
from sqlalchemy import text

from kit.database import Database
from staff.people import apps, recovery_codes, store
from staff.people.passwords import hashing
from tests.factories import build_operator
from tests.members.people.authenticator import Authenticator
from tests.members.visitor import SECRETS, Answer, Site, Visitor

PASSWORD = "seven quiet herons wade"


@dataclass
class Colleague:
    """Somebody with a password, an app and recovery codes."""

    name: str
    id: int
    app: pyotp.TOTP
    codes: list[str]

    def code(self, now: datetime | None = None) -> str:
        """What the app shows now."""
        return self.app.at(now or datetime.now(UTC))


def colleague(
    database: Database, name: str, *roles: str, password: str = PASSWORD, email: str | None = None
) -> Colleague:
    """Somebody who signs in by password; the app was last used long ago."""
    secret = apps.new_secret()
    long_ago = datetime.now(UTC) - timedelta(days=30)
    with database.transaction() as session:
        operator = build_operator(session, name=name, roles=roles)
        operator.email = email
        store.set_password(session, operator.id, hashing(True).hash(password), long_ago)
        sealed = apps.seal(SECRETS, secret, operator.id)
        store.set_totp(session, operator.id, sealed, 0, long_ago)
        codes = recovery_codes.make(session, SECRETS, operator.id)
        return Colleague(name, operator.id, pyotp.TOTP(secret), codes)


def type_password(
    visitor: Visitor, name: str, password: str = PASSWORD, to: str = "/desk"
) -> Answer:
    """The first step."""
    page = "/desk/sign-in" + (f"?next={to}" if to != "/desk" else "")
    return visitor.post("/desk/sign-in", on=page, name=name, password=password)


def come_in(visitor: Visitor, who: Colleague, *, now: datetime | None = None) -> Answer:
    """Both steps; the answer of the second."""
    answer = type_password(visitor, who.name)
    assert answer.location == "/desk/sign-in/code", answer.words
    return visitor.post("/desk/sign-in/code", code=who.code(now))


def add_passkey(visitor: Visitor, site: Site, **options: Any) -> Authenticator:
    """Somebody who is signed in, and has just proved it, adds one."""
    device = Authenticator(site.origin, **options)
    asked = visitor.ask("/desk/account/passkeys/options", on="/desk/account")
    assert asked.status == 200, asked.words
    answer = visitor.send(
        "POST",
        "/desk/account/passkeys",
        {"csrf_token": visitor.token("/desk/account"), "credential": device.create(asked.json())},
    )
    assert (answer.status, answer.location) == (303, "/desk/account"), answer.words
    return device


def by_passkey(
    visitor: Visitor, device: Authenticator, *, on: str = "/desk/sign-in", **changed: Any
) -> Answer:
    """Sign in by it."""
    token = visitor.token(on)
    asked = visitor.send(
        "POST", "/desk/sign-in/passkey/options", {}, headers={"X-CSRFToken": token}
    )
    assert asked.status == 200
    return visitor.send(
        "POST",
        "/desk/sign-in/passkey",
        {"csrf_token": token, "credential": device.get(asked.json(), **changed)},
    )


def audit(database: Database) -> list[tuple[str, str, str, str, dict[str, Any] | None]]:
    """Who did what to what, from where, and what was after; the newest first."""
    with database.transaction() as session:
        rows = session.execute(
            text("SELECT who, what, object, place, after FROM staff.audit ORDER BY id DESC")
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]


def acts(database: Database) -> list[tuple[str, str]]:
    """Who did what, the newest first."""
    return [(who, what) for who, what, *_ in audit(database)]
