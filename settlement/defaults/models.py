"""The tables of `settlement.defaults`: security held, shortfalls covered, and what came back."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from exchange.models import Big, Moment, Numbered, Word
from kit.database import Base

SCHEMA = {"schema": "settlement"}


def _party(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name=name)


def _proposal(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["proposal_id"], ["staff.proposal.id"], name=name)


class Shortfall(Base):
    """A partner that did not fund a window, by how much, and which revision met it."""

    __tablename__ = "shortfall"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="shortfall_pk"),
        ForeignKeyConstraint(
            ["window_id"], ["settlement.settlement.window_id"], name="shortfall_settlement_fk"
        ),
        _party("shortfall_party_fk"),
        _proposal("shortfall_proposal_fk"),
        UniqueConstraint("window_id", "party_id", name="shortfall_once"),
        CheckConstraint("method IN ('without', 'cover')", name="shortfall_method_known"),
        CheckConstraint("amount > 0", name="shortfall_is_something"),
        SCHEMA,
    )

    id: Mapped[UUID]
    window_id: Mapped[int]
    party_id: Mapped[int]
    method: Mapped[Word]
    amount: Mapped[Big]
    revision: Mapped[int]
    proposal_id: Mapped[UUID]
    at: Mapped[Moment]
    cured_at: Mapped[Moment | None]


class ShortfallShare(Base):
    """What one party gave at one step to cover a shortfall."""

    __tablename__ = "shortfall_share"
    __table_args__ = (
        PrimaryKeyConstraint("shortfall_id", "step", "party_id", name="shortfall_share_pk"),
        ForeignKeyConstraint(
            ["shortfall_id"], ["settlement.shortfall.id"], name="shortfall_share_shortfall_fk"
        ),
        _party("shortfall_share_party_fk"),
        CheckConstraint(
            "step IN ('collateral', 'own-contribution', 'mutual-fund', 'loss')",
            name="shortfall_share_step_known",
        ),
        CheckConstraint("amount > 0", name="shortfall_share_is_something"),
        SCHEMA,
    )

    shortfall_id: Mapped[UUID]
    step: Mapped[Word]
    party_id: Mapped[int]
    amount: Mapped[Big]


class Recovery(Base):
    """Money that came for a shortfall after all."""

    __tablename__ = "recovery"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="recovery_pk"),
        ForeignKeyConstraint(
            ["shortfall_id"], ["settlement.shortfall.id"], name="recovery_shortfall_fk"
        ),
        _proposal("recovery_proposal_fk"),
        CheckConstraint("amount > 0", name="recovery_is_something"),
        SCHEMA,
    )

    id: Mapped[UUID]
    shortfall_id: Mapped[UUID]
    amount: Mapped[Big]
    proposal_id: Mapped[UUID]
    at: Mapped[Moment]


class RecoveryShare(Base):
    """What one party got back of what it gave at one step."""

    __tablename__ = "recovery_share"
    __table_args__ = (
        PrimaryKeyConstraint("recovery_id", "step", "party_id", name="recovery_share_pk"),
        ForeignKeyConstraint(
            ["recovery_id"], ["settlement.recovery.id"], name="recovery_share_recovery_fk"
        ),
        _party("recovery_share_party_fk"),
        CheckConstraint("amount > 0", name="recovery_share_is_something"),
        SCHEMA,
    )

    recovery_id: Mapped[UUID]
    step: Mapped[Word]
    party_id: Mapped[int]
    amount: Mapped[Big]


class SecurityMovement(Base):
    """Collateral, or a contribution to the mutual fund, paid in or drawn on."""

    __tablename__ = "security"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="security_pk"),
        _party("security_party_fk"),
        _proposal("security_proposal_fk"),
        CheckConstraint("account IN ('collateral', 'fund')", name="security_account_known"),
        CheckConstraint(
            "kind IN ('deposit', 'recovery') AND amount > 0"
            " OR kind IN ('withdrawal', 'use') AND amount < 0",
            name="security_kind_and_sign",
        ),
        SCHEMA,
    )

    id: Mapped[Numbered]
    party_id: Mapped[int]
    account: Mapped[Word]
    kind: Mapped[Word]
    amount: Mapped[Big]
    proposal_id: Mapped[UUID]
    at: Mapped[Moment]
