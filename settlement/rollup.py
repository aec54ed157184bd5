"""The open window's movements, summed behind a watermark as the books' totals are.

A position is asked for at any time, and must not read the whole window each time. So a job sums
what has ended by the terms that price it, and a reader adds the tail (see `exchange.rollup`, also
for why a watermark is named as a number). Terms may be agreed late and reprice what was traded
since their date: sums made under other terms than those of now count for nothing, and the job
makes them again.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from settlement.movements import Movement
from settlement.postings import SUMMED, priced
from settlement.store import open_window, take_time

_AGREED = """
    (SELECT coalesce(md5(string_agg(format('%s %s %s %s', id, party_id,
        extract(epoch FROM lower(valid)), extract(epoch FROM upper(valid))), ',' ORDER BY id)), '')
     FROM partners.terms)
"""

# A look first: to conflict with a row that another is changing is to wait for it.
_BEGIN = """
    INSERT INTO settlement.watermark (window_id, xid, agreed)
    SELECT :window, 0, ''
    WHERE NOT EXISTS (SELECT FROM settlement.watermark WHERE window_id = :window)
    ON CONFLICT ON CONSTRAINT watermark_pk DO NOTHING
"""

_MARK = f"""
    SELECT xid AS low, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS high,
           agreed AS summed_under, {_AGREED} AS agreed
    FROM settlement.watermark WHERE window_id = :window FOR UPDATE SKIP LOCKED
"""  # noqa: S608

# Nought stands for nobody and for no terms: a primary key takes no null.
_ADD = f"""
    INSERT INTO settlement.movement AS m (window_id, kind, issuer, acceptor, issue_terms,
        valued_terms, acceptor_terms, points, issued_at, valued_at)
    SELECT :window, kind, issuer, coalesce(acceptor, 0), coalesce(issue_terms, 0),
           coalesce(valued_terms, 0), coalesce(acceptor_terms, 0), points, issued_at, valued_at
    FROM ({SUMMED.replace("p.xid >= :since", "p.xid >= :since AND p.xid < :high")}) fresh
    ON CONFLICT ON CONSTRAINT movement_pk DO UPDATE
        SET points = m.points + excluded.points,
            issued_at = least(m.issued_at, excluded.issued_at),
            valued_at = least(m.valued_at, excluded.valued_at)
"""  # noqa: S608

# One statement, so one snapshot: the sums are those up to this very watermark.
_ROLLED = f"""
    SELECT w.xid, m.kind, m.issuer, nullif(m.acceptor, 0) AS acceptor,
           nullif(m.issue_terms, 0) AS issue_terms, nullif(m.valued_terms, 0) AS valued_terms,
           nullif(m.acceptor_terms, 0) AS acceptor_terms, m.points, m.issued_at, m.valued_at
    FROM (SELECT coalesce(max(xid), 0) AS xid FROM settlement.watermark
          WHERE window_id = :window AND agreed = {_AGREED}) w
    LEFT JOIN settlement.movement m
        ON m.window_id = :window AND w.xid > 0
        AND (CAST(:party AS integer) IS NULL OR :party IN (m.issuer, m.acceptor))
"""  # noqa: S608


def roll_up(session: Session) -> None:
    """Sum what has ended in the open window since the last time. Nothing while another does it.

    A job: any number may run at once, and one that is killed leaves nothing behind.
    """
    window = open_window(session)
    if window is None:
        return
    of = {"window": window.id}
    take_time(session)
    session.execute(text(_BEGIN), of)
    mark = session.execute(text(_MARK), of).one_or_none()
    if mark is None or mark.high <= mark.low:
        return
    low = mark.low
    if mark.agreed != mark.summed_under:
        session.execute(text("DELETE FROM settlement.movement WHERE window_id = :window"), of)
        low = 0
    values = {**of, "since": low, "high": mark.high, "agreed": mark.agreed}
    session.execute(text(_ADD), {**values, "party": None})
    session.execute(
        text(
            "UPDATE settlement.watermark SET xid = :high, agreed = :agreed"
            " WHERE window_id = :window"
        ),
        values,
    )
    for table in ("movement", "watermark"):  # A closed window has its own, fixed for good.
        session.execute(
            text(
                f"DELETE FROM settlement.{table} m WHERE m.window_id < :window AND NOT EXISTS ("  # noqa: S608
                "SELECT FROM settlement.settlement s"
                " WHERE s.window_id = m.window_id AND s.state = 'closing')"
            ),
            of,
        )


def movements(session: Session, window: int, party: int | None = None) -> list[Movement]:
    """A window's movements, or those that the party has a part in, exact to this moment.

    Of a window that is open or closing; of any other they are in `settlement.moved`.

    Raises PointsUnpriced.
    """
    of = {"window": window, "party": party}
    rolled = list(session.execute(text(_ROLLED), of).mappings())
    tail = session.execute(text(SUMMED), {**of, "since": rolled[0]["xid"]}).mappings()
    return priced([*(row for row in rolled if row["kind"] is not None), *tail])
