"""The tables of `members.trust`."""

from uuid import UUID

from sqlalchemy import CheckConstraint, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Moment
from kit.database import Base


class Standing(Base):
    """The level a person was last given, and since when."""

    __tablename__ = "standing"
    __table_args__ = (
        PrimaryKeyConstraint("person_id", name="standing_pk"),
        CheckConstraint("level BETWEEN 0 AND 5", name="standing_level_known"),
        {"schema": "members"},
    )

    person_id: Mapped[UUID]
    level: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[Moment]
