"""Invitations: two people let a third one in, by a link that works once, for 48 hours.

What was approved has no link yet. It is made when it is sent, or shown to whoever approved: never
to whoever proposed, who would otherwise hold the other's way in.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from kit.database import Database
from kit.secrets import Secrets
from staff.audit.recording import COMMAND_LINE
from staff.people import store
from staff.people.errors import EmailTaken, NameTaken

VALID: Final = timedelta(hours=48)
_NAME: Final = re.compile(r"[\w][\w .'’-]{0,38}[\w]", re.UNICODE)
# What stands in the books and the audit log where nobody acted at the desk.
_NOBODYS: Final = frozenset({COMMAND_LINE, "calendar", "hub", "system"})
EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")


def is_name(text: str) -> bool:
    """Whether somebody may be called so: 2 to 40 letters, and not as what is nobody."""
    return bool(_NAME.fullmatch(text)) and text.casefold() not in _NOBODYS


@dataclass(frozen=True, kw_only=True, slots=True)
class Invited:
    """Whom a living link lets in."""

    operator: int
    name: str
    email: str | None
    roles: tuple[str, ...]
    expires_at: datetime
    token: str = field(repr=False)


def check(session: Session, name: str, email: str | None) -> RowMapping | None:
    """Somebody of this name who was invited before and never came; None for somebody new.

    Raises NameTaken, EmailTaken, in this order.
    """
    known = store.operator_named(session, name)
    if known is not None and known["accepted"]:
        raise NameTaken
    if email:
        check_email(session, name, email)
    return known


def check_email(session: Session, name: str, email: str) -> None:
    """Raises EmailTaken when the address is somebody else's."""
    other = store.operator_with_email(session, email)
    if other is not None and other["name"] != name:
        raise EmailTaken


def approve(
    session: Session, name: str, roles: Sequence[str], email: str, *, by: str, now: datetime
) -> int:
    """Let somebody in as soon as they accept; a second invitation takes the place of the first.

    Raises NameTaken, EmailTaken, in this order.
    """
    email = email.casefold()
    known = check(session, name, email)
    if known is None:
        operator = store.insert_invited(
            session, {"name": name, "roles": list(roles), "email": email, "now": now}
        )
    else:
        operator = known["id"]
        store.invite_anew(session, operator, list(roles), email)
    store.insert_invitation(session, operator, by, now)
    return operator


def make_link(
    session: Session, secrets_: Secrets, operator: int, now: datetime, *, mailed: bool = False
) -> str:
    """The token of the link; one that was made before is dead, and what its holder began."""
    token = secrets.token_urlsafe(32)
    store.forget_credentials(session, operator)
    store.make_link(session, operator, _digest(secrets_, token), now, mailed)
    return token


def send(
    database: Database,
    secrets_: Secrets,
    mail: Callable[[str, str, str], None],
    message: Callable[[str, str], tuple[str, str]],
    now: datetime,
) -> int:
    """Send every link that is still to be made; how many went out.

    `mail(address, subject, text)` hands one over or raises, then that one waits for the next time;
    `message(name, token)` gives its subject and text.
    """
    with database.transaction() as session:
        waiting = store.unmade_links(session)
    for row in waiting:
        with database.transaction() as session:
            kept = store.lock_invitation(session, row["operator_id"])
            if kept is None or kept["digest"] is not None:
                continue
            whose = store.operator(session, row["operator_id"])  # Perhaps invited anew since.
            if whose is None or whose["email"] is None:
                continue
            token = make_link(session, secrets_, whose["id"], now, mailed=True)
            mail(whose["email"], *message(whose["name"], token))
    return len(waiting)


def find(session: Session, secrets_: Secrets, token: str, now: datetime) -> Invited | None:
    """Whom a living link lets in; locked until this transaction ends."""
    row = store.invitation_of(session, _digest(secrets_, token), now - VALID)
    if row is None:
        return None
    return Invited(
        operator=row["operator_id"],
        name=row["name"],
        email=row["email"],
        roles=tuple(row["roles"]),
        expires_at=row["made_at"] + VALID,
        token=token,
    )


def accept(session: Session, invited: Invited) -> None:
    """They are in; the link is dead."""
    store.delete_invitation(session, invited.operator)
    store.accept(session, invited.operator)


def _digest(secrets_: Secrets, token: str) -> bytes:
    return secrets_.digest("staff-invitation", token)
