"""Totals behind a watermark: exact figures of parties without a row that every sale updates.

Each posting keeps the number of its transaction. Every transaction before the oldest one still
running has ended, so its postings are all to be seen: up to there they are summed once and for
all. What came after is added when somebody asks.

A watermark is read first and then named as a number: for a number that the planner knows it
reads the end of the postings alone, for one that it does not it would read them all. The second
statement's snapshot is later, so it sees all that the first one knew to have ended.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

_MARK = """
    SELECT xid AS low, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS high
    FROM exchange.watermark FOR UPDATE SKIP LOCKED
"""

_ADD = """
    WITH fresh AS (
        SELECT window_id, issuer_id, coalesce(party_id, 0) AS party_id, movement,
               sum(points) AS points, count(*) AS lines
        FROM exchange.posting WHERE xid >= :low AND xid < :high
        GROUP BY 1, 2, 3, 4),
    added AS (
        INSERT INTO exchange.total AS t (window_id, issuer_id, party_id, movement, points, lines)
        SELECT * FROM fresh
        ON CONFLICT ON CONSTRAINT total_pk DO UPDATE
            SET points = t.points + excluded.points, lines = t.lines + excluded.lines)
    SELECT coalesce(sum(lines), 0)::bigint FROM fresh
"""

# One statement, so one snapshot: the sum is the one up to this very watermark.
_OUTSTANDING = """
    SELECT w.xid, coalesce(sum(CASE WHEN t.movement IN ('issued', 'refunded') THEN t.points
        WHEN t.movement IN ('clawed_back', 'spent', 'expired') THEN -t.points END), 0)::bigint
        AS points
    FROM exchange.watermark w LEFT JOIN exchange.total t ON t.issuer_id = :issuer
    GROUP BY w.xid
"""

_OUTSTANDING_SINCE = """
    SELECT coalesce(sum(CASE WHEN movement IN ('issued', 'refunded') THEN points
        WHEN movement IN ('clawed_back', 'spent', 'expired') THEN -points END), 0)::bigint
    FROM exchange.posting WHERE xid >= :xid AND issuer_id = :issuer
"""


def roll_up(session: Session) -> int:
    """Sum what has ended since the last time; the number of lines. Nothing while another does it.

    A job: any number may run at once, and one that is killed leaves nothing behind.
    """
    # However long it was away: a sum that is cut short would never catch up.
    session.execute(text("SET LOCAL statement_timeout = '10min'"))
    mark = session.execute(text(_MARK)).one_or_none()
    if mark is None or mark.high <= mark.low:
        return 0
    lines: int = session.execute(text(_ADD), {"low": mark.low, "high": mark.high}).scalar_one()
    session.execute(text("UPDATE exchange.watermark SET xid = :high"), {"high": mark.high})
    return lines


def outstanding(session: Session, issuer: int) -> int:
    """The issuer's points in all wallets, exact to this moment: the totals, and the tail since."""
    summed = session.execute(text(_OUTSTANDING), {"issuer": issuer}).one()
    since: int = session.execute(
        text(_OUTSTANDING_SINCE), {"issuer": issuer, "xid": summed.xid}
    ).scalar_one()
    return int(summed.points) + since
