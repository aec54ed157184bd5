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
    """Approve and carry out, or reject: one transaction, so that neither happens without the other.

    Raises what `approvals.decide` and the act refuse; the proposal then waits on.
    """
    now = clock()
    with database.transaction() as session:
        decided = approvals.decide(session, proposal=proposal, by=by, approve=approve, now=now)
        effect = _ACTS[decided.kind](session, decided, now) if approve else ""
    return {"id": proposal, "kind": decided.kind, "state": decided.state, "effect": effect}


def _rate(session: Session, decided: Proposal, _: datetime) -> str:
    values = _with_times(decided.content, "valid_from", "valid_to")
    return f"rate rat_{rates.enact(session, rates.NewRate(**values)):06d} agreed"


def _terms(session: Session, decided: Proposal, _: datetime) -> str:
    values = _with_times(decided.content, "valid_from")
    return f"terms T-{terms.enact(session, terms.NewTerms(**values))} agreed"


def _adjustment(session: Session, decided: Proposal, now: datetime) -> str:
    content = decided.content
    agreed = terms.at(terms.of(session, content["party"]), now)
    order = adjustments.adjust(
        party=content["party"],
        wallet=content["wallet"],
        points=content["points"],
        direction=content["direction"],
        approval=decided.id,
        note=decided.reason,
        terms=agreed.issuing,
    )
    facts = ledger.post_within(session, order).unwrap()
    return f"journal {facts['id']}"


_ACTS: dict[str, Callable[[Session, Proposal, datetime], str]] = {
    "rate": _rate,
    "terms": _terms,
    "adjustment": _adjustment,
}


def _with_times(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return content | {
        name: content[name] and datetime.fromisoformat(content[name]) for name in names
    }
