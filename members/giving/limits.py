"""What is left of the day's limit for giving (`members.trust.levels`), counted in the hub's zone.

It is one for gifts and contributions together.
A contribution counts because it leaves one's hands as a gift does: whoever holds a stolen session
could else open a purse, join it under another number and empty the wallet through it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from members.giving import store
from members.giving.errors import GiveLimit


def left_today(session: Session, person: UUID, limit: int, now: datetime) -> int:
    """What is left of `limit` today; gifts that came back do not count."""
    return max(0, limit - store.given_today(session, person, now))


def check(session: Session, person: UUID, points: int, limit: int, now: datetime) -> None:
    """Raises GiveLimit. To be called under the lock of the person's wallet."""
    left = left_today(session, person, limit, now)
    if points > left:
        raise GiveLimit(left=left)
