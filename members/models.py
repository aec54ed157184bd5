"""The tables of people: members, partners' own numbers for them, tokens to be recognised by."""

from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "members"}


class Member(Base):
    """A person with one wallet. Who they are, the hub does not know."""

    __tablename__ = "member"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="member_pk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="member_wallet_fk"),
        ForeignKeyConstraint(["enrolled_by"], ["exchange.party.id"], name="member_enrolled_by_fk"),
        UniqueConstraint("wallet_id", name="member_wallet_once"),
        SCHEMA,
    )

    id: Mapped[UUID]
    wallet_id: Mapped[Big]
    enrolled_by: Mapped[int]
    enrolled_at: Mapped[Moment]


class Customer(Base):
    """A partner's own number for a member, so that enrolling the same one twice is refused."""

    __tablename__ = "customer"
    __table_args__ = (
        PrimaryKeyConstraint("party_id", "reference", name="customer_pk"),
        ForeignKeyConstraint(["member_id"], ["members.member.id"], name="customer_member_fk"),
        ForeignKeyConstraint(["link_id"], ["exchange.link.id"], name="customer_link_fk"),
        UniqueConstraint("link_id", name="customer_link_once"),
        SCHEMA,
    )

    party_id: Mapped[int]
    reference: Mapped[Word]
    member_id: Mapped[UUID]
    link_id: Mapped[UUID]


class LinkToken(Base):
    """What a member carries to a partner to be recognised there.

    One that the member asked for herself (`issued_to` null) says what the partner may do.
    """

    __tablename__ = "link_token"
    __table_args__ = (
        PrimaryKeyConstraint("digest", name="link_token_pk"),
        ForeignKeyConstraint(["member_id"], ["members.member.id"], name="link_token_member_fk"),
        ForeignKeyConstraint(["issued_to"], ["exchange.party.id"], name="link_token_issued_to_fk"),
        CheckConstraint("sees IN ('nothing', 'answers', 'balance')", name="link_token_sees_known"),
        CheckConstraint("daily_limit >= 0", name="link_token_daily_limit_not_negative"),
        CheckConstraint(
            "(issued_to IS NULL) = (sees IS NOT NULL) "
            "AND (issued_to IS NULL) = (daily_limit IS NOT NULL)",
            name="link_token_own_says_consent",
        ),
        CheckConstraint(
            "(used_at IS NULL) = (used_by IS NULL)", name="link_token_used_by_somebody"
        ),
        Index("link_token_by_expiry", "expires_at"),
        Index(
            "link_token_own_once",
            "member_id",
            unique=True,
            postgresql_where=text("issued_to IS NULL"),
        ),
        SCHEMA,
    )

    digest: Mapped[bytes]
    member_id: Mapped[UUID]
    issued_to: Mapped[int | None]
    sees: Mapped[Word | None]
    daily_limit: Mapped[Big | None]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    used_by: Mapped[int | None]


class ShownCode(Base):
    """The one live code of a wallet and of the person who shows it; `id` names it to their page."""

    __tablename__ = "shown_code"
    __table_args__ = (
        PrimaryKeyConstraint("wallet_id", "person_id", name="shown_code_pk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="shown_code_wallet_fk"),
        ForeignKeyConstraint(["person_id"], ["members.person.id"], name="shown_code_person_fk"),
        UniqueConstraint("id", name="shown_code_id_once"),
        CheckConstraint("chosen_limit > 0", name="shown_code_limit_positive"),
        SCHEMA,
    )

    wallet_id: Mapped[Big]
    person_id: Mapped[UUID]
    id: Mapped[UUID]
    digest: Mapped[bytes]
    chosen_limit: Mapped[Big]
    shown_at: Mapped[Moment]
