"""All SQL of hub personnel and approvals."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session


def insert_operator(session: Session, name: str, roles: Sequence[str], now: datetime) -> None:
    session.execute(
        text(
            "INSERT INTO staff.operator (name, roles, created_at) VALUES (:name, :roles, :now)"
            " ON CONFLICT ON CONSTRAINT operator_name_once DO NOTHING"
        ),
        {"name": name, "roles": list(roles), "now": now},
    )


def operators(session: Session) -> list[RowMapping]:
    return list(session.execute(text("SELECT * FROM staff.operator ORDER BY name")).mappings())


def operator_is_active(session: Session, name: str) -> bool:
    return bool(
        session.execute(
            text("SELECT active FROM staff.operator WHERE name = :name"), {"name": name}
        ).scalar_one_or_none()
    )


def roles(session: Session, name: str) -> list[str] | None:
    """An active operator's roles; None for others."""
    return session.execute(
        text("SELECT roles FROM staff.operator WHERE name = :name AND active"), {"name": name}
    ).scalar_one_or_none()


def lock_roles(session: Session, name: str) -> list[str] | None:
    """An active operator's roles, which stay so until this transaction ends; None for others."""
    return session.execute(
        text("SELECT roles FROM staff.operator WHERE name = :name AND active FOR SHARE"),
        {"name": name},
    ).scalar_one_or_none()


def waiting_for(session: Session, name: str, *, now: datetime, limit: int) -> int:
    """How many waiting proposals are another's, up to a limit."""
    return session.execute(
        text(
            "SELECT count(*) FROM (SELECT FROM staff.proposal WHERE state = 'waiting'"
            " AND expires_at > :now AND proposed_by <> :name LIMIT :limit) waiting"
        ),
        {"name": name, "now": now, "limit": limit},
    ).scalar_one()


def insert_proposal(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(
        text(
            "INSERT INTO staff.proposal (id, kind, content, content_hash, reason, proposed_by,"
            " proposed_at, expires_at) VALUES (:id, :kind, CAST(:content AS jsonb), :content_hash,"
            " :reason, :proposed_by, :now, :expires_at)"
        ),
        values,
    )


def lock_proposal(session: Session, proposal: UUID) -> RowMapping | None:
    return (
        session.execute(
            text("SELECT * FROM staff.proposal WHERE id = :id FOR UPDATE"), {"id": proposal}
        )
        .mappings()
        .one_or_none()
    )


def proposals(session: Session, state: str | None, limit: int) -> list[RowMapping]:
    return list(
        session.execute(
            text(
                "SELECT * FROM staff.proposal"
                " WHERE CAST(:state AS text) IS NULL OR state = :state"
                " ORDER BY proposed_at DESC LIMIT :limit"
            ),
            {"state": state, "limit": limit},
        ).mappings()
    )


def decide(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(
        text(
            "UPDATE staff.proposal SET state = :state, decided_by = :decided_by,"
            " decided_hash = :decided_hash, decided_at = :now WHERE id = :id"
        ),
        values,
    )
