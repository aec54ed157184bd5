"""A calendar that one person proposes and another approves."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any, get_args
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from settlement.calendar import store
from settlement.calendar.errors import CalendarExists, CalendarRefused
from settlement.calendar.periods import Calendar, Every, Route

MOST_DAYS = 366


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCalendar:
    """A calendar as it is proposed; see `periods.Calendar`."""

    every: Every
    cut_off: time
    zone: str
    advice_days: int
    call_days: int
    dispute_days: int
    route: Route
    first_day: date  # In force from its first moment in the zone, but not before it is approved.

    def content(self) -> dict[str, Any]:
        """As a proposal holds it."""
        return asdict(self) | {
            "cut_off": f"{self.cut_off:%H:%M}",
            "first_day": self.first_day.isoformat(),
        }


def read(content: Mapping[str, Any]) -> NewCalendar:
    """What `content` wrote."""
    return NewCalendar(
        **{
            **content,
            "cut_off": time.fromisoformat(content["cut_off"]),
            "first_day": date.fromisoformat(content["first_day"]),
        }
    )


def check(new: NewCalendar) -> None:
    """Raises CalendarRefused, saying what is wrong with it."""
    wrong = []
    if new.every not in get_args(Every):
        wrong.append(f"windows close every {', '.join(get_args(Every))}")
    if new.route not in get_args(Route):
        wrong.append(f"money goes by the {' or '.join(get_args(Route))} route")
    try:
        ZoneInfo(new.zone)
    except (KeyError, ValueError, OSError):  # Unknown, or no name of a zone at all.
        wrong.append(f"{new.zone} is no time zone: Asia/Shanghai")
    if not 0 <= new.advice_days <= new.call_days <= MOST_DAYS:
        wrong.append("advice comes first and the call after it, within a year")
    if not 0 <= new.dispute_days <= MOST_DAYS:
        wrong.append("lines are contested within a year")
    if wrong:
        raise CalendarRefused("; ".join(wrong))


def enact(session: Session, new: NewCalendar, *, now: datetime) -> Calendar:
    """Put an approved calendar in force. Raises CalendarRefused, CalendarExists.

    It never looks back: a cut-off before it was approved closes no window.
    """
    check(new)
    values = asdict(new)
    first = datetime.combine(values.pop("first_day"), time(0), ZoneInfo(new.zone))
    calendar = Calendar(**values, valid_from=max(first.astimezone(UTC), now))
    if not store.insert_calendar(session, calendar):
        raise CalendarExists
    return calendar
