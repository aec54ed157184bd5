"""A window's postings, read as a set: what prices them, and what they left.

Each reads the whole window, and the closing alone does; what is asked every day is summed
beforehand (`settlement.rollup`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from settlement.errors import PointsUnpriced
from settlement.movements import Movement

Row = RowMapping

# A refund carries the time of its sale, a clawback that of its accrual. What was not spent at a
# till is priced by the terms of its issue alone. The terms of a party are few: a hash join.
SUMMED = """
    SELECT p.movement AS kind, p.issuer_id AS issuer, till.party AS acceptor,
           issue.id AS issue_terms,
           CASE WHEN till.party IS NULL THEN issue.id ELSE valued.id END AS valued_terms,
           accepted.id AS acceptor_terms, sum(p.points)::bigint AS points,
           min(p.issued_at) AS issued_at, min(p.valued_at) AS valued_at
    FROM exchange.posting p
    CROSS JOIN LATERAL (SELECT CASE WHEN p.movement IN ('spent', 'refunded') THEN p.party_id END
                        AS party) till
    LEFT JOIN partners.terms issue ON issue.party_id = p.issuer_id AND issue.valid @> p.issued_at
    LEFT JOIN partners.terms valued ON till.party IS NOT NULL
        AND valued.party_id = p.issuer_id AND valued.valid @> p.valued_at
    LEFT JOIN partners.terms accepted ON accepted.party_id = till.party
        AND accepted.valid @> p.valued_at
    WHERE p.window_id = :window AND p.xid >= :since
        AND p.movement IN ('issued', 'clawed_back', 'spent', 'refunded', 'expired')
        AND (CAST(:party AS integer) IS NULL OR p.issuer_id = :party OR till.party = :party)
    GROUP BY 1, 2, 3, 4, 5, 6
"""

_KEY = ("kind", "issuer", "acceptor", "issue_terms", "valued_terms", "acceptor_terms")


def movements(session: Session, window: int) -> list[Movement]:
    """A window's postings summed by what prices them, in their order. Raises PointsUnpriced."""
    return priced(_all(session, SUMMED, window=window, since=0, party=None))


def lines(
    session: Session, wanted: Iterable[tuple[UUID, int]]
) -> dict[tuple[UUID, int], list[Movement]]:
    """Issuers' points of journals, by journal and issuer. Raises PointsUnpriced."""
    pairs = sorted(set(wanted))
    if not pairs:
        return {}
    sql = (
        SUMMED.replace("SELECT p.movement", "SELECT p.journal_id AS journal, p.movement", 1)
        .replace(
            "p.window_id = :window AND p.xid >= :since",
            "(p.journal_id, p.issuer_id) IN (SELECT * FROM unnest("
            "CAST(:journals AS uuid[]), CAST(:issuers AS integer[])))",
        )
        .replace("GROUP BY 1,", "GROUP BY 7, 1,")
    )
    journals, issuers = zip(*pairs, strict=True)
    found: dict[tuple[UUID, int], list[Row]] = {}
    for row in _all(session, sql, journals=list(journals), issuers=list(issuers), party=None):
        found.setdefault((row["journal"], row["issuer"]), []).append(row)
    return {pair: priced(rows) for pair, rows in found.items()}


def priced(rows: Iterable[Row]) -> list[Movement]:
    """Rows of SUMMED as values; those of one kind, parties and terms become one.

    Raises PointsUnpriced.
    """
    sums: dict[tuple[Any, ...], int] = {}
    for row in rows:
        _check_terms(row)
        key = tuple(row[name] for name in _KEY)
        sums[key] = sums.get(key, 0) + row["points"]
    found = sorted(sums, key=lambda key: (key[0], *(number or 0 for number in key[1:])))
    return [Movement(**dict(zip(_KEY, key, strict=True)), points=sums[key]) for key in found]


def _check_terms(row: Row) -> None:
    needed = {
        "issue_terms": (row["issuer"], row["issued_at"]),
        "valued_terms": (row["issuer"], row["valued_at"]),
        "acceptor_terms": (row["acceptor"], row["valued_at"]),
    }
    for name, (party, moment) in needed.items():
        if row[name] is None and party is not None:
            raise PointsUnpriced(party=party, at=moment.isoformat())


# Grouped by columns as they are: whatever is worked out is worked out of a few sums, not of every
# posting.
_PLAIN = """
    SELECT movement AS kind, issuer_id AS issuer,
           CASE WHEN movement IN ('spent', 'refunded') THEN party_id END AS acceptor,
           sum(points)::bigint AS points
    FROM (SELECT movement, issuer_id, party_id, sum(points) AS points FROM exchange.posting
          WHERE window_id = :window GROUP BY movement, issuer_id, party_id) p
    WHERE movement IN ('issued', 'clawed_back', 'spent', 'refunded', 'expired')
    GROUP BY 1, 2, 3
"""


def plain_sums(session: Session, window: int) -> dict[tuple[str, int, int | None], int]:
    """A window's points by kind, issuer and acceptor: one scan, and nothing but adding."""
    rows = _all(session, _PLAIN, window=window)
    return {(row["kind"], row["issuer"], row["acceptor"]): row["points"] for row in rows}


def outstanding(
    session: Session, window: int, moved: Iterable[Movement] | None = None
) -> dict[int, int]:
    """Points outstanding per issuer when the window ended (for the open one: by now).

    From what has moved in all windows to this one: their fixed sums, and the postings of those
    that have none yet; `moved` spares the postings of this one.
    """
    found: dict[int, int] = {}
    for row in _all(
        session,
        "SELECT kind, issuer, sum(points)::bigint AS points FROM settlement.moved"
        " WHERE window_id <= :window GROUP BY kind, issuer",
        window=window,
    ):
        _count(found, dict(row))
    for fresh in _all(
        session,
        'SELECT w.id FROM exchange."window" w WHERE w.id <= :window'
        " AND NOT EXISTS (SELECT FROM settlement.moved m WHERE m.window_id = w.id)",
        window=window,
    ):
        if moved is not None and fresh["id"] == window:
            for each in moved:
                _count(found, asdict(each))
            continue
        for row in _all(session, _PLAIN, window=fresh["id"]):
            _count(found, dict(row))
    return dict(sorted(found.items()))


def _count(outstanding: dict[int, int], row: Mapping[str, Any]) -> None:
    points = row["points"] if row["kind"] in ("issued", "refunded") else -row["points"]
    outstanding[row["issuer"]] = outstanding.get(row["issuer"], 0) + points


def adjusted(session: Session, window: int, parties: Sequence[int]) -> dict[int, int]:
    """Per issuer, by how much corrections changed its points in a window, where they did.

    What two people put right by hand, and what disputes gave back. An index by party and kind finds
    the first, for the window's journals are not read for the few there are.
    """
    rows = _all(
        session,
        """
        SELECT issuer, sum(points)::bigint AS points FROM (
            SELECT p.issuer_id AS issuer,
                   CASE p.movement WHEN 'issued' THEN p.points WHEN 'clawed_back' THEN -p.points
                                   ELSE 0 END AS points
            FROM exchange.journal j JOIN exchange.posting p ON p.journal_id = j.id
            WHERE j.party_id = ANY(:parties) AND j.kind = 'adjustment' AND j.window_id = :window
            UNION ALL
            SELECT d.issuer_id, d.upheld_points
            FROM settlement.dispute d JOIN exchange.journal j ON j.id = d.correction
            WHERE j.window_id = :window) corrections
        GROUP BY issuer HAVING sum(points) <> 0
        """,
        window=window,
        parties=list(parties),
    )
    return {row["issuer"]: row["points"] for row in rows}


def _all(session: Session, sql: str, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())
