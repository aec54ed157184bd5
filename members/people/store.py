"""All SQL of persons: who they are, how they sign in, where they are signed in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Row = RowMapping
Values = Mapping[str, Any]


def _one(session: Session, sql: str, **values: Any) -> Row | None:
    return session.execute(text(sql), values).mappings().one_or_none()


def _all(session: Session, sql: str, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())


def _do(session: Session, sql: str, **values: Any) -> None:
    session.execute(text(sql), values)


# --- persons --------------------------------------------------------------------------------------


def lock_number(session: Session, index: bytes) -> None:
    """Let nobody else open a person with this number until the transaction ends."""
    number = int.from_bytes(index[:8], "big", signed=True)
    _do(session, "SELECT pg_advisory_xact_lock(:number)", number=number)


def insert_person(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO members.person (id, member_id, phone_index, sealed, wrapped_key, language,"
        " opened_at, phone_verified_at) VALUES (:id, :member, :phone_index, :sealed, :wrapped_key,"
        " :language, :now, :now)",
        **values,
    )


def person(session: Session, person_: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.person WHERE id = :id", id=person_)


def persons(session: Session, wanted: Sequence[UUID]) -> list[Row]:
    return _all(session, "SELECT * FROM members.person WHERE id = ANY (:ids)", ids=list(wanted))


def lock_person(session: Session, person_: UUID) -> Row | None:
    return _one(session, "SELECT * FROM members.person WHERE id = :id FOR UPDATE", id=person_)


def person_with(session: Session, index: bytes) -> Row | None:
    return _one(session, "SELECT * FROM members.person WHERE phone_index = :index", index=index)


def verified(session: Session, person_: UUID, now: datetime) -> None:
    _do(
        session,
        "UPDATE members.person SET phone_verified_at = :now WHERE id = :id",
        id=person_,
        now=now,
    )


def seal(session: Session, person_: UUID, sealed: bytes) -> None:
    _do(
        session,
        "UPDATE members.person SET sealed = :sealed WHERE id = :id AND erased_at IS NULL",
        id=person_,
        sealed=sealed,
    )


def prefer(session: Session, person_: UUID, *, language: str | None, theme: str | None) -> None:
    """Remember what is given; None leaves it as it is."""
    _do(
        session,
        "UPDATE members.person SET language = coalesce(:language, language),"
        " theme = coalesce(:theme, theme) WHERE id = :id AND erased_at IS NULL",
        id=person_,
        language=language,
        theme=theme,
    )


# --- sessions -------------------------------------------------------------------------------------


def insert_session(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO members.session (id, person_id, digest, how, device, opened_at, seen_at,"
        " proved_at) VALUES (:id, :person, :digest, :how, :device, :now, :now, :proved_at)",
        **values,
    )


def session_of(
    session: Session, digest: bytes, *, seen_after: datetime, opened_after: datetime
) -> Row | None:
    return _one(
        session,
        "SELECT s.id AS session, s.seen_at, s.proved_at, p.id AS person, p.member_id AS member,"
        " p.language, p.theme, m.wallet_id AS wallet, w.frozen"
        " FROM members.session s JOIN members.person p ON p.id = s.person_id"
        " JOIN members.member m ON m.id = p.member_id"
        " JOIN exchange.wallet w ON w.id = m.wallet_id"
        " WHERE s.digest = :digest AND s.seen_at > :seen_after AND s.opened_at > :opened_after",
        digest=digest,
        seen_after=seen_after,
        opened_after=opened_after,
    )


def note_visit(session: Session, session_: UUID, now: datetime) -> None:
    _do(
        session,
        "UPDATE members.session SET seen_at = greatest(seen_at, :now) WHERE id = :id",
        id=session_,
        now=now,
    )


def forget_sessions(session: Session, *, seen_before: datetime, opened_before: datetime) -> None:
    _do(
        session,
        "DELETE FROM members.session WHERE seen_at <= :seen OR opened_at <= :opened",
        seen=seen_before,
        opened=opened_before,
    )
