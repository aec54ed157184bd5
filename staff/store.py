"""All SQL of hub personnel and approvals."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session


def insert_operator(session: Session, name: str, roles: Sequence[str], now: datetime) -> bool:
    """False when somebody has the name already."""
    inserted = session.execute(
        text(
            "INSERT INTO staff.operator (name, roles, created_at) VALUES (:name, :roles, :now)"
            " ON CONFLICT ON CONSTRAINT operator_name_once DO NOTHING RETURNING id"
        ),
        {"name": name, "roles": list(roles), "now": now},
    )
    return inserted.one_or_none() is not None


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


def lock_operator(session: Session, name: str) -> RowMapping | None:
    """An active operator, who stays as found until this transaction ends; None for others."""
    return (
        session.execute(
            text("SELECT id, roles FROM staff.operator WHERE name = :name AND active FOR SHARE"),
            {"name": name},
        )
        .mappings()
        .one_or_none()
    )


def waiting_for(session: Session, name: str, *, now: datetime, limit: int) -> int:
    """How many waiting proposals are another's, up to a limit."""
    return session.execute(
        text(
            "SELECT count(*) FROM (SELECT FROM staff.proposal WHERE state = 'waiting'"
            " AND expires_at > :now AND proposed_by <> :name LIMIT :limit) waiting"
        ),
        {"name": name, "now": now, "limit": limit},
    ).scalar_one()


def expire(session: Session, kind: str, object_: str, now: datetime) -> None:
    """Make way for another proposal about the same thing, if this one's time is over."""
    session.execute(
        text(
            "UPDATE staff.proposal SET state = 'expired' WHERE kind = :kind AND object = :object"
            " AND state = 'waiting' AND expires_at <= :now"
        ),
        {"kind": kind, "object": object_, "now": now},
    )


def insert_proposal(session: Session, values: Mapping[str, Any]) -> bool:
    """False when one of the kind waits already for the same object."""
    inserted = session.execute(
        text(
            "INSERT INTO staff.proposal (id, kind, object, content, content_hash, reason,"
            " proposed_by, proposer, proposed_at, expires_at) VALUES (:id, :kind, :object,"
            " CAST(:content AS jsonb), :content_hash, :reason, :proposed_by, :proposer, :now,"
            " :expires_at) ON CONFLICT (kind, object) WHERE state = 'waiting' DO NOTHING"
            " RETURNING id"
        ),
        values,
    )
    return inserted.one_or_none() is not None


def waiting_about(session: Session, kind: str, object_: str) -> RowMapping | None:
    return (
        session.execute(
            text(
                "SELECT * FROM staff.proposal"
                " WHERE kind = :kind AND object = :object AND state = 'waiting'"
            ),
            {"kind": kind, "object": object_},
        )
        .mappings()
        .one_or_none()
    )


def proposal(session: Session, proposal: UUID) -> RowMapping | None:
    return (
        session.execute(text("SELECT * FROM staff.proposal WHERE id = :id"), {"id": proposal})
        .mappings()
        .one_or_none()
    )


def lock_proposal(session: Session, proposal: UUID) -> RowMapping | None:
    return (
        session.execute(
            text("SELECT * FROM staff.proposal WHERE id = :id FOR UPDATE"), {"id": proposal}
        )
        .mappings()
        .one_or_none()
    )


def recorded(session: Session, object_: str) -> dict[str, Any] | None:
    """What the audit log says was proposed: kind, content and hash."""
    return session.execute(
        text(
            "SELECT after FROM staff.audit WHERE object = :object AND what = 'proposed'"
            " ORDER BY at, id LIMIT 1"
        ),
        {"object": object_},
    ).scalar_one_or_none()


def proposals(session: Session, state: str | None, limit: int, now: datetime) -> list[RowMapping]:
    return list(
        session.execute(
            text(
                "SELECT * FROM staff.proposal WHERE CAST(:state AS text) IS NULL OR :state ="
                " CASE WHEN state = 'waiting' AND expires_at <= :now THEN 'expired' ELSE state END"
                " ORDER BY proposed_at DESC LIMIT :limit"
            ),
            {"state": state, "limit": limit, "now": now},
        ).mappings()
    )


# As one sees it now: nobody decides any more once the time is over.
_STATE = "CASE WHEN state = 'waiting' AND expires_at <= :now THEN 'expired' ELSE state END"


def open_proposals(session: Session, *, now: datetime, limit: int) -> list[RowMapping]:
    """Those that somebody could still decide on: what expires first stands first."""
    return list(
        session.execute(
            text(
                "SELECT * FROM staff.proposal WHERE state = 'waiting' AND expires_at > :now"
                " ORDER BY expires_at, id LIMIT :limit"
            ),
            {"now": now, "limit": limit},
        ).mappings()
    )


def page(
    session: Session,
    *,
    now: datetime,
    proposer: int | None,
    kind: str,
    state: str,
    before: tuple[datetime, UUID] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[RowMapping]:
    """Proposals of one person, or all that are decided or expired: newest first, older than
    `before`; or those newer than `after`, oldest first. `kind` and `state` empty: any."""
    values: dict[str, Any] = {"now": now, "limit": limit}
    wanted = [f"{_STATE} <> 'waiting'" if proposer is None else "proposer = :proposer"]
    values["proposer"] = proposer
    if kind:
        wanted.append("kind = :kind")
        values["kind"] = kind
    if state:
        wanted.append(f"{_STATE} = :state")
        values["state"] = state
    if before:
        wanted.append("(proposed_at, id) < (:at, :id)")
    if after:
        wanted.append("(proposed_at, id) > (:at, :id)")
    if place := before or after:
        values |= {"at": place[0], "id": place[1]}
    order = "proposed_at, id" if after else "proposed_at DESC, id DESC"
    return list(
        session.execute(
            text(
                f"SELECT * FROM staff.proposal WHERE {' AND '.join(wanted)}"  # noqa: S608
                f" ORDER BY {order} LIMIT :limit"
            ),
            values,
        ).mappings()
    )


def decide(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(
        text(
            "UPDATE staff.proposal SET state = :state, decided_by = :decided_by,"
            " decider = :decider, decided_hash = :decided_hash, decided_at = :now,"
            " decided_because = :because WHERE id = :id"
        ),
        values,
    )


def note_effect(session: Session, proposal: UUID, effect: str) -> None:
    session.execute(
        text("UPDATE staff.proposal SET effect = :effect WHERE id = :id"),
        {"id": proposal, "effect": effect},
    )
