"""What time takes away of signing in at the desk."""

from datetime import datetime

from sqlalchemy.orm import Session

from staff.people import sessions, store
from staff.people.limits import BUCKETS


def forget(session: Session, now: datetime) -> None:
    """Drop everything that could not be used any more."""
    sessions.forget(session, now)
    store.forget_challenges(session, now)
    store.forget_sign_in_links(session, now)
    BUCKETS.forget(session, now)
