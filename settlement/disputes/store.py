"""All SQL of disputes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

Row = RowMapping

# Both sides' view, and the hub's: who else is in it is for `views` to leave out.
_DISPUTE = """
    SELECT d.*, w.name AS window_name, j.at AS journal_at, j.kind AS journal_kind,
           j.reference, x.released_at AS deferral_released_at, c.name AS carried_into_name
    FROM settlement.dispute d
    JOIN exchange."window" w ON w.id = d.window_id
    JOIN exchange.journal j ON j.id = d.journal_id
    LEFT JOIN settlement.deferral x ON x.id = d.deferral_id
    LEFT JOIN exchange."window" c ON c.id = d.carried_into
"""


def line(session: Session, journal: UUID, issuer: int) -> Row | None:
    """An issuer's points of a journal, if it is one; `points` are None where it has none."""
    return _one(
        session,
        """
        SELECT j.id AS journal, j.kind, j.party_id AS acceptor, j.window_id AS window,
               sum(p.points) FILTER (WHERE p.movement = 'spent')::bigint AS points
        FROM exchange.journal j
        LEFT JOIN exchange.posting p ON p.journal_id = j.id AND p.issuer_id = :issuer
        WHERE j.id = :journal GROUP BY j.id
        """,
        journal=journal,
        issuer=issuer,
    )


def issuers(session: Session, journal: UUID) -> list[int]:
    """Whose points a journal moved."""
    rows = _all(
        session,
        "SELECT DISTINCT issuer_id FROM exchange.posting WHERE journal_id = :journal"
        " ORDER BY issuer_id",
        journal=journal,
    )
    return [row["issuer_id"] for row in rows]


def not_given_back(session: Session, journal: UUID, issuer: int) -> int:
    """Of an issuer's points in a sale, those that no refund has given back yet."""
    row = _one(
        session,
        """
        SELECT coalesce(sum(CASE WHEN journal_id = :journal THEN points
                                 ELSE -points END), 0)::bigint AS points
        FROM exchange.posting
        WHERE issuer_id = :issuer AND journal_id IN (
            SELECT CAST(:journal AS uuid) UNION ALL
            SELECT id FROM exchange.journal WHERE undoes = :journal)
        """,
        journal=journal,
        issuer=issuer,
    )
    return 0 if row is None else row["points"]


def insert(session: Session, values: dict[str, Any]) -> bool:
    """False when the line has been contested already."""
    row = session.execute(
        text(
            """
            INSERT INTO settlement.dispute (id, window_id, journal_id, issuer_id, acceptor_id,
                points, opened_by, reason, opened_at, due_at)
            VALUES (:id, :window, :journal, :issuer, :acceptor, :points, :opened_by, :reason, :now,
                :due_at)
            ON CONFLICT ON CONSTRAINT dispute_once DO NOTHING RETURNING id
            """
        ),
        values,
    ).one_or_none()
    return row is not None


def of_line(session: Session, journal: UUID, issuer: int) -> UUID:
    found: UUID = session.execute(
        text(
            "SELECT id FROM settlement.dispute WHERE journal_id = :journal AND issuer_id = :issuer"
        ),
        {"journal": journal, "issuer": issuer},
    ).scalar_one()
    return found


def set_deferral(session: Session, dispute: UUID, deferral: UUID) -> None:
    session.execute(
        text("UPDATE settlement.dispute SET deferral_id = :deferral WHERE id = :id"),
        {"id": dispute, "deferral": deferral},
    )


def lock(session: Session, dispute: UUID) -> Row | None:
    """The dispute, held until the transaction ends."""
    session.execute(
        text("SELECT FROM settlement.dispute WHERE id = :id FOR UPDATE"), {"id": dispute}
    )
    return find(session, dispute)


def find(session: Session, dispute: UUID) -> Row | None:
    return _one(session, _DISPUTE + " WHERE d.id = :id", id=dispute)


def move(session: Session, dispute: UUID, values: dict[str, Any]) -> None:
    """The next state, its deadline, and of a resolved one all that came of it."""
    session.execute(
        text(
            """
            UPDATE settlement.dispute SET state = :state, due_at = :due_at, outcome = :outcome,
                upheld_points = :upheld_points, correction = :correction,
                approval_id = :approval, resolved_at = :resolved_at,
                carried_into = coalesce(:carried_into, carried_into)
            WHERE id = :id
            """
        ),
        {
            "due_at": None,
            "outcome": None,
            "upheld_points": 0,
            "correction": None,
            "approval": None,
            "resolved_at": None,
            "carried_into": None,
            **values,
            "id": dispute,
        },
    )


def insert_step(
    session: Session,
    dispute: UUID,
    step: str,
    party: int | None,
    words: str,
    now: datetime,
    approval: UUID | None = None,
) -> None:
    session.execute(
        text(
            """
            INSERT INTO settlement.dispute_step
                (dispute_id, number, step, party_id, words, at, approval_id)
            SELECT :id, count(*) + 1, :step, :party, :words, :now, CAST(:approval AS uuid)
            FROM settlement.dispute_step WHERE dispute_id = :id
            """
        ),
        {
            "id": dispute,
            "step": step,
            "party": party,
            "words": words,
            "now": now,
            "approval": approval,
        },
    )


def steps(session: Session, dispute: UUID) -> list[Row]:
    return _all(
        session,
        "SELECT number, step, party_id, words, at, approval_id FROM settlement.dispute_step"
        " WHERE dispute_id = :id ORDER BY number",
        id=dispute,
    )


STATES = ("opened", "answered", "escalated", "resolved")

_BEFORE = """
    (CAST(:before AS uuid) IS NULL OR d.id < :before)
    AND (CAST(:window AS integer) IS NULL OR d.window_id = :window)
"""

# A page of each side and state, and the newest of them: one index of each side serves them all.
_OWN = f"""
    SELECT p.id FROM unnest(CAST(:states AS text[])) s (state) CROSS JOIN LATERAL (
        (SELECT d.id FROM settlement.dispute d
         WHERE d.issuer_id = :party AND d.state = s.state AND {_BEFORE}
         ORDER BY d.id DESC LIMIT :limit)
        UNION ALL
        (SELECT d.id FROM settlement.dispute d
         WHERE d.acceptor_id = :party AND d.state = s.state AND {_BEFORE}
         ORDER BY d.id DESC LIMIT :limit)) p
    ORDER BY p.id DESC LIMIT :limit
"""  # noqa: S608


def page(
    session: Session,
    *,
    party: int | None,
    window: int | None,
    state: str | None,
    before: UUID | None,
    limit: int,
) -> list[Row]:
    """Newest first, one more than `limit` when there are more; without a party, everybody's."""
    where = f"d.state = ANY(:states) AND {_BEFORE}" if party is None else f"d.id IN ({_OWN})"
    return _all(
        session,
        f"{_DISPUTE} WHERE {where} ORDER BY d.id DESC LIMIT :limit",
        party=party,
        window=window,
        states=[state] if state else list(STATES),
        before=before,
        limit=limit + 1,
    )


def work_list(
    session: Session,
    *,
    state: str,
    party: int | None,
    window: int | None,
    now: datetime,
    limit: int,
) -> list[Row]:
    """Everybody's, for the hub: what is due soonest first, of what is resolved the newest.

    `state` is a dispute's, or `open` (all but resolved), `carried`, `overdue`. A dispute is of its
    own window and of the one that it was carried into.
    """
    where, order = _WORK[state]
    return _all(
        session,
        f"{_DISPUTE} WHERE {where}"
        " AND (CAST(:party AS integer) IS NULL OR :party IN (d.issuer_id, d.acceptor_id))"
        " AND (CAST(:window AS integer) IS NULL OR :window IN (d.window_id, d.carried_into))"
        f" ORDER BY {order} LIMIT :limit",
        party=party,
        window=window,
        now=now,
        limit=limit,
    )


_SOONEST = "d.due_at, d.id"
_WORK = {
    "open": ("d.state <> 'resolved'", _SOONEST),
    "carried": ("d.state <> 'resolved' AND d.carried_into IS NOT NULL", _SOONEST),
    "overdue": ("d.state <> 'resolved' AND d.due_at <= :now", _SOONEST),
    **{
        state: (f"d.state <> 'resolved' AND d.state = '{state}'", _SOONEST)
        for state in ("opened", "answered", "escalated")
    },
    "resolved": ("d.state = 'resolved'", "d.id DESC"),
}


def overdue(session: Session, now: datetime, limit: int) -> list[UUID]:
    rows = _all(
        session,
        "SELECT id FROM settlement.dispute WHERE state <> 'resolved' AND due_at <= :now"
        " ORDER BY due_at LIMIT :limit",
        now=now,
        limit=limit,
    )
    return [row["id"] for row in rows]


# --- evidence -------------------------------------------------------------------------------------


def insert_evidence(session: Session, values: dict[str, Any]) -> UUID:
    """The file's id; that of the same bytes put before, if there are."""
    session.execute(
        text(
            """
            INSERT INTO settlement.dispute_evidence
                (id, dispute_id, party_id, name, media_type, digest, content, at)
            VALUES (:id, :dispute, :party, :name, :media_type, :digest, :content, :now)
            ON CONFLICT ON CONSTRAINT dispute_evidence_once DO NOTHING
            """
        ),
        values,
    )
    found: UUID = session.execute(
        text(
            "SELECT id FROM settlement.dispute_evidence"
            " WHERE dispute_id = :dispute AND digest = :digest"
        ),
        values,
    ).scalar_one()
    return found


def evidence_list(session: Session, dispute: UUID) -> list[Row]:
    return _all(
        session,
        "SELECT id, party_id, name, media_type, digest, length(content) AS size, at"
        " FROM settlement.dispute_evidence WHERE dispute_id = :id ORDER BY id",
        id=dispute,
    )


def evidence(session: Session, dispute: UUID, evidence: UUID) -> Row | None:
    return _one(
        session,
        "SELECT name, media_type, content FROM settlement.dispute_evidence"
        " WHERE dispute_id = :dispute AND id = :id",
        dispute=dispute,
        id=evidence,
    )


def _one(session: Session, sql: str, **values: Any) -> Row | None:
    return session.execute(text(sql), values).mappings().one_or_none()


def _all(session: Session, sql: str, **values: Any) -> list[Row]:
    return list(session.execute(text(sql), values).mappings())
