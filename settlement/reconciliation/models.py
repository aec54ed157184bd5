"""The tables of `settlement.reconciliation`."""

from typing import Annotated
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, Uuid

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "settlement"}

Plain = Annotated[str, mapped_column(Text(collation="C"))]  # compared byte by byte


def _of_reconciliation(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["reconciliation_id"], ["settlement.reconciliation.id"], name=name)


class Reconciliation(Base):
    """One record of a partner's, for one side of one window, and how far it has come."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="reconciliation_pk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="reconciliation_party_fk"),
        ForeignKeyConstraint(
            ["window_id"], ["exchange.window.id"], name="reconciliation_window_fk"
        ),
        CheckConstraint(
            "side IN ('accepted', 'issued', 'spent')", name="reconciliation_side_known"
        ),
        CheckConstraint(
            "state IN ('loading', 'waiting', 'matching', 'differs', 'closed')",
            name="reconciliation_state_known",
        ),
        CheckConstraint("tolerance >= 0", name="reconciliation_tolerance_not_negative"),
        CheckConstraint(
            "(matched_at IS NOT NULL) = (state IN ('differs', 'closed'))",
            name="reconciliation_matched_when_it_says_so",
        ),
        CheckConstraint(
            "(closed_at IS NOT NULL) = (state = 'closed')",
            name="reconciliation_closed_when_it_says_so",
        ),
        Index("reconciliation_by_party", "party_id", "id"),
        Index(
            "reconciliation_to_match",
            "id",
            postgresql_where=text("state IN ('waiting', 'matching')"),
        ),
        CheckConstraint("unanswered >= 0", name="reconciliation_unanswered_not_negative"),
        Index("reconciliation_for_a_person", "id", postgresql_where=text("unanswered > 0")),
        Index("reconciliation_to_clear", "created_at", postgresql_where=text("cleared_at IS NULL")),
        SCHEMA,
    )

    id: Mapped[UUID]
    party_id: Mapped[int]
    window_id: Mapped[int]
    side: Mapped[Word]
    tolerance: Mapped[int]
    many: Mapped[bool]
    state: Mapped[str] = mapped_column(Text, server_default=text("'loading'"))
    created_at: Mapped[Moment]
    matched_at: Mapped[Moment | None]
    closed_at: Mapped[Moment | None]
    cleared_at: Mapped[Moment | None]
    unanswered: Mapped[int] = mapped_column(server_default=text("0"))


class ReconciliationPart(Base):
    """One file of a record, as it was received."""

    __tablename__ = "reconciliation_part"
    __table_args__ = (
        PrimaryKeyConstraint("reconciliation_id", "part", name="reconciliation_part_pk"),
        _of_reconciliation("reconciliation_part_of_one"),
        CheckConstraint("part BETWEEN 1 AND 1000", name="reconciliation_part_numbered"),
        SCHEMA,
    )

    reconciliation_id: Mapped[UUID]
    part: Mapped[int]
    lines: Mapped[int]
    points: Mapped[Big]
    digest: Mapped[bytes]
    at: Mapped[Moment]


class ReconciliationLine(Base):
    """One line of a record; `number` is 10,000,000 × its part + its line there."""

    __tablename__ = "reconciliation_line"
    __table_args__ = (
        PrimaryKeyConstraint("reconciliation_id", "number", name="reconciliation_line_pk"),
        CheckConstraint("points > 0", name="reconciliation_line_points_positive"),
        SCHEMA,
    )

    reconciliation_id: Mapped[UUID]
    number: Mapped[Big]
    reference: Mapped[Plain]
    kind: Mapped[Plain]
    points: Mapped[Big]
    at: Mapped[Moment | None]


class ReconciliationFinding(Base):
    """Lines of theirs and journals of ours that belong together, or one side that stands alone."""

    __tablename__ = "reconciliation_finding"
    __table_args__ = (
        PrimaryKeyConstraint(
            "reconciliation_id", "outcome", "number", name="reconciliation_finding_pk"
        ),
        CheckConstraint(
            "outcome IN ('matched', 'missing_here', 'missing_there', 'differing', 'duplicate')",
            name="reconciliation_finding_outcome_known",
        ),
        SCHEMA,
    )

    reconciliation_id: Mapped[UUID]
    outcome: Mapped[Plain]
    number: Mapped[int]
    differs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    their_lines: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    their_reference: Mapped[Word | None]
    their_kind: Mapped[Word | None]
    their_points: Mapped[Big | None]
    their_at: Mapped[Moment | None]
    our_journals: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    our_reference: Mapped[Word | None]
    our_kind: Mapped[Word | None]
    our_points: Mapped[Big | None]
    our_at: Mapped[Moment | None]
    our_window_id: Mapped[int | None]


class ReconciliationOutcome(Base):
    """How many findings of an outcome there were, and what they came to."""

    __tablename__ = "reconciliation_outcome"
    __table_args__ = (
        PrimaryKeyConstraint("reconciliation_id", "outcome", name="reconciliation_outcome_pk"),
        _of_reconciliation("reconciliation_outcome_of_one"),
        SCHEMA,
    )

    reconciliation_id: Mapped[UUID]
    outcome: Mapped[Word]
    findings: Mapped[int]
    their_lines: Mapped[int]
    their_points: Mapped[Big]
    our_journals: Mapped[int]
    our_points: Mapped[Big]


class ReconciliationAnswer(Base):
    """What a person said of one finding that does not agree; never changed."""

    __tablename__ = "reconciliation_answer"
    __table_args__ = (
        PrimaryKeyConstraint(
            "reconciliation_id", "outcome", "number", name="reconciliation_answer_pk"
        ),
        _of_reconciliation("reconciliation_answer_of_one"),
        ForeignKeyConstraint(
            ["dispute_id"], ["settlement.dispute.id"], name="reconciliation_answer_dispute_fk"
        ),
        CheckConstraint("outcome <> 'matched'", name="reconciliation_answer_to_a_difference"),
        CheckConstraint(
            "resolution IN ('explained', 'accepted', 'correction', 'disputed')",
            name="reconciliation_answer_known",
        ),
        CheckConstraint(
            "(resolution = 'disputed') = (dispute_id IS NOT NULL)",
            name="reconciliation_answer_disputed",
        ),
        SCHEMA,
    )

    reconciliation_id: Mapped[UUID]
    outcome: Mapped[Plain]
    number: Mapped[int]
    resolution: Mapped[Word]
    dispute_id: Mapped[UUID | None]
    words: Mapped[Word]
    said_by: Mapped[Word]
    at: Mapped[Moment]
