"""How long each step of a dispute may take: as the calendar says for contesting itself."""

from datetime import datetime

from sqlalchemy.orm import Session

from settlement.calendar import store
from settlement.calendar.days import CALL_DAYS, in_force
from settlement.disputes.rules import due


def next_due(session: Session, now: datetime) -> datetime:
    """By when the next step must be taken."""
    calendar = in_force(store.calendars(session), now)
    return due(now, CALL_DAYS if calendar is None else calendar.dispute_days)
