"""What partners read of the books: each question one indexed statement, whatever has happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Row = RowMapping

REFERENCED = ("accrual", "import", "redemption", "capture", "refund", "clawback")
KINDS = (*REFERENCED, "adjustment")  # Of the journals that have a party.

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)

# The day and the expiry bound the search: what expired is not read, however many lots there were.
_WALLET = """
    SELECT l.shares_balance, l.answers, d.today, w.held AS wallet_held, t.issuer_id,
           t.available, t.held, t.expires_on,
           CASE WHEN t.spendable_from > d.today THEN t.spendable_from END AS spendable_from
    FROM exchange.link l
    JOIN exchange.wallet w ON w.id = l.wallet_id
    CROSS JOIN (SELECT (CAST(:now AS timestamptz) AT TIME ZONE zone)::date AS today
                FROM exchange.setting) d
    LEFT JOIN exchange.lot t ON t.wallet_id = w.id AND t.expires_on >= d.today
        AND t.live
    WHERE l.id = :link AND l.party_id = :party AND l.active
    ORDER BY t.expires_on, t.id
"""

_TRANSACTION = """
    SELECT j.id, j.kind, j.points, j.reference, j.undoes, j.hold_id AS authorization, j.theirs,
           j.fee, j.occurred_at, j.at, w.name AS window, l.id AS member,
           coalesce(u.undone, 0) AS undone
    FROM {journal} j
    JOIN exchange."window" w ON w.id = j.window_id
    LEFT JOIN exchange.link l ON l.party_id = j.party_id AND l.wallet_id = j.wallet_id AND l.active
    LEFT JOIN exchange.undone u ON u.journal_id = j.id
"""

_ONE = _TRANSACTION.format(journal="exchange.journal") + " WHERE j.party_id = :party AND j.id = :id"

_REFERENCED = (
    _TRANSACTION.format(journal="exchange.journal")
    + " WHERE j.party_id = :party AND j.kind = ANY(:kinds) AND j.reference = :reference"
)

# A page of each kind, and the newest of them: one index serves a page of one kind, however rare,
# and of all. Rows are compared as a whole, which only that index can: by the id alone a planner
# may look for what is rare among everybody's newest.
_PAGE = _TRANSACTION.format(
    journal="""(
        SELECT each.* FROM unnest(CAST(:kinds AS text[])) AS of (kind)
        CROSS JOIN LATERAL (
            SELECT * FROM exchange.journal
            WHERE (party_id, kind, id) < (:party, of.kind, :before)
                AND (party_id, kind, id) > (:party, of.kind, :first)
            ORDER BY party_id DESC, kind DESC, id DESC LIMIT :limit) each
        ORDER BY each.id DESC LIMIT :limit)"""
)

_HOLD = """
    SELECT h.id, h.points, h.captured, h.released, h.reference, h.held_at AS at, h.expires_at,
           h.ended_at, l.id AS member,
           CASE WHEN h.state = 'held' AND h.expires_at <= now() THEN 'expired'
                ELSE h.state END AS state
    FROM exchange.hold h
    LEFT JOIN exchange.link l ON l.party_id = h.party_id AND l.wallet_id = h.wallet_id AND l.active
    WHERE h.id = :id AND h.party_id = :party
"""


def wallet(session: Session, party: int, link: UUID, now: datetime) -> list[Row]:
    """The lots of a linked wallet that have points and have not expired, as they are spent.

    A wallet without any is one row without an issuer; no row is no such link. Each row has the
    books' calendar day, and what the whole wallet holds.
    """
    return _all(session, _WALLET, party=party, link=link, now=now)


def transaction(session: Session, party: int, journal: UUID) -> Row | None:
    return _one(session, _ONE, party=party, id=journal)


def transactions(
    session: Session, party: int, *, before: UUID | None, kind: str | None, limit: int
) -> list[Row]:
    """Newest first; one more than `limit`, when there are more."""
    return _all(
        session,
        _PAGE + " ORDER BY j.id DESC",
        party=party,
        kinds=list(KINDS) if kind is None else [kind],
        before=before or _LAST,
        first=_FIRST,
        limit=limit + 1,
    )


def referenced(
    session: Session,
    party: int,
    reference: str,
    *,
    before: UUID | None,
    kind: str | None,
    limit: int,
) -> list[Row]:
    """As `transactions`, those with the party's own number: few, a capture has its hold's."""
    rows = _all(
        session,
        _REFERENCED,
        party=party,
        kinds=list(REFERENCED) if kind is None else [kind],
        reference=reference,
    )
    found = [row for row in rows if before is None or row["id"] < before]
    return sorted(found, key=lambda row: row["id"], reverse=True)[: limit + 1]


def hold(session: Session, party: int, hold_id: UUID) -> Row | None:
    return _one(session, _HOLD, party=party, id=hold_id)


def _one(session: Session, sql: str, **values: Any) -> Row | None:
    return session.execute(text(sql), values).mappings().one_or_none()


def _all(session: Session, sql: str, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())
