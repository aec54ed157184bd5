"""The tables of gifts and family purses."""

from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Facts, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "members"}
WAITING = text("state = 'waiting'")


class Gift(Base):
    """Points on their way: they lie in a wallet of the gift's own until somebody takes them."""

    __tablename__ = "gift"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="gift_pk"),
        ForeignKeyConstraint(["giver_id"], ["members.person.id"], name="gift_giver_fk"),
        ForeignKeyConstraint(["recipient_id"], ["members.person.id"], name="gift_recipient_fk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="gift_wallet_fk"),
        ForeignKeyConstraint(["escrow_id"], ["exchange.wallet.id"], name="gift_escrow_fk"),
        UniqueConstraint("escrow_id", name="gift_escrow_once"),
        CheckConstraint("points > 0", name="gift_points_positive"),
        CheckConstraint("recipient_id <> giver_id", name="gift_not_to_oneself"),
        CheckConstraint(
            "state IN ('waiting', 'accepted', 'declined', 'taken_back', 'lapsed')",
            name="gift_state_known",
        ),
        CheckConstraint(
            "(state = 'waiting') = (ended_at IS NULL) AND (state = 'waiting') = (moved IS NULL)"
            " AND (state = 'waiting') = (phone_index IS NOT NULL)",
            name="gift_waits_or_has_ended",
        ),
        CheckConstraint("moved BETWEEN 0 AND points", name="gift_moved_is_a_part"),
        CheckConstraint(
            "(state IN ('accepted', 'declined')) = (recipient_id IS NOT NULL)",
            name="gift_is_answered_by_somebody",
        ),
        Index("gift_waiting_by_number", "phone_index", postgresql_where=WAITING),
        Index("gift_waiting_by_expiry", "expires_at", postgresql_where=WAITING),
        Index("gift_by_giver", "giver_id", "given_at"),
        Index(
            "gift_by_recipient",
            "recipient_id",
            "ended_at",
            postgresql_where=text("recipient_id IS NOT NULL"),
        ),
        SCHEMA,
    )

    id: Mapped[UUID]
    giver_id: Mapped[UUID]
    wallet_id: Mapped[Big]
    escrow_id: Mapped[Big]
    journal_id: Mapped[UUID]
    points: Mapped[Big]
    phone_index: Mapped[bytes | None]
    recipient_id: Mapped[UUID | None]
    sealed: Mapped[Facts | None]
    state: Mapped[str] = mapped_column(Text, server_default=text("'waiting'"))
    moved: Mapped[Big | None]
    given_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    announced_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]


class Purse(Base):
    """A wallet that several people pay from."""

    __tablename__ = "purse"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="purse_pk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="purse_wallet_fk"),
        UniqueConstraint("wallet_id", name="purse_wallet_once"),
        ForeignKeyConstraint(["opened_by"], ["members.person.id"], name="purse_opened_by_fk"),
        SCHEMA,
    )

    id: Mapped[UUID]
    wallet_id: Mapped[Big]
    opened_by: Mapped[UUID]
    sealed: Mapped[Facts | None]
    opened_at: Mapped[Moment]
    closed_at: Mapped[Moment | None]


class PurseMember(Base):
    """Who pays from a purse, how much a day, and when they did."""

    __tablename__ = "purse_member"
    __table_args__ = (
        PrimaryKeyConstraint("purse_id", "person_id", "joined_at", name="purse_member_pk"),
        ForeignKeyConstraint(["purse_id"], ["members.purse.id"], name="purse_member_purse_fk"),
        ForeignKeyConstraint(["person_id"], ["members.person.id"], name="purse_member_person_fk"),
        CheckConstraint("daily_limit >= 0", name="purse_member_limit_not_negative"),
        Index(
            "purse_member_once",
            "purse_id",
            "person_id",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("purse_member_by_person", "person_id", postgresql_where=text("left_at IS NULL")),
        SCHEMA,
    )

    purse_id: Mapped[UUID]
    person_id: Mapped[UUID]
    daily_limit: Mapped[Big | None]
    joined_at: Mapped[Moment]
    left_at: Mapped[Moment | None]


class PurseInvitation(Base):
    """A number that may join a purse, for three days."""

    __tablename__ = "purse_invitation"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="purse_invitation_pk"),
        ForeignKeyConstraint(["purse_id"], ["members.purse.id"], name="purse_invitation_purse_fk"),
        ForeignKeyConstraint(
            ["person_id"], ["members.person.id"], name="purse_invitation_person_fk"
        ),
        CheckConstraint("daily_limit >= 0", name="purse_invitation_limit_not_negative"),
        CheckConstraint(
            "state IN ('waiting', 'accepted', 'declined', 'withdrawn', 'lapsed')",
            name="purse_invitation_state_known",
        ),
        CheckConstraint(
            "(state = 'waiting') = (ended_at IS NULL)"
            " AND (state = 'waiting') = (phone_index IS NOT NULL)",
            name="purse_invitation_waits_or_has_ended",
        ),
        CheckConstraint(
            "(state IN ('accepted', 'declined')) = (person_id IS NOT NULL)",
            name="purse_invitation_is_answered_by_somebody",
        ),
        Index(
            "purse_invitation_once",
            "purse_id",
            "phone_index",
            unique=True,
            postgresql_where=WAITING,
        ),
        Index("purse_invitation_by_number", "phone_index", postgresql_where=WAITING),
        SCHEMA,
    )

    id: Mapped[UUID]
    purse_id: Mapped[UUID]
    phone_index: Mapped[bytes | None]
    person_id: Mapped[UUID | None]
    sealed: Mapped[Facts | None]
    daily_limit: Mapped[Big]
    state: Mapped[str] = mapped_column(Text, server_default=text("'waiting'"))
    invited_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    announced_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]


class PurseMove(Base):
    """What a member put into a purse, or what went back when it was closed."""

    __tablename__ = "purse_move"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="purse_move_pk"),
        ForeignKeyConstraint(["purse_id"], ["members.purse.id"], name="purse_move_purse_fk"),
        ForeignKeyConstraint(["person_id"], ["members.person.id"], name="purse_move_person_fk"),
        CheckConstraint("kind IN ('contributed', 'paid_back')", name="purse_move_kind_known"),
        CheckConstraint("points > 0", name="purse_move_points_positive"),
        UniqueConstraint("journal_id", name="purse_move_journal_once"),
        Index("purse_move_by_purse", "purse_id", "at"),
        Index("purse_move_by_person", "person_id", "at"),
        SCHEMA,
    )

    id: Mapped[UUID]
    purse_id: Mapped[UUID]
    person_id: Mapped[UUID]
    kind: Mapped[Word]
    journal_id: Mapped[UUID]
    points: Mapped[Big]
    at: Mapped[Moment]
