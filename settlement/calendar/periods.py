"""When a window's time is over: days, weeks, halves and months, each at one time in one zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Every = Literal["day", "week", "half-month", "month"]
Route = Literal["hub", "direct"]

_DAY = timedelta(days=1)
_MIDNIGHT = time(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """In force from `valid_from` until the next calendar's.

    A period ends at `cut_off` of its last day, 00:00 being the midnight at that day's end. A time
    that a clock leaps over is taken an hour later; of one that it shows twice, the first.
    """

    valid_from: datetime
    every: Every  # Weeks end on Sundays, halves of a month on the 15th and on its last day.
    cut_off: time
    zone: str  # As in the IANA database.
    advice_days: int  # From the day of closing, in the zone, until partners are told…
    call_days: int  # …until what they owe is due…
    dispute_days: int  # …and until they may no longer contest a line.
    route: Route

    def day_of(self, moment: datetime) -> date:
        """The calendar day of a moment, in the zone."""
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def ends(self, last: date) -> datetime:
        """The moment, in UTC, at which a period with this last day is over."""
        day = last + _DAY if self.cut_off == _MIDNIGHT else last
        return datetime.combine(day, self.cut_off, ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class CutOff:
    """The end of a period, and the name of the window that it closes."""

    at: datetime
    name: str  # 2026-11-22, 2026-W47, 2026-11a, 2026-11b or 2026-11.


def next_cut_off(calendars: Sequence[Calendar], after: datetime) -> CutOff | None:
    """The first cut-off after a moment; `calendars` are by `valid_from`, None when there are none.

    One that falls on the very moment at which the next calendar begins is still the former's.
    """
    for calendar, following in zip(calendars, [*calendars[1:], None], strict=False):
        until = following.valid_from if following else None
        found = _first_after(calendar, after)
        if until is None or found.at <= until:
            return found
    return None


def _first_after(calendar: Calendar, after: datetime) -> CutOff:
    last = last_day(calendar.every, calendar.day_of(max(after, calendar.valid_from)) - _DAY)
    while not (calendar.ends(last) > after and calendar.ends(last) >= calendar.valid_from):
        last = last_day(calendar.every, last + _DAY)
    return CutOff(at=calendar.ends(last), name=name_of(calendar.every, last))


def last_day(every: Every, day: date) -> date:
    """The last day of the period in which a day lies."""
    if every == "day":
        return day
    if every == "week":
        return day + (6 - day.weekday()) * _DAY
    if every == "half-month" and day.day <= 15:
        return day.replace(day=15)
    return (day.replace(day=1) + 31 * _DAY).replace(day=1) - _DAY


def name_of(every: Every, last: date) -> str:
    """The name of the period that ends on a day; it sorts as time goes, among its kind."""
    if every == "day":
        return last.isoformat()
    if every == "week":
        year, week, _ = last.isocalendar()
        return f"{year}-W{week:02d}"
    half = {"half-month": "a" if last.day == 15 else "b"}.get(every, "")
    return f"{last:%Y-%m}{half}"
