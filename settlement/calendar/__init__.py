"""When windows close, and the days that follow."""

from settlement.calendar.days import Dates, dates, zone

__all__ = ["Dates", "dates", "zone"]
