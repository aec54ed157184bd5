"""What each side reads of a dispute: the same facts, and never more than it knew of the line.

An issuer is not told at whose till its points were spent, nor the till's receipt. So each side is
called what it is, issuer or acceptor, and words and files are all that one learns of the other.
"""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from settlement.disputes import store
from settlement.disputes.errors import DisputeNotFound
from settlement.disputes.store import Row

_ACTS = {"opened": "counterparty", "answered": "opener", "escalated": "hub"}


def page(
    session: Session,
    party: int,
    *,
    window: int | None = None,
    state: str | None = None,
    before: UUID | None = None,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], UUID | None]:
    """A partner's disputes, newest first, and the cursor of the next page."""
    rows = store.page(session, party=party, window=window, state=state, before=before, limit=limit)
    shown = [brief(row, party) for row in rows[:limit]]
    return shown, rows[limit - 1]["id"] if len(rows) > limit else None


def own(session: Session, party: int, dispute: UUID) -> dict[str, Any]:
    """One dispute of the partner's, with what was said and put. Raises DisputeNotFound."""
    row = store.find(session, dispute)
    if row is None or party not in (row["issuer_id"], row["acceptor_id"]):
        raise DisputeNotFound
    return whole(session, row, party)


def whole(session: Session, row: Row, party: int) -> dict[str, Any]:
    """A dispute as this side of it sees it."""
    return brief(row, party) | {
        "steps": [
            {
                "step": each["step"],
                "by": _who(row, each["party_id"]),
                "words": each["words"],
                "at": each["at"].isoformat(),
            }
            for each in store.steps(session, row["id"])
        ],
        "evidence": [
            {
                "id": str(each["id"]),
                "by": _who(row, each["party_id"]),
                "name": each["name"],
                "media_type": each["media_type"],
                "size": each["size"],
                "sha256": bytes(each["digest"]).hex(),
                "at": each["at"].isoformat(),
            }
            for each in store.evidence_list(session, row["id"])
        ],
    }


def brief(row: Row, party: int) -> dict[str, Any]:
    """A dispute in a list: JSON values only."""
    found = {
        "id": str(row["id"]),
        "window": row["window_name"],
        "journal": str(row["journal_id"]),
        "at": row["journal_at"].isoformat(),
        "points": row["points"],
        "you": _who(row, party),
        "opened_by": _who(row, row["opened_by"]),
        "reason": row["reason"],
        "state": row["state"],
        "opened_at": row["opened_at"].isoformat(),
        "acts": _acting(row),
        "due_at": row["due_at"] and row["due_at"].isoformat(),
        "outcome": row["outcome"],
        "upheld_points": row["upheld_points"],
        "correction": row["correction"] and str(row["correction"]),
        "resolved_at": row["resolved_at"] and row["resolved_at"].isoformat(),
    }
    if party == row["acceptor_id"]:
        found["reference"] = row["reference"]
    return {name: value for name, value in found.items() if value is not None}


def _who(row: Row, party: int | None) -> str:
    if party is None:
        return "hub"
    return "issuer" if party == row["issuer_id"] else "acceptor"


def _acting(row: Row) -> str | None:
    role = _ACTS.get(row["state"])
    if role in (None, "hub"):
        return role
    other = row["acceptor_id"] if row["opened_by"] == row["issuer_id"] else row["issuer_id"]
    return _who(row, row["opened_by"] if role == "opener" else other)
