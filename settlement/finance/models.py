"""The table of reports that were made ahead."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import TIMESTAMP, CheckConstraint, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Moment, Word
from kit.database import Base


class KeptReport(Base):
    """A report of the days from `since` to `at`, asked for last at `asked_at`."""

    __tablename__ = "kept_report"
    __table_args__ = (
        PrimaryKeyConstraint("name", "since", "at", name="kept_report_pk"),
        CheckConstraint(
            "name IN ('liability', 'lots', 'breakage', 'roll-forward', 'trial-balance',"
            " 'disclosure', 'exposure')",
            name="kept_report_name_known",
        ),
        CheckConstraint("since <= at", name="kept_report_days_in_order"),
        CheckConstraint(
            "(made_at IS NULL) = (report IS NULL) AND (made_at IS NULL) = (took_ms IS NULL)",
            name="kept_report_made_whole",
        ),
        Index(
            "kept_report_asked",
            "asked_at",
            postgresql_where=text("made_at IS NULL OR made_at < asked_at"),
        ),
        {"schema": "settlement"},
    )

    name: Mapped[Word]
    since: Mapped[date]
    at: Mapped[date]
    asked_at: Mapped[Moment]
    made_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    took_ms: Mapped[int | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
