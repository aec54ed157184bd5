"""Links that sign somebody in at the desk once: made by command, in development alone."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from kit.secrets import Secrets
from staff.people import store

VALID: Final = timedelta(hours=24)


def make(session: Session, secrets_: Secrets, operator: int, now: datetime) -> str:
    """The token of a link that signs this operator in."""
    token = secrets.token_urlsafe(32)
    store.insert_sign_in_link(
        session,
        {"digest": _digest(secrets_, token), "operator": operator, "expires_at": now + VALID},
    )
    return token


def use(session: Session, secrets_: Secrets, token: str, now: datetime) -> int | None:
    """Whom it signs in, the one time; None when it is unknown, used or too old."""
    return store.use_sign_in_link(session, _digest(secrets_, token), now)


def _digest(secrets_: Secrets, token: str) -> bytes:
    return secrets_.digest("staff-sign-in-link", token)
