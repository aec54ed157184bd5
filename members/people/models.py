"""The tables of `members.people`."""

from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "members"}


class Person(Base):
    """Who signs in and owns one member. Name and number are sealed until erasing destroys them."""

    __tablename__ = "person"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="person_pk"),
        ForeignKeyConstraint(["member_id"], ["members.member.id"], name="person_member_fk"),
        UniqueConstraint("member_id", name="person_member_once"),
        UniqueConstraint("phone_index", name="person_phone_once"),
        CheckConstraint("octet_length(phone_index) = 32", name="person_phone_index_is_a_digest"),
        CheckConstraint("language IN ('en', 'zh')", name="person_language_known"),
        CheckConstraint("theme IN ('auto', 'light', 'dark')", name="person_theme_known"),
        CheckConstraint(
            "(erased_at IS NULL) = (phone_index IS NOT NULL)"
            " AND (erased_at IS NULL) = (sealed IS NOT NULL)"
            " AND (erased_at IS NULL) = (wrapped_key IS NOT NULL)",
            name="person_erased_has_nothing",
        ),
        SCHEMA,
    )

    id: Mapped[UUID]
    member_id: Mapped[UUID]
    phone_index: Mapped[bytes | None]
    sealed: Mapped[bytes | None]
    wrapped_key: Mapped[bytes | None]
    language: Mapped[Word | None]
    theme: Mapped[Word | None]
    opened_at: Mapped[Moment]
    phone_verified_at: Mapped[Moment | None]
    erased_at: Mapped[Moment | None]


class Session(Base):
    """A browser in which somebody is signed in; only a digest of its cookie is kept."""

    __tablename__ = "session"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="session_pk"),
        ForeignKeyConstraint(["person_id"], ["members.person.id"], name="session_person_fk"),
        UniqueConstraint("digest", name="session_digest_once"),
        CheckConstraint("octet_length(digest) = 32", name="session_digest_is_a_digest"),
        CheckConstraint("how IN ('code', 'passkey', 'link')", name="session_how_known"),
        CheckConstraint("seen_at >= opened_at", name="session_seen_since_it_opened"),
        Index("session_by_person", "person_id"),
        Index("session_by_age", "seen_at"),
        SCHEMA,
    )

    id: Mapped[UUID]
    person_id: Mapped[UUID]
    digest: Mapped[bytes]
    how: Mapped[Word]
    device: Mapped[Word]
    opened_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    proved_at: Mapped[Moment | None]


class Device(Base):
    """A browser that a person has signed in with before."""

    __tablename__ = "device"
    __table_args__ = (
        PrimaryKeyConstraint("person_id", "digest", name="device_pk"),
        ForeignKeyConstraint(["person_id"], ["members.person.id"], name="device_person_fk"),
        Index("device_by_age", "seen_at"),
        SCHEMA,
    )

    person_id: Mapped[UUID]
    digest: Mapped[bytes]
    seen_at: Mapped[Moment]


class SignInCode(Base):
    """An attempt to sign in with a number, or to prove oneself again in a session."""

    __tablename__ = "sign_in_code"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="sign_in_code_pk"),
        ForeignKeyConstraint(
            ["session_id"],
            ["members.session.id"],
            name="sign_in_code_session_fk",
            ondelete="CASCADE",
        ),
        CheckConstraint("tries_left >= 0", name="sign_in_code_tries_not_negative"),
        CheckConstraint(
            "octet_length(phone_index) = 32 AND octet_length(digest) = 32",
            name="sign_in_code_digests",
        ),
        Index("sign_in_code_by_session", "session_id"),
        Index("sign_in_code_by_expiry", "expires_at"),
        SCHEMA,
    )

    id: Mapped[UUID]
    phone_index: Mapped[bytes]
    sealed: Mapped[bytes]
    session_id: Mapped[UUID | None]
    digest: Mapped[bytes]
    tries_left: Mapped[int] = mapped_column(SmallInteger)
    sent_at: Mapped[Moment]
    expires_at: Mapped[Moment]


class SignInLink(Base):
    """A link that signs in once; made by command, in development alone."""

    __tablename__ = "sign_in_link"
    __table_args__ = (
        PrimaryKeyConstraint("digest", name="sign_in_link_pk"),
        ForeignKeyConstraint(["person_id"], ["members.person.id"], name="sign_in_link_person_fk"),
        Index("sign_in_link_by_person", "person_id"),
        SCHEMA,
    )

    digest: Mapped[bytes]
    person_id: Mapped[UUID]
    expires_at: Mapped[Moment]


class Passkey(Base):
    """A passkey, by the name that its owner gave it."""

    __tablename__ = "passkey"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="passkey_pk"),
        ForeignKeyConstraint(["person_id"], ["members.person.id"], name="passkey_person_fk"),
        UniqueConstraint("credential", name="passkey_credential_once"),
        CheckConstraint("sign_count >= 0", name="passkey_sign_count_not_negative"),
        Index("passkey_by_person", "person_id"),
        SCHEMA,
    )

    id: Mapped[UUID]
    person_id: Mapped[UUID]
    credential: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[Big]
    sealed_name: Mapped[bytes]
    added_at: Mapped[Moment]
    used_at: Mapped[Moment | None]


class Challenge(Base):
    """What an authenticator is asked to sign; used once."""

    __tablename__ = "challenge"
    __table_args__ = (
        PrimaryKeyConstraint("digest", name="challenge_pk"),
        ForeignKeyConstraint(
            ["session_id"],
            ["members.session.id"],
            name="challenge_session_fk",
            ondelete="CASCADE",
        ),
        CheckConstraint("purpose IN ('sign-in', 'prove', 'add')", name="challenge_purpose_known"),
        CheckConstraint(
            "(purpose = 'sign-in') = (session_id IS NULL)", name="challenge_of_a_session"
        ),
        Index("challenge_by_session", "session_id"),
        Index("challenge_by_expiry", "expires_at"),
        SCHEMA,
    )

    digest: Mapped[bytes]
    session_id: Mapped[UUID | None]
    purpose: Mapped[Word]
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
