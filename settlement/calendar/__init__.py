"""When windows close, and the days that follow."""

from settlement.calendar.days import Dates, dates

__all__ = ["Dates", "dates"]
