"""The tables of `partners.asking`."""

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

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "partners"}


class ReturnOrigin(Base):
    """Where a partner's own pages are: a member is sent back to no other place."""

    __tablename__ = "return_origin"
    __table_args__ = (
        PrimaryKeyConstraint("party_id", "origin", name="return_origin_pk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="return_origin_party_fk"),
        CheckConstraint(
            "origin ~ '^https?://[a-z0-9.-]+(:[0-9]{1,5})?$'", name="return_origin_is_plain"
        ),
        SCHEMA,
    )

    party_id: Mapped[int]
    origin: Mapped[Word]
    registered_at: Mapped[Moment]


class Approval(Base):
    """A spend that a partner asks for; `wallet_id` is that of the member it names, or else of
    whoever decided it."""

    __tablename__ = "approval"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="approval_pk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="approval_party_fk"),
        ForeignKeyConstraint(["link_id"], ["exchange.link.id"], name="approval_link_fk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="approval_wallet_fk"),
        ForeignKeyConstraint(["decided_by"], ["members.member.id"], name="approval_decided_by_fk"),
        UniqueConstraint("code_digest", name="approval_code_once"),
        CheckConstraint("points > 0", name="approval_points_positive"),
        CheckConstraint("state IN ('asked', 'approved', 'refused')", name="approval_state_known"),
        CheckConstraint(
            "(state = 'asked') = (decided_by IS NULL) AND (state = 'asked') = (decided_at IS NULL)",
            name="approval_decided_by_somebody",
        ),
        CheckConstraint(
            "(state = 'approved') = (code_digest IS NOT NULL)",
            name="approval_has_a_code_once_approved",
        ),
        Index("approval_asked", "party_id", "expires_at", postgresql_where=text("state = 'asked'")),
        Index("approval_by_expiry", "expires_at"),
        SCHEMA,
    )

    id: Mapped[UUID]
    party_id: Mapped[int]
    link_id: Mapped[UUID | None]
    wallet_id: Mapped[Big | None]
    points: Mapped[Big]
    reference: Mapped[Word]
    description: Mapped[Word]
    return_url: Mapped[Word]
    asked_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(Text, server_default=text("'asked'"))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[Moment | None]
    code_digest: Mapped[bytes | None]
