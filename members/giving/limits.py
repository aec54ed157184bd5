"""How much a person may give in one day: by trust level, gifts and contributions together.

A contribution counts because it leaves one's hands as a gift does: whoever holds a stolen session
could else open a purse, join it under another number and empty the wallet through it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from members.giving import store
from members.giving.errors import GiveLimit

GIVE_DAILY = (500, 1_000, 2_000, 3_000, 5_000, 10_000)  # points, by level 0 (new) to 5


def give_daily(level: int) -> int:
    """Points that somebody of this level may give in one day of the hub's zone."""
    return GIVE_DAILY[level]


def left_today(session: Session, person: UUID, limit: int, now: datetime) -> int:
    """What is left of `limit` today; gifts that came back do not count."""
    return max(0, limit - store.given_today(session, person, now))


def check(session: Session, person: UUID, points: int, limit: int, now: datetime) -> None:
    """Raises GiveLimit. To be called under the lock of the person's wallet."""
    left = left_today(session, person, limit, now)
    if points > left:
        raise GiveLimit(left=left)
