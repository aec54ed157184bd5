"""The journals behind an obligation, page by page, whatever the window holds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from settlement.movements import Movement

# Of a window's postings, only some are behind an obligation: so many are looked at for a line.
LOOKED_AT = 20

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)

# The log is the one index that knows a window's journals in order.
_ENDS = text("""
    SELECT (SELECT journal_id FROM settlement.leaf WHERE window_id = :window
            ORDER BY journal_id LIMIT 1) AS first,
           (SELECT journal_id FROM settlement.leaf WHERE window_id = :window
            ORDER BY journal_id DESC LIMIT 1) AS last
""")

_OWN_TILLS = text("""
    SELECT each.id FROM unnest(ARRAY['redemption', 'capture', 'refund']) of (kind)
    CROSS JOIN LATERAL (
        SELECT id FROM exchange.journal
        WHERE (party_id, kind, id) > (:party, of.kind, :after)
            AND (party_id, kind, id) <= (:party, of.kind, :last)
        ORDER BY party_id, kind, id LIMIT :looked) each
    ORDER BY each.id LIMIT :looked
""")
_EVERYBODY = text("""
    SELECT journal_id FROM exchange.posting WHERE journal_id > :after AND journal_id <= :last
    ORDER BY journal_id LIMIT :looked
""")

_LINES = """
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:issuers AS integer[]),
            CAST(:acceptors AS integer[]), CAST(:issue_terms AS integer[]),
            CAST(:valued_terms AS integer[]), CAST(:acceptor_terms AS integer[]))
            w (kind, issuer, acceptor, issue_terms, valued_terms, acceptor_terms)),
    priced AS (
        SELECT p.journal_id, p.movement, p.issuer_id, till.party, p.points, p.lot_id,
               issue.id AS issue_terms,
               CASE WHEN till.party IS NULL THEN issue.id ELSE valued.id END AS valued_terms,
               accepted.id AS acceptor_terms
        FROM exchange.posting p
        CROSS JOIN LATERAL (SELECT CASE WHEN p.movement IN ('spent', 'refunded')
                                        THEN p.party_id END AS party) till
        LEFT JOIN partners.terms issue
            ON issue.party_id = p.issuer_id AND issue.valid @> p.issued_at
        LEFT JOIN partners.terms valued ON till.party IS NOT NULL
            AND valued.party_id = p.issuer_id AND valued.valid @> p.valued_at
        LEFT JOIN partners.terms accepted ON accepted.party_id = till.party
            AND accepted.valid @> p.valued_at
        WHERE {looked} AND p.window_id = :window),
    found AS (
        SELECT p.journal_id, p.movement, p.issuer_id, p.party, sum(p.points)::bigint AS points,
               array_agg(DISTINCT p.lot_id ORDER BY p.lot_id) AS lots
        FROM priced p JOIN wanted w ON w.kind = p.movement AND w.issuer = p.issuer_id
            AND w.acceptor IS NOT DISTINCT FROM p.party AND w.issue_terms = p.issue_terms
            AND w.valued_terms = p.valued_terms
            AND w.acceptor_terms IS NOT DISTINCT FROM p.acceptor_terms
        GROUP BY 1, 2, 3, 4)
    SELECT f.journal_id AS journal, j.at, f.movement AS kind, j.party_id AS by, j.reference,
           f.issuer_id AS issuer, f.party AS acceptor, f.points, f.lots
    FROM found f JOIN exchange.journal j ON j.id = f.journal_id
    ORDER BY journal, issuer, kind
"""
_SOME = text(_LINES.format(looked="p.journal_id = ANY(:journals)"))
_RANGE = text(_LINES.format(looked="p.journal_id > :after AND p.journal_id <= :upto"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One issuer's points in a journal. Who may see which of it is for the caller to say."""

    journal: UUID
    at: datetime
    kind: str
    by: int | None  # Whose journal it is; None for the hub's own.
    reference: str | None
    issuer: int
    acceptor: int | None
    points: int
    lots: tuple[int, ...]
    left_out: bool = False  # Of this window's settlement: contested, or deferred.


def lines(
    session: Session,
    window: int,
    movements: Collection[Movement],
    *,
    tills_of: int | None = None,
    after: UUID | None = None,
    limit: int,
) -> tuple[list[Line], UUID | None]:
    """A page of the window's journals behind these movements, by id, and where the next begins.

    A page may hold fewer lines than `limit`, even none, while there is a next: so many postings
    are looked at and no more. `tills_of` is the one acceptor of them all, where there is one: its
    journals are found without the others'.
    """
    if not movements:
        return [], None
    ends = session.execute(_ENDS, {"window": window}).one()
    values: dict[str, Any] = {
        "window": window,
        "after": after or (UUID(int=ends.first.int - 1) if ends.first else _FIRST),
        "last": ends.last or _LAST,
        "party": tills_of,
        "looked": limit if tills_of is not None else limit * LOOKED_AT,
        **_wanted(movements),
    }
    journals = list(
        session.execute(_EVERYBODY if tills_of is None else _OWN_TILLS, values).scalars()
    )
    if not journals:
        return [], None
    values |= {"journals": journals, "upto": journals[-1]}
    rows = session.execute(_RANGE if tills_of is None else _SOME, values).mappings()
    found = [_line(row) for row in rows]
    if len(found) > limit:
        # Whole journals: the cursor is the last one that is told in full.
        full = {each.journal for each in found[:limit]} - {found[limit].journal}
        upto = max(full, default=found[0].journal)
        return [each for each in found if each.journal <= upto], upto
    return found, journals[-1] if len(journals) == values["looked"] else None


def _wanted(movements: Collection[Movement]) -> dict[str, list[Any]]:
    names = {
        "kinds": "kind",
        "issuers": "issuer",
        "acceptors": "acceptor",
        "issue_terms": "issue_terms",
        "valued_terms": "valued_terms",
        "acceptor_terms": "acceptor_terms",
    }
    return {plural: [getattr(each, name) for each in movements] for plural, name in names.items()}


def _line(row: RowMapping) -> Line:
    return Line(**{**row, "lots": tuple(lot for lot in row["lots"] if lot is not None)})
