"""The tables of `members.notices`."""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, True_, Word
from kit.database import Base

SCHEMA = {"schema": "members"}


class Notice(Base):
    """One thing told to one person: in the inbox, by message, or both."""

    __tablename__ = "notice"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="notice_pk"),
        CheckConstraint(
            "state IN ('none', 'waiting', 'sent', 'undelivered')", name="notice_state_known"
        ),
        CheckConstraint(
            "(state = 'waiting') = (due_at IS NOT NULL)", name="notice_due_while_waiting"
        ),
        CheckConstraint("tries >= 0", name="notice_tries_not_negative"),
        CheckConstraint("state <> 'sent' OR tries > 0", name="notice_sent_after_a_try"),
        CheckConstraint("inbox OR state <> 'none'", name="notice_goes_somewhere"),
        UniqueConstraint("person_id", "kind", "about", name="notice_once"),
        Index("notice_by_person", "person_id", "at", "id", postgresql_where=text("inbox")),
        Index(
            "notice_unread",
            "person_id",
            "at",
            "id",
            postgresql_where=text("inbox AND read_at IS NULL"),
        ),
        Index("notice_to_send", "due_at", postgresql_where=text("state = 'waiting'")),
        SCHEMA,
    )

    id: Mapped[UUID]
    person_id: Mapped[UUID]
    kind: Mapped[Word]
    facts: Mapped[dict[str, object]] = mapped_column(JSONB)
    about: Mapped[UUID | None]
    at: Mapped[Moment]
    inbox: Mapped[bool]
    read_at: Mapped[Moment | None]
    state: Mapped[Word]
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    due_at: Mapped[Moment | None]


class NoticeChoice(Base):
    """What a person switched off, and from how many points a spend is an alarm."""

    __tablename__ = "notice_choice"
    __table_args__ = (
        PrimaryKeyConstraint("person_id", name="notice_choice_pk"),
        CheckConstraint("large_spend > 0", name="notice_choice_large_spend_positive"),
        CheckConstraint(
            "NOT no_inbox && ARRAY['large-spends', 'sign-in', 'freezing', 'consent']",
            name="notice_choice_security_stays",
        ),
        SCHEMA,
    )

    person_id: Mapped[UUID]
    no_inbox: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    no_message: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    large_spend: Mapped[Big] = mapped_column(server_default=text("1000"))


class Told(Base):
    """How far notices have followed the books and the calendar, in the one row of this table."""

    __tablename__ = "told"
    __table_args__ = (
        PrimaryKeyConstraint("one", name="told_pk"),
        CheckConstraint("one", name="told_is_one_row"),
        SCHEMA,
    )

    one: Mapped[True_]
    xid: Mapped[Big]
    looked_at: Mapped[Moment]
    day: Mapped[date]
