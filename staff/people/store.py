"""All SQL of how hub personnel sign in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Row = RowMapping
Values = Mapping[str, Any]


def _one(session: Session, sql: str, /, **values: Any) -> Row | None:
    return session.execute(text(sql), values).mappings().one_or_none()


def _all(session: Session, sql: str, /, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())


def _do(session: Session, sql: str, /, **values: Any) -> None:
    session.execute(text(sql), values)


def operator_named(session: Session, name: str) -> Row | None:
    return _one(session, "SELECT * FROM staff.operator WHERE name = :name", name=name)


def prefer(session: Session, operator: int, *, language: str | None, theme: str | None) -> None:
    """Remember what is given; None leaves it as it is."""
    _do(
        session,
        "UPDATE staff.operator SET language = coalesce(:language, language),"
        " theme = coalesce(:theme, theme) WHERE id = :id",
        id=operator,
        language=language,
        theme=theme,
    )


def insert_session(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO staff.session (id, operator_id, digest, how, device, address, opened_at,"
        " seen_at, proved_at) VALUES (:id, :operator, :digest, :how, :device, :address, :now, :now,"
        " :proved_at)",
        **values,
    )


def session_of(
    session: Session, digest: bytes, *, seen_after: datetime, opened_after: datetime
) -> Row | None:
    """The living session of a cookie, with its operator, who must be active."""
    return _one(
        session,
        "SELECT s.id AS session, s.seen_at, s.proved_at, s.how, o.id AS operator, o.name, o.roles,"
        " o.language, o.theme"
        " FROM staff.session s JOIN staff.operator o ON o.id = s.operator_id"
        " WHERE s.digest = :digest AND s.seen_at > :seen_after AND s.opened_at > :opened_after"
        " AND o.active",
        digest=digest,
        seen_after=seen_after,
        opened_after=opened_after,
    )


def note_visit(session: Session, session_: UUID, now: datetime) -> None:
    _do(session, "UPDATE staff.session SET seen_at = :now WHERE id = :id", id=session_, now=now)


def note_proof(session: Session, session_: UUID, now: datetime) -> None:
    _do(session, "UPDATE staff.session SET proved_at = :now WHERE id = :id", id=session_, now=now)


def end_session(session: Session, session_: UUID) -> None:
    _do(session, "DELETE FROM staff.session WHERE id = :id", id=session_)


def insert_sign_in_link(session: Session, values: Values) -> None:
    _do(
        session,
        "INSERT INTO staff.sign_in_link (digest, operator_id, expires_at)"
        " VALUES (:digest, :operator, :expires_at)",
        **values,
    )


def use_sign_in_link(session: Session, digest: bytes, now: datetime) -> int | None:
    """Whose it was, the one time; None for one that is unknown, used or too old."""
    return session.execute(
        text(
            "DELETE FROM staff.sign_in_link WHERE digest = :digest AND expires_at > :now"
            " RETURNING operator_id"
        ),
        {"digest": digest, "now": now},
    ).scalar_one_or_none()
