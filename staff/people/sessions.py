"""Sessions at the desk: a browser's random cookie, of which the database keeps a digest alone.

A desk stands in an office: one ends after an hour without a visit, and after twelve in any case.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from kit.ids import uuid7
from kit.secrets import Secrets
from staff.people import store

IDLE: Final = timedelta(hours=1)
LONGEST: Final = timedelta(hours=12)
FRESH: Final = timedelta(minutes=5)  # how long a proof opens what needs one
NOTED: Final = timedelta(minutes=1)  # between two notes of the last visit

How = Literal["password", "passkey", "provider", "link"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A session just opened, and the secret that its browser carries from now on."""

    id: UUID
    token: str


def begin(
    session: Session,
    secrets_: Secrets,
    operator: int,
    *,
    how: How,
    device: str,
    address: str,
    now: datetime,
    proved: bool = True,
) -> Opened:
    """Sign somebody in, in one browser (`device`: what it says that it is)."""
    token = secrets.token_urlsafe(32)
    id_ = uuid7()
    store.insert_session(
        session,
        {
            "id": id_,
            "operator": operator,
            "digest": _digest(secrets_, token),
            "how": how,
            "device": device,
            "address": address,
            "now": now,
            "proved_at": now if proved else None,
        },
    )
    return Opened(id=id_, token=token)


def find(session: Session, secrets_: Secrets, token: str, now: datetime) -> RowMapping | None:
    """The living session of a cookie, with its operator; the visit is noted."""
    row = store.session_of(
        session,
        _digest(secrets_, token),
        seen_after=now - IDLE,
        opened_after=now - LONGEST,
    )
    if row is not None and row["seen_at"] < now - NOTED:
        store.note_visit(session, row["session"], now)
    return row


def end(session: Session, id_: UUID) -> None:
    """From now on its cookie is nobody's."""
    store.end_session(session, id_)


def of(session: Session, operator: int, now: datetime) -> list[RowMapping]:
    """Where somebody is signed in: `id`, `how`, `device`, `address`, `opened_at`, `seen_at`, last
    seen first."""
    return store.sessions_of(session, operator, seen_after=now - IDLE, opened_after=now - LONGEST)


def forget(session: Session, now: datetime) -> None:
    """Drop sessions whose time is over."""
    store.forget_sessions(session, seen_before=now - IDLE, opened_before=now - LONGEST)


def is_fresh(proved_at: datetime | None, now: datetime) -> bool:
    """Whether who holds the session has proved a moment ago who they are."""
    return proved_at is not None and proved_at > now - FRESH


def _digest(secrets_: Secrets, token: str) -> bytes:
    return secrets_.digest("staff-session", token)
