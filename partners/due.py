"""What partners have for somebody to do: terms to agree, exchanges that nobody answers."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.due import MOST, Due

SILENT = timedelta(hours=1)  # After that it is not the network any more.

_TERMS = """
    SELECT p.slug, p.name, p.activated_at FROM partners.partner p
    WHERE p.state = 'active' AND NOT EXISTS (
        SELECT FROM partners.terms t WHERE t.party_id = p.party_id AND t.valid @> :now)
    ORDER BY p.activated_at, p.slug LIMIT :most
"""

_SILENT = """
    SELECT p.slug, p.name, count(*) AS exchanges, min(e.first_asked_at) AS since,
           sum(e.points)::bigint AS points
    FROM (SELECT * FROM partners.exchange WHERE ask_at IS NOT NULL LIMIT 10000) e
    JOIN partners.partner p ON p.party_id = e.party_id
    WHERE e.first_asked_at < :earlier
    GROUP BY 1, 2 ORDER BY since LIMIT :most
"""


def due(session: Session, now: datetime) -> list[Due]:
    """All of it, each kind bounded."""
    missing = session.execute(text(_TERMS), {"now": now, "most": MOST}).mappings()
    silent = session.execute(text(_SILENT), {"earlier": now - SILENT, "most": MOST}).mappings()
    return [
        *(
            Due(
                urgency="stuck",
                kind="terms",
                at=row["activated_at"],
                names={"slug": row["slug"], "partner": row["name"]},
            )
            for row in missing
        ),
        *(
            Due(
                urgency="stuck",
                kind="exchanges",
                at=row["since"],
                names={"slug": row["slug"], "partner": row["name"], "n": row["exchanges"]},
                amount=row["points"],
            )
            for row in silent
        ),
    ]


def any_partner(session: Session) -> tuple[bool, bool]:
    """Whether there is any partner, and whether any has agreed terms: how far a hub has come."""
    row = session.execute(
        text(
            "SELECT EXISTS (SELECT FROM partners.partner) AS partner,"
            " EXISTS (SELECT FROM partners.terms) AS terms"
        )
    ).one()
    return bool(row.partner), bool(row.terms)
