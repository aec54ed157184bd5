"""Totals behind a watermark: exact figures of parties without a row that every sale updates.

Each posting keeps the number of its transaction. Every transaction before the oldest one still
running has ended, so its postings are all to be seen: up to there they are summed once and for
all. What came after is added when somebody asks.
"""

from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

_LOCK = "SELECT xid FROM exchange.watermark FOR UPDATE SKIP LOCKED"

# One statement, so one snapshot: what it sees as ended is what it sums.
_ROLL_UP = """
    WITH mark AS (
        SELECT xid AS low, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS high
        FROM exchange.watermark),
    fresh AS (
        SELECT p.window_id, p.issuer_id, coalesce(p.party_id, 0) AS party_id, p.movement,
               sum(p.points) AS points, count(*) AS lines
        FROM exchange.posting p
        WHERE p.xid >= (SELECT low FROM mark) AND p.xid < (SELECT high FROM mark)
        GROUP BY 1, 2, 3, 4),
    added AS (
        INSERT INTO exchange.total AS t (window_id, issuer_id, party_id, movement, points, lines)
        SELECT * FROM fresh
        ON CONFLICT ON CONSTRAINT total_pk DO UPDATE
            SET points = t.points + excluded.points, lines = t.lines + excluded.lines),
    moved AS (
        UPDATE exchange.watermark SET xid = (SELECT high FROM mark) RETURNING xid)
    SELECT coalesce(sum(lines), 0)::bigint FROM fresh
"""

_TOTALS = """
    SELECT window_id, issuer_id, party_id, movement, sum(points)::bigint AS points,
           sum(lines)::bigint AS lines
    FROM (SELECT * FROM exchange.total
          UNION ALL
          SELECT window_id, issuer_id, coalesce(party_id, 0), movement, points, 1
          FROM exchange.posting WHERE xid >= (SELECT xid FROM exchange.watermark)) each
    WHERE (CAST(:party AS integer) IS NULL OR :party IN (party_id, issuer_id))
        AND (CAST(:window AS integer) IS NULL OR window_id = :window)
    GROUP BY window_id, issuer_id, party_id, movement
    ORDER BY window_id, issuer_id, party_id, movement
"""


def roll_up(session: Session) -> int:
    """Sum what has ended since the last time; the number of lines. Nothing while another does it.

    A job: any number may run at once, and one that is killed leaves nothing behind.
    """
    if session.execute(text(_LOCK)).first() is None:
        return 0
    lines: int = session.execute(text(_ROLL_UP)).scalar_one()
    return lines


def totals(
    session: Session, *, party: int | None = None, window: int | None = None
) -> list[RowMapping]:
    """Points and lines per window, issuer, party and movement, exact to this moment.

    With `party`, what it issued and what it accepted. Party 0 stands for none: points that moved
    between wallets.
    """
    values: dict[str, Any] = {"party": party, "window": window}
    return list(session.execute(text(_TOTALS), values).mappings())
