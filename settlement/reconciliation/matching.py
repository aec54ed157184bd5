"""Holding a record against the books: one set of lines against another, in the database.

A line of theirs and a journal of ours belong together by reference, kind and points; that settles
nearly all. What is left is looked at again, each time with less to go by, and every line and every
journal ends in exactly one finding:

    matched         reference, kind and points agree, and the times within the tolerance; where many
                    lines may stand for many journals, also those of one reference whose sums agree,
                    and one line for all journals of its time (or the reverse) when nothing else is
    duplicate       a further copy of a line that is in the record already
    differing       in points, in time or in kind; booked in another window; or under another
                    reference, where no other line and no other journal could be meant
    missing_here    the books have no such journal
    missing_there   the record has no such line
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from settlement.reconciliation import store
from settlement.reconciliation.records import Side
from settlement.reconciliation.store import Reconciliation
from settlement.store import take_time

OUTCOMES: Final = ("differing", "duplicate", "matched", "missing_here", "missing_there")

# Lines left × journals left that are compared one by one; more are so different that a person
# learns nothing from a guess.
COMPARED: Final = 25_000_000


@dataclass(frozen=True, slots=True)
class Books:
    """What one side of the books is: its postings, and where its journals lie elsewhere.

    `mine` chooses the postings of a window; `journals` makes of `p (journal_id, kind, points)` and
    `j`, the journal, what is compared. `elsewhere` finds a line `t` in other windows.
    """

    mine: str
    kind: str
    reference: str
    points: str
    at: str
    elsewhere: str


# Each look names one journal at most, and the index that says so is the one that finds it.
_OWN_JOURNAL = """
    SELECT j.id, j.reference, j.points, coalesce(j.occurred_at, j.at) AS at, j.window_id
    FROM unnest({kinds}) AS of (kind)
    JOIN exchange.journal j
        ON j.party_id = :party AND j.kind = of.kind AND j.reference = t.reference
    WHERE j.window_id <> :window
"""

# A till may have booked when it could: what the partner said of the time is compared, if it did.
BOOKS: Final[dict[Side, Books]] = {
    "accepted": Books(
        mine="p.party_id = :party AND p.movement IN ('spent', 'refunded')",
        kind="p.movement",
        reference="j.reference",
        points="p.points",
        at="coalesce(j.occurred_at, j.at)",
        elsewhere=_OWN_JOURNAL.format(
            kinds="CASE t.kind WHEN 'spent' THEN ARRAY['redemption', 'capture']"
            " ELSE ARRAY['refund'] END"
        ),
    ),
    "issued": Books(
        mine="p.issuer_id = :party AND p.movement IN"
        " ('issued', 'repaid', 'clawed_back', 'owed_back', 'forgiven')",
        kind="CASE WHEN p.movement IN ('issued', 'repaid') THEN 'issued' ELSE 'clawed_back' END",
        reference="j.reference",
        points="j.points",  # What a member owed is repaid from it; the partner knows the whole.
        at="coalesce(j.occurred_at, j.at)",
        elsewhere=_OWN_JOURNAL.format(
            kinds="CASE t.kind WHEN 'issued' THEN ARRAY['accrual', 'import']"
            " ELSE ARRAY['clawback'] END"
        ),
    ),
    # An issuer learns the id, the time and its own points of what was spent, and no reference.
    "spent": Books(
        mine="p.issuer_id = :party AND p.movement IN ('spent', 'refunded')",
        kind="p.movement",
        reference="j.id::text",
        points="p.points",
        at="j.at",
        elsewhere="""
            SELECT j.id, j.id::text AS reference, sum(p.points)::bigint AS points, j.at, j.window_id
            FROM exchange.journal j JOIN exchange.posting p ON p.journal_id = j.id
            WHERE j.id = t.reference::uuid AND p.issuer_id = :party AND p.movement = t.kind
                AND j.window_id <> :window
            GROUP BY j.id, j.at, j.window_id
        """,
    ),
}


def _ours(books: Books) -> str:
    """The journals of a window that one side of the books is made of."""
    return f"""
        CREATE TEMP TABLE our ON COMMIT DROP AS
        SELECT j.id AS journal, {books.reference} COLLATE "C" AS reference,
               p.kind COLLATE "C" AS kind, {books.points} AS points, {books.at} AS at
        FROM (SELECT p.journal_id, {books.kind} AS kind, sum(p.points)::bigint AS points
              FROM exchange.posting p WHERE p.window_id = :window AND {books.mine}
              GROUP BY 1, 2) p
        JOIN exchange.journal j ON j.id = p.journal_id
    """  # noqa: S608


# Copies of a line and, rarely, journals of one reference are told apart by their turn in time.
_PAIRS = """
    CREATE TEMP TABLE pair ON COMMIT DROP AS
    SELECT t.number AS line, t.reference AS their_reference, t.kind AS their_kind,
           t.points AS their_points, t.at AS their_at, o.journal, o.reference AS our_reference,
           o.kind AS our_kind, o.points AS our_points, o.at AS our_at
    FROM (SELECT number, reference, kind, points, at,
                 row_number() OVER (PARTITION BY reference, kind, points ORDER BY at, number) AS nth
          FROM settlement.reconciliation_line WHERE reconciliation_id = :id) t
    FULL JOIN (SELECT journal, reference, kind, points, at,
                 row_number() OVER (PARTITION BY reference, kind, points ORDER BY at, journal)
                     AS nth
               FROM our) o
        ON o.reference = t.reference AND o.kind = t.kind AND o.points = t.points AND o.nth = t.nth
"""

_COLUMNS = """
    INSERT INTO settlement.reconciliation_finding (reconciliation_id, outcome, number, differs,
        their_lines, their_reference, their_kind, their_points, their_at, our_journals,
        our_reference, our_kind, our_points, our_at, our_window_id)
"""

_LATE = "coalesce(abs(extract(epoch FROM t.at - o.at)) > :tolerance, false)"
_NEAR = "abs(extract(epoch FROM t.at - o.at)) <= :tolerance"  # never, where no time is known

_PAIRED = f"""
    {_COLUMNS}
    SELECT :id, CASE WHEN late THEN 'differing' ELSE 'matched' END,
           nextval('finding_number'),
           CASE WHEN late THEN ARRAY['time'] ELSE '{{}}'::text[] END,
           ARRAY[line], their_reference, their_kind, their_points, their_at,
           ARRAY[journal], our_reference, our_kind, our_points, our_at, :window
    FROM (SELECT *, coalesce(abs(extract(epoch FROM their_at - our_at)) > :tolerance, false) AS late
          FROM pair WHERE line IS NOT NULL AND journal IS NOT NULL ORDER BY line) p
"""  # noqa: S608

_REST = (
    """
    CREATE TEMP TABLE their_rest ON COMMIT DROP AS
    SELECT line, their_reference AS reference, their_kind AS kind, their_points AS points,
           their_at AS at
    FROM pair WHERE journal IS NULL
    """,
    """
    CREATE TEMP TABLE our_rest ON COMMIT DROP AS
    SELECT journal, our_reference AS reference, our_kind AS kind, our_points AS points, our_at AS at
    FROM pair WHERE line IS NULL
    """,
    "DROP TABLE our, pair",
    "ANALYZE their_rest",
    "ANALYZE our_rest",
)

# What a step finds it takes from what is left, so that nothing is found twice.
_STEP = f"""
    WITH found (outcome, differs, their_lines, their_reference, their_kind, their_points, their_at,
        our_journals, our_reference, our_kind, our_points, our_at, our_window_id) AS (%s),
    gone AS (DELETE FROM their_rest r USING (SELECT unnest(their_lines) AS line FROM found) f
             WHERE r.line = f.line),
    gone_too AS (DELETE FROM our_rest r
                 USING (SELECT unnest(our_journals) AS journal FROM found) f
                 WHERE r.journal = f.journal)
    {_COLUMNS}
    SELECT :id, outcome,
           nextval('finding_number'),
           differs, their_lines, their_reference, their_kind, their_points, their_at,
           our_journals, our_reference, our_kind, our_points, our_at, our_window_id
    FROM (SELECT * FROM found ORDER BY their_lines, our_journals) f
"""  # noqa: S608

_THEIRS = "ARRAY[t.line], t.reference, t.kind, t.points, t.at"
_OURS_ONE = "ARRAY[o.journal], o.reference, o.kind, o.points, o.at, CAST(:window AS integer)"
_NOBODY = "NULL::uuid[], NULL, NULL, NULL::bigint, NULL::timestamptz, NULL::integer"
_NO_LINE = "NULL::bigint[], NULL, NULL, NULL::bigint, NULL::timestamptz"
_NOTHING = "ARRAY[]::text[]"


def _if(condition: str, word: str) -> str:
    """A list of the word, or of none."""
    return f"CASE WHEN {condition} THEN ARRAY['{word}'] ELSE {_NOTHING} END"


_SUMS = f"""
    SELECT CASE WHEN late THEN 'differing' ELSE 'matched' END, {_if("late", "time")},
           lines, reference, kind, points, their_at, journals, reference, kind, points, our_at,
           CAST(:window AS integer)
    FROM (SELECT t.lines, t.reference, t.kind, t.points, t.at AS their_at, o.journals,
                 o.at AS our_at,
                 coalesce(t.at < o.at - make_interval(secs => :tolerance)
                          OR t.last > o.last + make_interval(secs => :tolerance), false) AS late
          FROM (SELECT reference, kind, array_agg(line ORDER BY line) AS lines,
                       sum(points)::bigint AS points, min(at) AS at, max(at) AS last
                FROM their_rest GROUP BY 1, 2) t
          JOIN (SELECT reference, kind, array_agg(journal ORDER BY journal) AS journals,
                       sum(points)::bigint AS points, min(at) AS at, max(at) AS last
                FROM our_rest GROUP BY 1, 2) o USING (reference, kind, points)) sums
"""  # noqa: S608

_COPIES = f"""
    SELECT 'duplicate', {_NOTHING}, {_THEIRS}, {_NOBODY}
    FROM their_rest t
    JOIN (SELECT number, row_number() OVER
                     (PARTITION BY reference, kind, points, at ORDER BY number) AS nth
          FROM settlement.reconciliation_line
          WHERE reconciliation_id = :id AND reference IN (SELECT reference FROM their_rest)) l
        ON l.number = t.line
    WHERE l.nth > 1
"""  # noqa: S608


def _by_turn(alike: str, differs: str) -> str:
    """The first line with the first journal of what is alike, and so on."""
    nth = f"row_number() OVER (PARTITION BY {alike} ORDER BY points"
    return f"""
        SELECT 'differing', {differs}, {_THEIRS}, {_OURS_ONE}
        FROM (SELECT *, {nth}, line) AS nth FROM their_rest) t
        JOIN (SELECT *, {nth}, journal) AS nth FROM our_rest) o USING ({alike}, nth)
    """  # noqa: S608


_POINTS = _by_turn("reference, kind", f"ARRAY['points'] || {_if(_LATE, 'time')}")
_KIND = _by_turn(
    "reference",
    f"ARRAY['kind'] || {_if('t.points <> o.points', 'points')} || {_if(_LATE, 'time')}",
)

_ELSEWHERE = f"""
    SELECT DISTINCT ON (o.id) 'differing',
           ARRAY['window'] || {_if("t.points <> o.points", "points")} || {_if(_LATE, "time")},
           {_THEIRS}, ARRAY[o.id], o.reference, t.kind, o.points, o.at, o.window_id
    FROM their_rest t CROSS JOIN LATERAL (%s) o
    ORDER BY o.id, t.line
"""  # noqa: S608

_RENAMED = f"""
    SELECT 'differing', ARRAY['reference'], {_THEIRS}, {_OURS_ONE}
    FROM (SELECT t.line, o.journal, count(*) OVER (PARTITION BY t.line) AS journals,
                 count(*) OVER (PARTITION BY o.journal) AS lines
          FROM their_rest t
          JOIN our_rest o ON o.kind = t.kind AND o.points = t.points AND {_NEAR}) n
    JOIN their_rest t USING (line) JOIN our_rest o USING (journal)
    WHERE n.journals = 1 AND n.lines = 1
"""  # noqa: S608

# Every journal near a line, when none of them is near another line.
_ONE_LINE = f"""
    SELECT 'matched', ARRAY['reference'], {_THEIRS}, o.journals, NULL, t.kind, o.points, o.at,
           CAST(:window AS integer)
    FROM (SELECT line, array_agg(journal ORDER BY journal) AS journals,
                 sum(points)::bigint AS points, min(at) AS at, bool_and(alone) AS alone
          FROM (SELECT t.line, o.journal, o.points, o.at,
                       count(*) OVER (PARTITION BY o.journal) = 1 AS alone
                FROM their_rest t JOIN our_rest o ON o.kind = t.kind AND {_NEAR}) n
          GROUP BY line) o
    JOIN their_rest t USING (line, points)
    WHERE o.alone
"""  # noqa: S608
_ONE_JOURNAL = f"""
    SELECT 'matched', ARRAY['reference'], t.lines, NULL, o.kind, t.points, t.at, {_OURS_ONE}
    FROM (SELECT journal, array_agg(line ORDER BY line) AS lines,
                 sum(points)::bigint AS points, min(at) AS at, bool_and(alone) AS alone
          FROM (SELECT o.journal, t.line, t.points, t.at,
                       count(*) OVER (PARTITION BY t.line) = 1 AS alone
                FROM their_rest t JOIN our_rest o ON o.kind = t.kind AND {_NEAR}) n
          GROUP BY journal) t
    JOIN our_rest o USING (journal, points)
    WHERE t.alone
"""  # noqa: S608

_HERE = f"SELECT 'missing_here', {_NOTHING}, {_THEIRS}, {_NOBODY} FROM their_rest t"  # noqa: S608
_THERE = f"SELECT 'missing_there', {_NOTHING}, {_NO_LINE}, {_OURS_ONE} FROM our_rest o"  # noqa: S608

_SUMMED = """
    INSERT INTO settlement.reconciliation_outcome (reconciliation_id, outcome, findings,
        their_lines, their_points, our_journals, our_points)
    SELECT :id, outcome, count(*), coalesce(sum(cardinality(their_lines)), 0),
           coalesce(sum(their_points), 0), coalesce(sum(cardinality(our_journals)), 0),
           coalesce(sum(our_points), 0)
    FROM settlement.reconciliation_finding WHERE reconciliation_id = :id GROUP BY outcome
    RETURNING outcome, findings
"""


def match(
    session: Session, record: Reconciliation, now: datetime, *, patience: str = "10min"
) -> str:
    """Find what agrees and what does not; the record's new state.

    A record that agrees in all closes itself. Its row must be locked. No statement may take longer
    than `patience`, in the words of PostgreSQL.
    """
    take_time(session)
    session.execute(text(f"SET LOCAL statement_timeout = '{patience}'"))
    values = {
        "id": record.id,
        "party": record.party,
        "window": record.window_id,
        "tolerance": record.tolerance,
    }
    books = BOOKS[record.side]
    session.execute(text("CREATE TEMP SEQUENCE finding_number"))
    for statement in (_ours(books), "ANALYZE our", _PAIRS, _PAIRED, *_REST):
        session.execute(text(statement), values)
    for step in _steps(session, record, books):
        session.execute(text(_STEP % step), values)
    for left in ("TABLE their_rest", "TABLE our_rest", "SEQUENCE finding_number"):
        session.execute(text(f"DROP {left}"))
    found = {row.outcome: row.findings for row in session.execute(text(_SUMMED), values)}
    state = "closed" if found.keys() <= {"matched"} else "differs"
    unanswered = sum(found.values()) - found.get("matched", 0)
    store.move(session, record.id, state, now, unanswered=unanswered)
    return state


def _steps(session: Session, record: Reconciliation, books: Books) -> Iterator[str]:
    """What is looked for in what is left, one after the other."""
    if record.many:
        yield _SUMS
    yield from (_COPIES, _POINTS, _KIND, _ELSEWHERE % books.elsewhere)
    left = session.execute(
        text("SELECT (SELECT count(*) FROM their_rest) * (SELECT count(*) FROM our_rest)")
    ).scalar_one()
    if left <= COMPARED:
        yield _RENAMED
        if record.many:
            yield from (_ONE_LINE, _ONE_JOURNAL)
    yield from (_HERE, _THERE)
