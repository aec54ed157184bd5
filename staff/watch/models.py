"""The tables of runs and faults. Neither has a word of what was asked or of whom."""

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "staff"}


class JobRun(Base):
    """How a job ran last: one row for each. `fault` is the kind of error that ended it last."""

    __tablename__ = "job_run"
    __table_args__ = (
        PrimaryKeyConstraint("name", name="job_run_pk"),
        CheckConstraint("ended_at >= started_at", name="job_run_ends_after_it_starts"),
        CheckConstraint("(failed_at IS NULL) = (fault IS NULL)", name="job_run_failed_somehow"),
        SCHEMA | {"postgresql_with": {"fillfactor": "50"}},
    )

    name: Mapped[Word]
    started_at: Mapped[Moment]
    ended_at: Mapped[Moment]
    done: Mapped[Big]
    failed_at: Mapped[Moment | None]
    fault: Mapped[Word | None]


class Fault(Base):
    """An error that nobody expected: its number, as people are told it, where, and its kind."""

    __tablename__ = "fault"
    __table_args__ = (
        PrimaryKeyConstraint("incident", name="fault_pk"),
        Index("fault_by_time", "at"),
        SCHEMA,
    )

    incident: Mapped[Word]
    at: Mapped[Moment]
    place: Mapped[Word]
    kind: Mapped[Word]
