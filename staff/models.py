"""The tables of hub personnel, and of what one of them proposes and another decides."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Text, UniqueConstraint, text
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
    """A change that waits for a second person, who decides on the very same content."""

    __tablename__ = "proposal"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="proposal_pk"),
        CheckConstraint(
            "state IN ('waiting', 'approved', 'rejected')", name="proposal_state_known"
        ),
        CheckConstraint(
            "(state = 'waiting') = (decided_by IS NULL) "
            "AND (state = 'waiting') = (decided_at IS NULL)",
            name="proposal_decided_by_somebody",
        ),
        CheckConstraint("decided_by <> proposed_by", name="proposal_decided_by_another"),
        CheckConstraint(
            "state <> 'approved' OR decided_hash = content_hash",
            name="proposal_decided_on_same_content",
        ),
        Index("proposal_waiting", "proposed_at", postgresql_where=text("state = 'waiting'")),
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
