"""Which months the demonstration lives: a year that ends today, cut into settlement windows."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Month:
    """A settlement window: what it is called, and when it is over."""

    name: str
    ends: datetime


def begins(now: datetime) -> datetime:
    """When the books were opened."""
    return now - YEAR


def month_of(moment: datetime) -> str:
    """`2026-11`: the month in which a moment lies."""
    return f"{moment.astimezone(ZONE):%Y-%m}"


def closed(now: datetime) -> list[Month]:
    """The months of the year that are over, the first of them begun when the books were opened."""
    found = []
    month = Month(month_of(begins(now)), _end(begins(now)))
    while month.ends <= now:
        found.append(month)
        month = Month(month_of(month.ends), _end(month.ends))
    return found


def following(name: str) -> str:
    """`2026-12` is followed by `2027-01`."""
    ahead = int(name[:4]) * 12 + int(name[5:])  # Months since the year 0, to the next one.
    return f"{ahead // 12:04d}-{ahead % 12 + 1:02d}"


def _end(moment: datetime) -> datetime:
    """Midnight at the end of a moment's month, as clocks there show it."""
    year, month = map(int, following(month_of(moment)).split("-"))
    first = date(year, month, 1)
    return datetime(first.year, first.month, first.day, tzinfo=ZONE).astimezone(UTC)
