"""All SQL of the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Place = tuple[datetime, UUID]  # of an entry in the log: its time, then its id


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which entries: all of these that are given. `begins` is in the period, `ends` is after it."""

    who: str = ""
    what: str = ""
    object: str = ""
    begins: datetime | None = None
    ends: datetime | None = None


def insert(session: Session, values: Mapping[str, Any]) -> None:
    session.execute(
        text(
            "INSERT INTO staff.audit (id, at, who, what, object, place, reason, before, after)"
            " VALUES (:id, :at, :who, :what, :object, :place, :reason, CAST(:before AS jsonb),"
            " CAST(:after AS jsonb))"
        ),
        values,
    )


_ENTRY = "SELECT id, at, who, what, object, place, reason, before, after FROM staff.audit"


def entries(
    session: Session,
    wanted: Wanted,
    place: Place | None,
    limit: int,
    *,
    newest_first: bool,
) -> Sequence[RowMapping]:
    """In the order of (time, id), one way or the other; from after a place on, if one is given."""
    asked = {
        "who": ("who = :who", wanted.who),
        "what": ("what = :what", wanted.what),
        "object": ("object = :object", wanted.object),
        "begins": ("at >= :begins", wanted.begins),
        "ends": ("at < :ends", wanted.ends),
        "place_at": (f"(at, id) {'<' if newest_first else '>'} (:place_at, :place_id)", place),
    }
    conditions = [condition for condition, value in asked.values() if value]
    values: dict[str, Any] = {name: value for name, (_, value) in asked.items() if value}
    if place is not None:
        values |= {"place_at": place[0], "place_id": place[1]}
    way = " DESC" if newest_first else ""
    sql = _ENTRY + (" WHERE " + " AND ".join(conditions) if conditions else "")
    rows = session.execute(
        text(f"{sql} ORDER BY at{way}, id{way} LIMIT :limit"), values | {"limit": limit}
    )
    return rows.mappings().all()


def find(session: Session, id_: UUID) -> RowMapping | None:
    return session.execute(text(_ENTRY + " WHERE id = :id"), {"id": id_}).mappings().one_or_none()


# From one name to the next by the index: as many steps as there are names.
_PEOPLE = """
    WITH RECURSIVE known (who) AS (
        (SELECT who FROM staff.audit ORDER BY who LIMIT 1)
        UNION ALL
        SELECT (SELECT a.who FROM staff.audit a WHERE a.who > k.who ORDER BY a.who LIMIT 1)
        FROM known k WHERE k.who IS NOT NULL)
    SELECT who FROM known WHERE who IS NOT NULL
"""


def people(session: Session) -> list[str]:
    return list(session.execute(text(_PEOPLE)).scalars())
