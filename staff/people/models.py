"""The tables of how hub personnel sign in."""

from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped

from exchange.models import Moment, Word
from kit.database import Base

SCHEMA = {"schema": "staff"}


class Session(Base):
    """A browser in which somebody is signed in; only a digest of its cookie is kept."""

    __tablename__ = "session"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="session_pk"),
        ForeignKeyConstraint(["operator_id"], ["staff.operator.id"], name="session_operator_fk"),
        UniqueConstraint("digest", name="session_digest_once"),
        CheckConstraint("octet_length(digest) = 32", name="session_digest_is_a_digest"),
        CheckConstraint(
            "how IN ('password', 'passkey', 'provider', 'link')", name="session_how_known"
        ),
        CheckConstraint("seen_at >= opened_at", name="session_seen_since_it_opened"),
        Index("session_by_operator", "operator_id"),
        SCHEMA,
    )

    id: Mapped[UUID]
    operator_id: Mapped[int]
    digest: Mapped[bytes]
    how: Mapped[Word]
    device: Mapped[Word]
    address: Mapped[Word]
    opened_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    proved_at: Mapped[Moment | None]


class SignInLink(Base):
    """A link that signs in once; made by command, in development alone."""

    __tablename__ = "sign_in_link"
    __table_args__ = (
        PrimaryKeyConstraint("digest", name="sign_in_link_pk"),
        ForeignKeyConstraint(
            ["operator_id"], ["staff.operator.id"], name="sign_in_link_operator_fk"
        ),
        SCHEMA,
    )

    digest: Mapped[bytes]
    operator_id: Mapped[int]
    expires_at: Mapped[Moment]
