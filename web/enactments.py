"""What happens when a second person approves: each kind of proposal, and who carries it out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exchange import adjustments, ledger, rates
from kit.clock import Clock
from kit.database import Database
from partners import terms
from staff import approvals
from staff.approvals import Proposal


def decide(
    database: Database, *, proposal: UUID, by: str, approve: bool, clock: Clock
) -> dict[str, Any]:
    """Approve and carry out, or reject. Raises what `approvals.decide` and the act refuse."""
    now = clock()
    with database.transaction() as session:
        decided = approvals.decide(session, proposal=proposal, by=by, approve=approve, now=now)
        effect = ""
        if approve and decided.kind in _IN_TRANSACTION:
            effect = _IN_TRANSACTION[decided.kind](session, decided.content)
    if approve and decided.kind == "adjustment":
        effect = _adjust(database, decided, now)
    return {"id": proposal, "kind": decided.kind, "state": decided.state, "effect": effect}


def _rate(session: Session, content: dict[str, Any]) -> str:
    values = _with_times(content, "valid_from", "valid_to")
    return f"rate rat_{rates.enact(session, rates.NewRate(**values)):06d} agreed"


def _terms(session: Session, content: dict[str, Any]) -> str:
    values = _with_times(content, "valid_from")
    return f"terms T-{terms.enact(session, terms.NewTerms(**values))} agreed"


_IN_TRANSACTION: dict[str, Callable[[Session, dict[str, Any]], str]] = {
    "rate": _rate,
    "terms": _terms,
}


def _adjust(database: Database, decided: Proposal, now: datetime) -> str:
    """The funnel has a connection of its own; the approval's id makes the adjustment happen once,
    however often an approved one that was interrupted is carried out again."""
    content = decided.content
    with database.transaction() as session:
        agreed = terms.at(terms.of(session, content["party"]), now)
    facts = ledger.post_one(
        database.hot,
        adjustments.adjust(
            party=content["party"],
            wallet=content["wallet"],
            points=content["points"],
            direction=content["direction"],
            approval=decided.id,
            note=decided.reason,
            terms=agreed.issuing,
            today=now.date(),
        ),
    ).unwrap()
    return f"journal {facts['id']}"


def _with_times(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return content | {
        name: content[name] and datetime.fromisoformat(content[name]) for name in names
    }
