"""The tables of hub personnel, and of what one of them proposes and another decides."""

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
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Facts, Moment, Numbered, True_, Word
from kit.database import Base

SCHEMA = {"schema": "staff"}


class Operator(Base):
    """Somebody who works for the hub: `accepted` once they came in by their invitation, `active`
    until somebody takes that away. `issuer` and `subject` are whom an OpenID provider knows."""

    __tablename__ = "operator"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="operator_pk"),
        UniqueConstraint("name", name="operator_name_once"),
        UniqueConstraint("email", name="operator_email_once"),
        UniqueConstraint("issuer", "subject", name="operator_subject_once"),
        CheckConstraint(
            "(issuer IS NULL) = (subject IS NULL)", name="operator_subject_of_an_issuer"
        ),
        CheckConstraint("accepted OR NOT active", name="operator_accepted_before_active"),
        CheckConstraint(
            "roles <@ ARRAY['operations', 'finance', 'approver', 'risk', 'auditor',"
            " 'administrator']",
            name="operator_roles_known",
        ),
        CheckConstraint("language IN ('en', 'zh')", name="operator_language_known"),
        CheckConstraint("theme IN ('auto', 'light', 'dark')", name="operator_theme_known"),
        SCHEMA,
    )

    id: Mapped[Numbered]
    name: Mapped[Word]
    active: Mapped[True_]
    created_at: Mapped[Moment]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    language: Mapped[Word | None]
    theme: Mapped[Word | None]
    accepted: Mapped[True_]
    email: Mapped[Word | None]
    issuer: Mapped[Word | None]
    subject: Mapped[Word | None]


class Proposal(Base):
    """A change that waits for a second person, who decides on the very same content.

    `object` is what it is about: two of one kind do not wait for the same one. `proposer` and
    `decider` are the operators behind the names; a partner's proposal has no proposer.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="proposal_pk"),
        CheckConstraint(
            "state IN ('waiting', 'approved', 'rejected', 'withdrawn', 'expired')",
            name="proposal_state_known",
        ),
        CheckConstraint(
            "(state IN ('waiting', 'expired')) = (decided_by IS NULL) "
            "AND (state IN ('waiting', 'expired')) = (decided_at IS NULL)",
            name="proposal_decided_by_somebody",
        ),
        CheckConstraint(
            "state = 'withdrawn' OR (decided_by <> proposed_by AND decider <> proposer)",
            name="proposal_decided_by_another",
        ),
        CheckConstraint(
            "state <> 'withdrawn' OR decider = proposer", name="proposal_withdrawn_by_its_proposer"
        ),
        CheckConstraint(
            "state <> 'approved' OR decided_hash = content_hash",
            name="proposal_decided_on_same_content",
        ),
        ForeignKeyConstraint(["proposer"], ["staff.operator.id"], name="proposal_proposer_fk"),
        ForeignKeyConstraint(["decider"], ["staff.operator.id"], name="proposal_decider_fk"),
        Index("proposal_waiting", "expires_at", "id", postgresql_where=text("state = 'waiting'")),
        Index(
            "proposal_waits_once",
            "kind",
            "object",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("proposal_by_object", "object", "proposed_at", "id"),
        Index("proposal_by_proposer", "proposer", "proposed_at", "id"),
        Index("proposal_by_time", "proposed_at", "id"),
        SCHEMA,
    )

    id: Mapped[UUID]
    kind: Mapped[Word]
    content: Mapped[Facts]
    content_hash: Mapped[bytes]
    reason: Mapped[Word]
    proposed_by: Mapped[Word]
    proposed_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(Text, server_default=text("'waiting'"))
    decided_by: Mapped[Word | None]
    decided_hash: Mapped[bytes | None]
    decided_at: Mapped[Moment | None]
    object: Mapped[Word]
    proposer: Mapped[int | None]
    decider: Mapped[int | None]
    decided_because: Mapped[Word | None]
    effect: Mapped[Word | None]
