"""One journal as finance reads it: what it moved, what it undoes, and what undid it."""

from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

_JOURNAL = text("""
    SELECT j.id, j.kind, j.party_id, j.points, j.reference, j.note, j.at, j.occurred_at, j.undoes,
           w.name AS window,
           ARRAY(SELECT u.id FROM exchange.journal u WHERE u.undoes = j.id ORDER BY u.id LIMIT 20)
               AS undone_by
    FROM exchange.journal j JOIN exchange."window" w ON w.id = j.window_id
    WHERE j.id = :id
""")
_POSTINGS = text("""
    SELECT p.line, p.movement, p.issuer_id, p.points, p.expires_on,
           d.kind AS debit_kind, d.party_id AS debit_party,
           c.kind AS credit_kind, c.party_id AS credit_party
    FROM exchange.posting p
    JOIN exchange.account d ON d.id = p.debit
    JOIN exchange.account c ON c.id = p.credit
    WHERE p.journal_id = :id ORDER BY p.line
""")


def journal(session: Session, id_: UUID) -> RowMapping | None:
    """The journal with the name of its `window`; `undone_by` are the first twenty that undo it."""
    return session.execute(_JOURNAL, {"id": id_}).mappings().one_or_none()


def postings(session: Session, id_: UUID) -> list[dict[str, Any]]:
    """Its postings in order, each with the kind and the party of both accounts."""
    return [dict(row) for row in session.execute(_POSTINGS, {"id": id_}).mappings()]
