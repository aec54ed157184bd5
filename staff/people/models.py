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

from exchange.models import Big, False_, Moment, Word
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
        Index("session_by_visit", "seen_at"),
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


class Invitation(Base):
    """Somebody who may come in and has not yet. Without a digest, the link is still to be made."""

    __tablename__ = "invitation"
    __table_args__ = (
        PrimaryKeyConstraint("operator_id", name="invitation_pk"),
        ForeignKeyConstraint(["operator_id"], ["staff.operator.id"], name="invitation_operator_fk"),
        UniqueConstraint("digest", name="invitation_digest_once"),
        CheckConstraint("octet_length(digest) = 32", name="invitation_digest_is_a_digest"),
        CheckConstraint("(digest IS NULL) = (made_at IS NULL)", name="invitation_made_at_a_time"),
        SCHEMA,
    )

    operator_id: Mapped[int]
    approved_by: Mapped[Word]
    approved_at: Mapped[Moment]
    digest: Mapped[bytes | None]
    made_at: Mapped[Moment | None]
    mailed: Mapped[False_]


class Password(Base):
    """An argon2 hash, with its own salt and parameters."""

    __tablename__ = "password"
    __table_args__ = (
        PrimaryKeyConstraint("operator_id", name="password_pk"),
        ForeignKeyConstraint(["operator_id"], ["staff.operator.id"], name="password_operator_fk"),
        SCHEMA,
    )

    operator_id: Mapped[int]
    hash: Mapped[Word]
    set_at: Mapped[Moment]


class Totp(Base):
    """The app of the second step. `last_step` is the newest half minute whose code was used."""

    __tablename__ = "totp"
    __table_args__ = (
        PrimaryKeyConstraint("operator_id", name="totp_pk"),
        ForeignKeyConstraint(["operator_id"], ["staff.operator.id"], name="totp_operator_fk"),
        SCHEMA,
    )

    operator_id: Mapped[int]
    sealed: Mapped[Word]
    last_step: Mapped[Big]
    set_at: Mapped[Moment]


class RecoveryCode(Base):
    """Takes the place of the app, once."""

    __tablename__ = "recovery_code"
    __table_args__ = (
        PrimaryKeyConstraint("digest", name="recovery_code_pk"),
        ForeignKeyConstraint(
            ["operator_id"], ["staff.operator.id"], name="recovery_code_operator_fk"
        ),
        Index("recovery_code_by_operator", "operator_id"),
        SCHEMA,
    )

    digest: Mapped[bytes]
    operator_id: Mapped[int]
    used_at: Mapped[Moment | None]


class Passkey(Base):
    """A passkey's public half."""

    __tablename__ = "passkey"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="passkey_pk"),
        ForeignKeyConstraint(["operator_id"], ["staff.operator.id"], name="passkey_operator_fk"),
        UniqueConstraint("credential", name="passkey_credential_once"),
        Index("passkey_by_operator", "operator_id"),
        SCHEMA,
    )

    id: Mapped[UUID]
    operator_id: Mapped[int]
    credential: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[Big]
    name: Mapped[Word]
    added_at: Mapped[Moment]
    used_at: Mapped[Moment | None]


class Challenge(Base):
    """What a browser is to sign, once: for an act, and for a session or an invitation."""

    __tablename__ = "challenge"
    __table_args__ = (
        PrimaryKeyConstraint("digest", name="challenge_pk"),
        CheckConstraint("purpose IN ('sign-in', 'prove', 'add')", name="challenge_purpose_known"),
        Index("challenge_by_expiry", "expires_at"),
        SCHEMA,
    )

    digest: Mapped[bytes]
    purpose: Mapped[Word]
    holder: Mapped[Word]
    expires_at: Mapped[Moment]


class Bucket(Base):
    """How often something was done, by a keyed digest of who did it."""

    __tablename__ = "bucket"
    __table_args__ = (
        PrimaryKeyConstraint("digest", name="bucket_pk"),
        Index("bucket_by_full_at", "full_at"),
        SCHEMA,
    )

    digest: Mapped[bytes]
    full_at: Mapped[Moment]
