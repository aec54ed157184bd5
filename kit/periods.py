"""Periods as people type them: `2026`, `2026-11`, `2026-Q3`, `2026-11-05`, `2026-11-01..15`."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_YEAR = r"(?P<year>(?:19|20)\d\d)"
_ONE = re.compile(rf"{_YEAR}(?:-(?:[Qq](?P<quarter>[1-4])|(?P<month>\d\d)(?:-(?P<day>\d\d))?))?")
_DAYS = re.compile(
    rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)\.\."
    r"(?:(?:(?P<to_year>(?:19|20)\d\d)-)?(?P<to_month>\d\d)-)?(?P<to_day>\d\d)"
)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both of them in it."""

    first: date
    last: date
    text: str

    def moments(self, zone: str) -> tuple[datetime, datetime]:
        """When it begins, and when it has ended: half-open, UTC."""
        place = ZoneInfo(zone)
        begins, ends = (
            datetime(day.year, day.month, day.day, tzinfo=place).astimezone(UTC)
            for day in (self.first, self.last + timedelta(days=1))
        )
        return begins, ends


def read(text: str) -> Period | None:
    """The period that a text names, or None; full-width digits are digits."""
    typed = unicodedata.normalize("NFKC", text).strip()
    typed = re.sub(r"\s", "", typed).replace("…", "..")
    try:
        days = _read_days(typed)
    except ValueError:  # A 30th of February.
        return None
    if days is None or days[0] > days[1]:
        return None
    return Period(*days, typed.upper())


def _read_days(typed: str) -> tuple[date, date] | None:
    if found := _ONE.fullmatch(typed):
        year, quarter, month, day = (found[name] for name in ("year", "quarter", "month", "day"))
        if day:
            one = date(int(year), int(month), int(day))
            return one, one
        if month:
            return date(int(year), int(month), 1), _last(int(year), int(month))
        if quarter:
            return date(int(year), 3 * int(quarter) - 2, 1), _last(int(year), 3 * int(quarter))
        return date(int(year), 1, 1), date(int(year), 12, 31)
    if found := _DAYS.fullmatch(typed):
        first = date(int(found["year"]), int(found["month"]), int(found["day"]))
        return first, date(
            int(found["to_year"] or first.year),
            int(found["to_month"] or first.month),
            int(found["to_day"]),
        )
    return None


def _last(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)
