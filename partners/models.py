"""The tables of partners: who they are, the keys they sign with, the terms they agreed to."""

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, Numbered, Period, Word
from kit.database import Base

SCHEMA = {"schema": "partners"}


class Partner(Base):
    """A merchant of the coalition; `party_id` is how the books know it."""

    __tablename__ = "partner"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="partner_pk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="partner_party_fk"),
        UniqueConstraint("party_id", name="partner_party_once"),
        UniqueConstraint("slug", name="partner_slug_once"),
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,30}$'", name="partner_slug_is_plain"),
        CheckConstraint(
            "state IN ('applied', 'active', 'suspended', 'closed')", name="partner_state_known"
        ),
        SCHEMA,
    )

    id: Mapped[UUID]
    party_id: Mapped[int]
    slug: Mapped[Word]
    name: Mapped[Word]
    state: Mapped[str] = mapped_column(Text, server_default=text("'applied'"))
    applied_at: Mapped[Moment]
    activated_at: Mapped[Moment | None]
    closed_at: Mapped[Moment | None]


class Key(Base):
    """A public key that a partner proved to own, and what it may be used for."""

    __tablename__ = "key"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="key_pk"),
        ForeignKeyConstraint(["partner_id"], ["partners.partner.id"], name="key_partner_fk"),
        CheckConstraint(
            "algorithm IN ('ed25519', 'ecdsa-p256-sha256')", name="key_algorithm_known"
        ),
        CheckConstraint(
            "cardinality(scopes) > 0 AND scopes <@ ARRAY['till', 'issue', 'settle', 'admin']",
            name="key_scopes_known",
        ),
        UniqueConstraint("public", name="key_public_once"),
        Index("key_by_partner", "partner_id"),
        SCHEMA,
    )

    id: Mapped[Word]
    partner_id: Mapped[UUID]
    algorithm: Mapped[Word]
    public: Mapped[Word]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    proof: Mapped[bytes]
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]


class Terms(Base):
    """What a partner agreed to for a period: prices, fees, policy, cap. Never edited in place."""

    __tablename__ = "terms"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="terms_pk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="terms_party_fk"),
        CheckConstraint("issue_price >= 0 AND accept_price >= 0", name="terms_prices_not_negative"),
        CheckConstraint(
            "fee_ppm BETWEEN 0 AND 1000000 AND prefunded_ppm BETWEEN 0 AND 1000000 "
            "AND breakage_hub_ppm BETWEEN 0 AND 1000000",
            name="terms_shares_are_shares",
        ),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="terms_currency_is_iso"),
        CheckConstraint("cap >= 0", name="terms_cap_not_negative"),
        CheckConstraint("collateral >= 0 AND fund_share >= 0", name="terms_security_not_negative"),
        CheckConstraint("expiry_months BETWEEN 1 AND 120", name="terms_expiry_is_in_the_future"),
        CheckConstraint("pending_days BETWEEN 0 AND 366", name="terms_pending_not_negative"),
        CheckConstraint("NOT isempty(valid)", name="terms_period_not_empty"),
        ExcludeConstraint(
            ("party_id", "="), ("valid", "&&"), using="gist", name="terms_periods_do_not_overlap"
        ),
        SCHEMA,
    )

    id: Mapped[Numbered]
    party_id: Mapped[int]
    issue_price: Mapped[Big]
    accept_price: Mapped[Big]
    fee_ppm: Mapped[int]
    prefunded_ppm: Mapped[int]
    breakage_hub_ppm: Mapped[int]
    currency: Mapped[Word]
    cap: Mapped[Big | None]
    expiry_months: Mapped[int]
    pending_days: Mapped[int]
    collateral: Mapped[Big] = mapped_column(BigInteger, server_default=text("0"))
    fund_share: Mapped[Big] = mapped_column(BigInteger, server_default=text("0"))
    valid: Mapped[Period]
