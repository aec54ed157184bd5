"""What time takes away of signing in: dead codes, old sessions, full buckets."""

from datetime import datetime

from sqlalchemy.orm import Session

from members.people import codes, devices, sessions, store
from members.people.limits import BUCKETS


def forget(session: Session, now: datetime) -> None:
    """Drop everything that could not be used any more."""
    codes.forget(session, now)
    sessions.forget(session, now)
    devices.forget(session, now)
    store.forget_challenges(session, now)
    store.forget_sign_in_links(session, now)
    BUCKETS.forget(session, now)
