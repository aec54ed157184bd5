"""What the calendar refuses."""

from kit.errors import Kind, Refusal


class CalendarRefused(Refusal):
    code = "calendar-refused"
    kind = Kind.INVALID
    title = "The calendar cannot be as proposed."


class CalendarExists(Refusal):
    code = "calendar-exists"
    kind = Kind.CONFLICT
    title = "Another calendar begins at this very moment."
