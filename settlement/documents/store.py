"""The SQL of statements' files."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from settlement.errors import StatementNotFound

Row = RowMapping


def find(session: Session, number: str, form: str, language: str) -> bytes | None:
    return session.scalar(
        text(
            "SELECT content FROM settlement.statement_file"
            " WHERE number = :number AND format = :form AND language = :language"
        ),
        {"number": number, "form": form, "language": language},
    )


def keep(session: Session, values: Mapping[str, Any]) -> None:
    """`values` are the columns of settlement.statement_file; the first to come is kept."""
    session.execute(
        text(
            "INSERT INTO settlement.statement_file"
            " (number, format, language, content, digest, made_at)"
            " VALUES (:number, :format, :language, :content, :digest, :made_at)"
            " ON CONFLICT DO NOTHING"
        ),
        values,
    )


def of_window(session: Session, window: int) -> Sequence[Row]:
    """Every statement of a window as it was signed, replaced ones too, by number."""
    return _all(
        session,
        "SELECT number, party_id, document, csv, key_id, signature FROM settlement.statement"
        " WHERE window_id = :window ORDER BY number",
        window=window,
    )


def owner(session: Session, number: str) -> int:
    """Whose statement it is. Raises StatementNotFound."""
    party: int | None = session.scalar(
        text("SELECT party_id FROM settlement.statement WHERE number = :number"),
        {"number": number},
    )
    if party is None:
        raise StatementNotFound
    return party


def without_files(session: Session, wanted: int, limit: int) -> Sequence[Row]:
    """Some statements that have fewer files than `wanted`, the newest first."""
    return _all(
        session,
        "SELECT s.number, s.document FROM settlement.statement s"
        " WHERE (SELECT count(*) FROM settlement.statement_file f WHERE f.number = s.number)"
        " < :wanted ORDER BY s.window_id DESC, s.number LIMIT :limit",
        wanted=wanted,
        limit=limit,
    )


def _all(session: Session, sql: str, **values: Any) -> Sequence[Row]:
    return session.execute(text(sql), values).mappings().all()
