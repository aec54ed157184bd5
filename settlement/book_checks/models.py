"""The table of checks; rows are added, and the quick ones that found nothing go after a while."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, Word
from kit.database import Base


class BookCheck(Base):
    """One check. `failed` is a list of {name, count}: how many violations of which invariant.

    `reached` is the transaction before which every journal has been looked at.
    """

    __tablename__ = "book_check"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="book_check_pk"),
        CheckConstraint("depth IN ('quick', 'full')", name="book_check_depth_known"),
        CheckConstraint("took_ms >= 0 AND asked > 0", name="book_check_was_one"),
        CheckConstraint("jsonb_typeof(failed) = 'array'", name="book_check_failed_is_a_list"),
        Index("book_check_by_time", "depth", "at"),
        {"schema": "settlement"},
    )

    id: Mapped[UUID]
    depth: Mapped[Word]
    at: Mapped[Moment]
    took_ms: Mapped[int]
    asked: Mapped[int]
    failed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB(none_as_null=True))
    reached: Mapped[Big]
    asked_by: Mapped[Word]
