"""What waits for a second person, and whether that is me."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.due import Due

_WAITING = """
    SELECT (proposed_by = :name) AS mine, count(*) AS n, min(proposed_at) AS since,
           min(expires_at) AS until
    FROM (SELECT proposed_by, proposed_at, expires_at FROM staff.proposal
          WHERE state = 'waiting' AND expires_at > :now ORDER BY expires_at LIMIT 1000) p
    GROUP BY 1
"""


def due(session: Session, now: datetime, *, name: str, approves: bool) -> list[Due]:
    """Proposals that wait for this person, and those of this person that wait for others."""
    return [
        Due(
            urgency="waits",
            kind="approvals-mine" if row["mine"] else "approvals",
            at=row["since"],
            names={"n": row["n"]},
        )
        for row in session.execute(text(_WAITING), {"name": name, "now": now}).mappings()
        if row["mine"] or approves
    ]


def done_today(session: Session, since: datetime, *, most: int = 1000) -> int:
    """Entries of the audit log since a moment, counted up to so many."""
    return int(
        session.execute(
            text("SELECT count(*) FROM (SELECT FROM staff.audit WHERE at >= :since LIMIT :most) a"),
            {"since": since, "most": most},
        ).scalar_one()
    )


def alone(session: Session) -> bool:
    """Whether one person at most works here: then nothing can be approved."""
    return bool(
        session.execute(
            text("SELECT count(*) < 2 FROM (SELECT FROM staff.operator WHERE active LIMIT 2) o")
        ).scalar_one()
    )
