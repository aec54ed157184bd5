"""All SQL of the calendar."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from settlement.calendar.periods import Calendar

_COLUMNS = "valid_from, every, cut_off, zone, advice_days, call_days, dispute_days, route"


def calendars(session: Session) -> list[Calendar]:
    """Every calendar that was ever agreed, by when it comes into force."""
    rows = session.execute(
        text(f"SELECT {_COLUMNS} FROM settlement.calendar ORDER BY valid_from")  # noqa: S608
    )
    return [Calendar(**row) for row in rows.mappings()]


def insert_calendar(session: Session, calendar: Calendar) -> bool:
    """False when another one begins at the same moment."""
    names = _COLUMNS.split(", ")
    made = session.execute(
        text(
            f"INSERT INTO settlement.calendar ({_COLUMNS}) VALUES (:{', :'.join(names)})"  # noqa: S608
            " ON CONFLICT ON CONSTRAINT calendar_pk DO NOTHING RETURNING valid_from"
        ),
        {name: getattr(calendar, name) for name in names},
    )
    return made.first() is not None
