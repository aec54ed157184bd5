"""The days that follow a closing: advice, call, and the last for disputes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

import exchange.store
import settlement.store
from settlement.calendar import store
from settlement.calendar.periods import Calendar, Route

# Without a calendar: partners are told the next day, and pay within a week.
ADVICE_DAYS, CALL_DAYS = 1, 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Dates:
    """Counted from the day on which a window really closed, in the calendar's zone."""

    advice_on: date
    call_on: date  # What is owed is due.
    disputes_until: date  # The last day on which a line may be contested.
    route: Route


def dates(session: Session, closed_at: datetime) -> Dates:
    """The days of a window that closed at a moment, by the calendar then in force.

    Where there was none, by the hub's own zone: advice the next day, call and the end of disputes
    after a week, and money goes through the hub.
    """
    calendar = in_force(store.calendars(session), closed_at)
    if calendar is None:
        closed_on = settlement.store.day_of(session, closed_at)
        return _dates(closed_on, ADVICE_DAYS, CALL_DAYS, CALL_DAYS, "hub")
    return _dates(
        calendar.day_of(closed_at),
        calendar.advice_days,
        calendar.call_days,
        calendar.dispute_days,
        calendar.route,
    )


def zone(session: Session, moment: datetime) -> str:
    """In which zone people read the times of a window that closed at a moment."""
    calendar = in_force(store.calendars(session), moment)
    return exchange.store.zone(session) if calendar is None else calendar.zone


def in_force(calendars: list[Calendar], moment: datetime) -> Calendar | None:
    """The last calendar that begins at or before a moment."""
    begun = [each for each in calendars if each.valid_from <= moment]
    return begun[-1] if begun else None


def _dates(closed_on: date, advice: int, call: int, dispute: int, route: Route) -> Dates:
    return Dates(
        advice_on=closed_on + timedelta(days=advice),
        call_on=closed_on + timedelta(days=call),
        disputes_until=closed_on + timedelta(days=dispute),
        route=route,
    )
