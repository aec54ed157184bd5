"""The tables of contested lines."""

from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, Word, Zero
from kit.database import Base

SCHEMA = {"schema": "settlement"}


class Dispute(Base):
    """One issuer's share of one journal, contested: by whom, why, how far, and what came of it."""

    __tablename__ = "dispute"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="dispute_pk"),
        ForeignKeyConstraint(["window_id"], ["exchange.window.id"], name="dispute_window_fk"),
        ForeignKeyConstraint(["journal_id"], ["exchange.journal.id"], name="dispute_journal_fk"),
        ForeignKeyConstraint(["issuer_id"], ["exchange.party.id"], name="dispute_issuer_fk"),
        ForeignKeyConstraint(["acceptor_id"], ["exchange.party.id"], name="dispute_acceptor_fk"),
        ForeignKeyConstraint(
            ["carried_into"], ["exchange.window.id"], name="dispute_carried_into_fk"
        ),
        UniqueConstraint("journal_id", "issuer_id", name="dispute_once"),
        CheckConstraint("opened_by IN (issuer_id, acceptor_id)", name="dispute_opened_by_a_side"),
        CheckConstraint("issuer_id <> acceptor_id", name="dispute_between_two"),
        CheckConstraint(
            "reason IN ('not-ours', 'wrong-points', 'duplicate', 'returned', 'other')",
            name="dispute_reason_known",
        ),
        CheckConstraint(
            "state IN ('opened', 'answered', 'escalated', 'resolved')", name="dispute_state_known"
        ),
        CheckConstraint(
            "outcome IN ('upheld', 'rejected', 'withdrawn')", name="dispute_outcome_known"
        ),
        CheckConstraint("carried_into > window_id", name="dispute_carried_onwards"),
        CheckConstraint(
            "(state = 'resolved') = (outcome IS NOT NULL)"
            " AND (state = 'resolved') = (resolved_at IS NOT NULL)",
            name="dispute_resolved_somehow",
        ),
        CheckConstraint(
            "(coalesce(outcome, '') = 'upheld') = (correction IS NOT NULL)"
            " AND (upheld_points > 0) = (correction IS NOT NULL) AND upheld_points <= points",
            name="dispute_upheld_is_corrected",
        ),
        Index("dispute_by_issuer", "issuer_id", "state", "id"),
        Index("dispute_by_acceptor", "acceptor_id", "state", "id"),
        Index("dispute_open", "due_at", postgresql_where=text("state <> 'resolved'")),
        SCHEMA,
    )

    id: Mapped[UUID]
    window_id: Mapped[int]
    journal_id: Mapped[UUID]
    issuer_id: Mapped[int]
    acceptor_id: Mapped[int]
    points: Mapped[Big]
    opened_by: Mapped[int]
    reason: Mapped[Word]
    state: Mapped[Word] = mapped_column(server_default=text("'opened'"))
    opened_at: Mapped[Moment]
    due_at: Mapped[Moment | None]
    deferral_id: Mapped[UUID | None]
    outcome: Mapped[Word | None]
    upheld_points: Mapped[Zero]
    correction: Mapped[UUID | None]
    approval_id: Mapped[UUID | None]
    resolved_at: Mapped[Moment | None]
    carried_into: Mapped[int | None]


class DisputeStep(Base):
    """What was said and done, in order; never changed."""

    __tablename__ = "dispute_step"
    __table_args__ = (
        PrimaryKeyConstraint("dispute_id", "number", name="dispute_step_pk"),
        ForeignKeyConstraint(
            ["dispute_id"], ["settlement.dispute.id"], name="dispute_step_dispute_fk"
        ),
        SCHEMA,
    )

    dispute_id: Mapped[UUID]
    number: Mapped[int]
    step: Mapped[Word]
    party_id: Mapped[int | None]
    words: Mapped[Word]
    at: Mapped[Moment]
    approval_id: Mapped[UUID | None]


class DisputeEvidence(Base):
    """A file that one side put before the other and the hub, byte for byte."""

    __tablename__ = "dispute_evidence"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="dispute_evidence_pk"),
        ForeignKeyConstraint(
            ["dispute_id"], ["settlement.dispute.id"], name="dispute_evidence_dispute_fk"
        ),
        UniqueConstraint("dispute_id", "digest", name="dispute_evidence_once"),
        CheckConstraint("digest = sha256(content)", name="dispute_evidence_digest"),
        SCHEMA,
    )

    id: Mapped[UUID]
    dispute_id: Mapped[UUID]
    party_id: Mapped[int]
    name: Mapped[Word]
    media_type: Mapped[Word]
    digest: Mapped[bytes]
    content: Mapped[bytes]
    at: Mapped[Moment]
