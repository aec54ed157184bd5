"""All SQL of checks but the invariants themselves."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.orm import Session

from kit.ids import uuid7

# Whoever is being posted right now has a number of at least this; all before it have ended.
_MARKS = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS now, w.xid AS mark,
           (SELECT max(reached) FROM settlement.book_check) AS reached
    FROM exchange.watermark w
"""


def marks(connection: Connection) -> RowMapping:
    """now: up to where this snapshot has everything; mark: the totals' watermark; reached: up to
    where journals have been looked at, None before the first check."""
    return connection.execute(text(_MARKS)).mappings().one()


def insert(
    session: Session,
    *,
    depth: str,
    at: datetime,
    took_ms: int,
    asked: int,
    failed: Sequence[Mapping[str, Any]],
    reached: int,
    by: str,
) -> None:
    session.execute(
        text(
            "INSERT INTO settlement.book_check"
            " (id, depth, at, took_ms, asked, failed, reached, asked_by)"
            " VALUES (:id, :depth, :at, :took_ms, :asked, CAST(:failed AS jsonb), :reached, :by)"
        ),
        {
            "id": uuid7(),
            "depth": depth,
            "at": at,
            "took_ms": took_ms,
            "asked": asked,
            "failed": json.dumps(list(failed)),
            "reached": reached,
            "by": by,
        },
    )


def last(session: Session) -> list[RowMapping]:
    """The last check of each depth."""
    return list(
        session.execute(
            text(
                "SELECT c.* FROM (VALUES ('full'), ('quick')) d (depth) CROSS JOIN LATERAL ("
                "SELECT * FROM settlement.book_check WHERE depth = d.depth"
                " ORDER BY at DESC, id DESC LIMIT 1) c"
            )
        ).mappings()
    )


def forget(session: Session, before: datetime) -> None:
    """Drop quick checks that found nothing, before a moment: there are three hundred a day."""
    session.execute(
        text(
            "DELETE FROM settlement.book_check"
            " WHERE depth = 'quick' AND at < :before AND failed = '[]'"
        ),
        {"before": before},
    )
