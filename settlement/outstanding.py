"""Points outstanding by window, from the totals that the roll-up keeps: no posting is read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_CHANGES = """
    SELECT t.window_id, t.issuer_id,
           sum(CASE WHEN t.movement IN ('issued', 'refunded') THEN t.points
                    WHEN t.movement IN ('clawed_back', 'spent', 'expired') THEN -t.points
                    ELSE 0 END)::bigint AS points
    FROM exchange.total t GROUP BY 1, 2
"""
_WINDOWS = """
    SELECT id, name, opened_at, closed_at FROM exchange."window" ORDER BY id DESC LIMIT :most
"""
_MOVED = """
    SELECT movement, sum(points)::bigint AS points FROM exchange.total
    WHERE window_id = :window GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Each issuer's points at the end of each window, oldest first; of the open one, so far."""

    windows: list[str]
    issuers: dict[int, list[int]]


def outstanding(session: Session, *, most: int = 12) -> Outstanding:
    """Of the latest windows: what came before them is in their first figure."""
    rows = list(session.execute(text(_WINDOWS), {"most": most}).mappings())[::-1]
    place = {row["id"]: index for index, row in enumerate(rows)}
    changes: dict[int, list[int]] = {}
    for row in session.execute(text(_CHANGES)).mappings():
        of = changes.setdefault(row["issuer_id"], [0] * len(rows))
        if rows:
            of[place.get(row["window_id"], 0)] += row["points"]
    for of in changes.values():
        for index in range(1, len(of)):
            of[index] += of[index - 1]
    return Outstanding([row["name"] for row in rows], changes)


@dataclass(frozen=True, kw_only=True, slots=True)
class SoFar:
    """What moved in the open window, up to the last roll-up."""

    name: str
    opened_at: datetime
    issued: int
    spent: int
    expired: int


def so_far(session: Session) -> SoFar | None:
    """The open window in three figures; none while the books are shut."""
    row = (
        session.execute(
            text('SELECT id, name, opened_at FROM exchange."window" WHERE closed_at IS NULL')
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    rows = session.execute(text(_MOVED), {"window": row["id"]}).mappings()
    moved = {each["movement"]: each["points"] for each in rows}
    return SoFar(
        name=row["name"],
        opened_at=row["opened_at"],
        issued=moved.get("issued", 0) - moved.get("clawed_back", 0),
        spent=moved.get("spent", 0) - moved.get("refunded", 0),
        expired=moved.get("expired", 0),
    )
