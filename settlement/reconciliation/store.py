"""All SQL of reconciling but the matching: records, their parts and lines, and what was found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from settlement.reconciliation.records import Line, Side

Row = RowMapping

PART_SPAN: Final = 10_000_000  # numbers of lines that a part has to itself
BLOCK: Final = 1_000  # lines sent at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciliation:
    """One record of a partner's, and how far it has come; `tolerance` is in seconds."""

    id: UUID
    party: int
    window_id: int
    window: str
    side: Side
    tolerance: int
    many: bool
    state: str
    lines: int
    points: int
    created_at: datetime
    matched_at: datetime | None
    closed_at: datetime | None
    cleared_at: datetime | None
    unanswered: int


_RECORD = """
    SELECT r.id, r.party_id AS party, r.window_id, w.name AS window, r.side, r.tolerance, r.many,
           r.state, p.lines, p.points, r.created_at, r.matched_at, r.closed_at, r.cleared_at,
           r.unanswered
    FROM settlement.reconciliation r
    JOIN exchange."window" w ON w.id = r.window_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(lines), 0)::integer AS lines,
               coalesce(sum(points), 0)::bigint AS points
        FROM settlement.reconciliation_part WHERE reconciliation_id = r.id) p
"""


def insert(session: Session, values: dict[str, Any]) -> None:
    session.execute(
        text(
            "INSERT INTO settlement.reconciliation (id, party_id, window_id, side, tolerance, many,"
            " created_at) VALUES (:id, :party, :window, :side, :tolerance, :many, :now)"
        ),
        values,
    )


def count(session: Session, party: int, window: int, side: Side) -> int:
    """Records there are of this side of the window; their partner's row is locked meanwhile."""
    session.execute(
        text("SELECT FROM partners.partner WHERE party_id = :party FOR UPDATE"), {"party": party}
    )
    found: int = session.execute(
        text(
            "SELECT count(*) FROM settlement.reconciliation"
            " WHERE party_id = :party AND window_id = :window AND side = :side"
        ),
        {"party": party, "window": window, "side": side},
    ).scalar_one()
    return found


def find(session: Session, id_: UUID, party: int | None = None) -> Reconciliation | None:
    """One record; with `party`, only when it is that party's."""
    sql = _RECORD + " WHERE r.id = :id AND (CAST(:party AS integer) IS NULL OR r.party_id = :party)"
    row = session.execute(text(sql), {"id": id_, "party": party}).mappings().one_or_none()
    return None if row is None else Reconciliation(**row)


def listed(
    session: Session, party: int | None, *, before: UUID | None, limit: int
) -> list[Reconciliation]:
    """Newest first, of one party or of all; one more than `limit`, when there are more."""
    where = ["true"]
    where += [] if party is None else ["r.party_id = :party"]
    where += [] if before is None else ["r.id < :before"]
    rows = session.execute(
        text(f"{_RECORD} WHERE {' AND '.join(where)} ORDER BY r.id DESC LIMIT :limit"),
        {"party": party, "before": before, "limit": limit + 1},
    ).mappings()
    return [Reconciliation(**row) for row in rows]


def lock(session: Session, id_: UUID, *, alone: bool) -> str:
    """Keep a record from changing its state; `alone` waits for those who add lines. Its state."""
    how = "UPDATE" if alone else "SHARE"
    state: str = session.execute(
        text(f"SELECT state FROM settlement.reconciliation WHERE id = :id FOR {how}"),  # noqa: S608
        {"id": id_},
    ).scalar_one()
    return state


def to_match(session: Session) -> UUID | None:
    """A record that waits for its matching, and that nobody is matching; locked."""
    found: UUID | None = session.execute(
        text(
            "SELECT id FROM settlement.reconciliation WHERE state IN ('waiting', 'matching')"
            " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
        )
    ).scalar_one_or_none()
    return found


def move(
    session: Session, id_: UUID, state: str, now: datetime | None = None, *, unanswered: int = 0
) -> None:
    """To another state; with `now`, as matched then, with findings that a person must look at."""
    session.execute(
        text(
            "UPDATE settlement.reconciliation SET state = :state,"
            " matched_at = CAST(:now AS timestamptz), unanswered = :unanswered,"
            " closed_at = CASE WHEN :state = 'closed' THEN CAST(:now AS timestamptz) END"
            " WHERE id = :id"
        ),
        {"id": id_, "state": state, "now": now, "unanswered": unanswered},
    )


# --- parts and lines ------------------------------------------------------------------------------


def part(session: Session, id_: UUID, number: int) -> Row | None:
    return (
        session.execute(
            text(
                "SELECT part, lines, points, digest FROM settlement.reconciliation_part"
                " WHERE reconciliation_id = :id AND part = :part"
            ),
            {"id": id_, "part": number},
        )
        .mappings()
        .one_or_none()
    )


def insert_part(session: Session, values: dict[str, Any]) -> None:
    session.execute(
        text(
            "INSERT INTO settlement.reconciliation_part (reconciliation_id, part, lines, points,"
            " digest, at) VALUES (:id, :part, :lines, :points, :digest, :now)"
        ),
        values,
    )


def insert_lines(
    session: Session, id_: UUID, part_number: int, lines: Iterable[Line]
) -> tuple[int, int]:
    """Write the lines of a part as they are read; how many there were, and their points."""
    count_, points = 0, 0
    copying = (
        "COPY settlement.reconciliation_line"
        " (reconciliation_id, number, reference, kind, points, at) FROM STDIN"
    )
    with _driver(session).cursor() as cursor, cursor.copy(copying) as copy:
        block: list[str] = []
        for line in lines:
            number = part_number * PART_SPAN + line.number
            reference = line.reference.replace("\\", "\\\\")
            at = "\\N" if line.at is None else line.at.isoformat()
            block.append(f"{id_}\t{number}\t{reference}\t{line.kind}\t{line.points}\t{at}\n")
            count_ += 1
            points += line.points
            if len(block) == BLOCK:
                copy.write("".join(block))
                block.clear()
        copy.write("".join(block))
    return count_, points


def _driver(session: Session) -> psycopg.Connection[Any]:
    """The driver's own connection, in the session's transaction: for COPY."""
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("COPY needs psycopg")
    return connection


# --- findings -------------------------------------------------------------------------------------

_FINDING = """
    SELECT f.outcome, f.number, f.differs, f.their_lines, f.their_reference, f.their_kind,
           f.their_points, f.their_at, f.our_journals, f.our_reference, f.our_kind, f.our_points,
           f.our_at, w.name AS our_window, a.resolution, a.dispute_id, a.words, a.said_by,
           a.at AS answered_at
    FROM settlement.reconciliation_finding f
    LEFT JOIN exchange."window" w ON w.id = f.our_window_id
    LEFT JOIN settlement.reconciliation_answer a ON a.reconciliation_id = f.reconciliation_id
        AND a.outcome = f.outcome AND a.number = f.number
"""


def findings(
    session: Session, id_: UUID, outcomes: list[str], *, after: tuple[str, int], limit: int
) -> list[Row]:
    """In the order of outcome and number; one more than `limit`, when there are more."""
    return list(
        session.execute(
            text(
                _FINDING + " WHERE f.reconciliation_id = :id AND f.outcome = ANY(:outcomes)"
                " AND (f.outcome, f.number) > (:outcome, :number)"
                " ORDER BY f.outcome, f.number LIMIT :limit"
            ),
            {
                "id": id_,
                "outcomes": outcomes,
                "outcome": after[0],
                "number": after[1],
                "limit": limit + 1,
            },
        ).mappings()
    )


def findings_before(
    session: Session, id_: UUID, outcomes: list[str], *, before: tuple[str, int], limit: int
) -> list[Row]:
    """Those before a place, in the same order; one more than `limit`, when there are more."""
    rows = session.execute(
        text(
            _FINDING + " WHERE f.reconciliation_id = :id AND f.outcome = ANY(:outcomes)"
            " AND (f.outcome, f.number) < (:outcome, :number)"
            " ORDER BY f.outcome DESC, f.number DESC LIMIT :limit"
        ),
        {
            "id": id_,
            "outcomes": outcomes,
            "outcome": before[0],
            "number": before[1],
            "limit": limit + 1,
        },
    ).mappings()
    return list(rows)[::-1]


def chosen(session: Session, id_: UUID, places: Iterable[tuple[str, int]]) -> list[Row]:
    """These findings, by outcome and number; what is none is left out."""
    names, numbers = zip(*sorted(set(places)), strict=True)
    return list(
        session.execute(
            text(
                _FINDING + " JOIN unnest(CAST(:names AS text[]), CAST(:numbers AS integer[]))"
                " AS of (outcome, number) ON of.outcome = f.outcome AND of.number = f.number"
                " WHERE f.reconciliation_id = :id ORDER BY f.outcome, f.number"
            ),
            {"id": id_, "names": list(names), "numbers": list(numbers)},
        ).mappings()
    )


def parts(session: Session, id_: UUID) -> list[Row]:
    """The files of a record, in their order."""
    return list(
        session.execute(
            text(
                "SELECT part, lines, points, digest, at FROM settlement.reconciliation_part"
                " WHERE reconciliation_id = :id ORDER BY part"
            ),
            {"id": id_},
        ).mappings()
    )


def insert_answers(session: Session, id_: UUID, answers: Iterable[dict[str, Any]]) -> int:
    """How many were written: what has an answer keeps it. The record counts them off."""
    written = sum(len(session.execute(text(_ANSWER), each | {"id": id_}).all()) for each in answers)
    session.execute(
        text(
            "UPDATE settlement.reconciliation SET unanswered = unanswered - :written WHERE id = :id"
        ),
        {"id": id_, "written": written},
    )
    return written


_ANSWER = """
    INSERT INTO settlement.reconciliation_answer (reconciliation_id, outcome, number, resolution,
        dispute_id, words, said_by, at)
    VALUES (:id, :outcome, :number, :resolution, CAST(:dispute AS uuid), :words, :by, :now)
    ON CONFLICT ON CONSTRAINT reconciliation_answer_pk DO NOTHING RETURNING 1
"""


def work_list(
    session: Session,
    *,
    party: int | None,
    window: int | None,
    state: str,
    limit: int,
) -> list[Reconciliation]:
    """Everybody's, for the hub: those with something unanswered first, each the newest first.

    `state` is a record's, `unanswered`, or empty for all.
    """
    rows = session.execute(
        text(
            f"{_RECORD} WHERE (CAST(:party AS integer) IS NULL OR r.party_id = :party)"
            " AND (CAST(:window AS integer) IS NULL OR r.window_id = :window)"
            " AND (:state IN ('', 'unanswered') OR r.state = :state)"
            " AND (:state <> 'unanswered' OR r.unanswered > 0)"
            " ORDER BY (r.unanswered > 0) DESC, r.id DESC LIMIT :limit"
        ),
        {"party": party, "window": window, "state": state, "limit": limit},
    ).mappings()
    return [Reconciliation(**row) for row in rows]


def found_of(session: Session, party: int, window: int, journal: UUID) -> Row | None:
    """What the party's latest matched record of a window found of a journal that differs."""
    return (
        session.execute(
            text(_FINDING + _OF_JOURNAL),
            {"party": party, "window": window, "journal": journal},
        )
        .mappings()
        .one_or_none()
    )


_OF_JOURNAL = """
    WHERE f.reconciliation_id = (
            SELECT id FROM settlement.reconciliation
            WHERE party_id = :party AND window_id = :window AND matched_at IS NOT NULL
            ORDER BY id DESC LIMIT 1)
        AND f.outcome IN ('differing', 'missing_there')
        AND f.our_journals @> ARRAY[CAST(:journal AS uuid)]
    LIMIT 1
"""


def every_finding(session: Session, id_: UUID, outcomes: list[str]) -> Iterator[Row]:
    """All of them in their order, fetched as they are asked for."""
    yield from (
        session.execute(
            text(
                _FINDING + " WHERE f.reconciliation_id = :id AND f.outcome = ANY(:outcomes)"
                " ORDER BY f.outcome, f.number"
            ),
            {"id": id_, "outcomes": outcomes},
            execution_options={"yield_per": 1_000},
        ).mappings()
    )


def contested(
    session: Session, id_: UUID, mine: str, party: int, number: int | None = None
) -> Iterator[Row]:
    """What does not agree, a row for each issuer's part of a journal, fetched as it is asked for.

    `mine` chooses the postings that the record is about, `number` one finding of all.
    """
    yield from (
        session.execute(
            text(_CONTESTED % mine),
            {"id": id_, "party": party, "number": number},
            execution_options={"yield_per": 1_000},
        ).mappings()
    )


_CONTESTED = """
    SELECT f.outcome, f.number, f.differs, l.journal, l.issuer,
           coalesce(f.our_reference, f.their_reference) AS reference, f.their_points AS theirs,
           l.points AS ours
    FROM settlement.reconciliation_finding f
    LEFT JOIN LATERAL (
        SELECT p.journal_id AS journal, p.issuer_id AS issuer, sum(p.points)::bigint AS points
        FROM exchange.posting p WHERE p.journal_id = ANY(f.our_journals) AND %s
        GROUP BY 1, 2) l ON true
    WHERE f.reconciliation_id = :id
        AND f.outcome IN ('differing', 'missing_here', 'missing_there')
        AND (CAST(:number AS integer) IS NULL OR f.number = :number)
    ORDER BY f.outcome, f.number, l.journal, l.issuer
"""


def outcomes(session: Session, id_: UUID) -> list[Row]:
    """What the findings of each outcome came to, those without any left out."""
    return list(
        session.execute(
            text(
                "SELECT outcome, findings, their_lines, their_points, our_journals, our_points"
                " FROM settlement.reconciliation_outcome WHERE reconciliation_id = :id"
                " ORDER BY outcome"
            ),
            {"id": id_},
        ).mappings()
    )


# --- what has had its time ------------------------------------------------------------------------


def to_clear(session: Session, before: datetime) -> UUID | None:
    """The oldest record made before then of which lines or findings are left; locked."""
    found: UUID | None = session.execute(
        text(
            "SELECT id FROM settlement.reconciliation"
            " WHERE cleared_at IS NULL AND created_at < :before"
            " ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED"
        ),
        {"before": before},
    ).scalar_one_or_none()
    return found


def clear(session: Session, id_: UUID, limit: int) -> int:
    """Delete up to `limit` lines and as many findings of a record; how many there were."""
    return sum(
        len(session.execute(text(_CLEAR % (table, table)), {"id": id_, "limit": limit}).all())
        for table in ("line", "finding")
    )


_CLEAR = """
    DELETE FROM settlement.reconciliation_%s WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM settlement.reconciliation_%s WHERE reconciliation_id = :id LIMIT :limit))
    RETURNING 1
"""


def mark_cleared(session: Session, id_: UUID, now: datetime) -> None:
    session.execute(
        text("UPDATE settlement.reconciliation SET cleared_at = :now WHERE id = :id"),
        {"id": id_, "now": now},
    )
