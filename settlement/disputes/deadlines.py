"""How long each step of a dispute may take: as the calendar says for contesting itself."""

from datetime import datetime

from sqlalchemy.orm import Session

from settlement.calendar import store
from settlement.calendar.days import CALL_DAYS, in_force
from settlement.calendar.periods import next_cut_off
from settlement.disputes.rules import due


def next_due(session: Session, now: datetime) -> datetime:
    """By when the next step must be taken."""
    calendar = in_force(store.calendars(session), now)
    return due(now, CALL_DAYS if calendar is None else calendar.dispute_days)


def due_after_next_closing(session: Session, now: datetime) -> datetime:
    """The same for what was carried over: counted from the next cut-off, where there is one."""
    cut_off = next_cut_off(store.calendars(session), now)
    return next_due(session, now if cut_off is None else cut_off.at)
