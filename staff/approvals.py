"""Four eyes: what one person proposes, another approves, on the very same content."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from kit.ids import uuid7
from staff import store
from staff.errors import (
    OperatorUnknown,
    ProposalChanged,
    ProposalDecided,
    ProposalExpired,
    ProposalNotFound,
    RoleRequired,
    SecondPersonRequired,
)
from staff.roles import PROPOSING, Power, powers, who_may

PROPOSAL_VALID = timedelta(hours=48)
PARTNER = "partner:"  # and its slug: who proposed by the signed API
MOST = 100  # nobody needs to know how many more wait


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """`hash` is what an approval binds to: change a letter and it no longer fits."""

    id: UUID
    kind: str
    content: dict[str, Any]
    hash: bytes
    reason: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    state: str
    decided_by: str | None


def content_hash(kind: str, content: dict[str, Any]) -> bytes:
    """SHA-256 of the kind and the content in one canonical form."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(f"{kind}\n{text}".encode()).digest()


def propose(
    session: Session,
    *,
    kind: str,
    content: dict[str, Any],
    reason: str,
    by: str,
    now: datetime,
) -> UUID:
    """Put a privileged act before a second person; nothing else happens yet.

    `by` is an operator's name, or `partner:SLUG` for a proposal that came by the signed API. Raises
    OperatorUnknown, RoleRequired, in this order.
    """
    if not by.startswith(PARTNER):
        check_may(session, by, PROPOSING[kind])
    proposal = uuid7()
    store.insert_proposal(
        session,
        {
            "id": proposal,
            "kind": kind,
            "content": json.dumps(content, ensure_ascii=False),
            "content_hash": content_hash(kind, content),
            "reason": reason,
            "proposed_by": by,
            "now": now,
            "expires_at": now + PROPOSAL_VALID,
        },
    )
    return proposal


def decide(
    session: Session,
    *,
    proposal: UUID,
    by: str,
    approve: bool,
    now: datetime,
    seen: bytes | None = None,
) -> Proposal:
    """Approve or reject; the caller then carries an approved act out in the same transaction.

    `seen` is the hash of what the approver was shown; None trusts the stored one. Raises
    OperatorUnknown, RoleRequired, ProposalNotFound, ProposalDecided, ProposalExpired,
    SecondPersonRequired, ProposalChanged, in this order.
    """
    check_may(session, by, Power.APPROVE)
    row = store.lock_proposal(session, proposal)
    if row is None:
        raise ProposalNotFound
    if row["state"] != "waiting":
        raise ProposalDecided(state=row["state"])
    if row["expires_at"] <= now:
        raise ProposalExpired
    if row["proposed_by"] == by:
        raise SecondPersonRequired
    actual = content_hash(row["kind"], row["content"])
    if actual != bytes(row["content_hash"]) or seen not in (None, actual):
        raise ProposalChanged
    state = "approved" if approve else "rejected"
    store.decide(
        session,
        {"id": proposal, "state": state, "decided_by": by, "decided_hash": actual, "now": now},
    )
    return _proposal({**row, "state": state, "decided_by": by})


def check_may(session: Session, name: str, power: Power) -> None:
    """Raises OperatorUnknown, RoleRequired. The roles hold until this transaction ends."""
    roles = store.lock_roles(session, name)
    if roles is None:
        raise OperatorUnknown
    if power not in powers(roles):
        raise RoleRequired(roles=[str(role) for role in who_may(power)])


def waiting_for(session: Session, name: str, *, now: datetime) -> int:
    """How many proposals somebody could decide on; counted up to MOST."""
    roles = store.roles(session, name) or ()
    if Power.APPROVE not in powers(roles):
        return 0
    return store.waiting_for(session, name, now=now, limit=MOST)


def listed(session: Session, *, state: str | None, limit: int) -> list[Proposal]:
    """Newest first."""
    return [_proposal(row) for row in store.proposals(session, state, limit)]


def _proposal(row: RowMapping | dict[str, Any]) -> Proposal:
    return Proposal(
        id=row["id"],
        kind=row["kind"],
        content=row["content"],
        hash=bytes(row["content_hash"]),
        reason=row["reason"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        expires_at=row["expires_at"],
        state=row["state"],
        decided_by=row["decided_by"],
    )
