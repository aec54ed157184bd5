"""The table of `settlement.calendar`."""

from datetime import time

from sqlalchemy import CheckConstraint, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from exchange.models import Moment, Word
from kit.database import Base


class Calendar(Base):
    """When windows close and what days follow, from a moment on until the next row's."""

    __tablename__ = "calendar"
    __table_args__ = (
        PrimaryKeyConstraint("valid_from", name="calendar_pk"),
        CheckConstraint(
            "every IN ('day', 'week', 'half-month', 'month')", name="calendar_every_known"
        ),
        CheckConstraint("route IN ('hub', 'direct')", name="calendar_route_known"),
        CheckConstraint(
            "0 <= advice_days AND advice_days <= call_days AND 0 <= dispute_days",
            name="calendar_days_in_order",
        ),
        {"schema": "settlement"},
    )

    valid_from: Mapped[Moment]
    every: Mapped[Word]
    cut_off: Mapped[time]
    zone: Mapped[Word]
    advice_days: Mapped[int]
    call_days: Mapped[int]
    dispute_days: Mapped[int]
    route: Mapped[Word]
