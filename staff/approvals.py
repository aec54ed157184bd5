"""Four eyes: what one person proposes, another approves, on the very same content."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from kit.ids import to_text, uuid7
from staff import store
from staff.audit.recording import record
from staff.errors import (
    AlreadyProposed,
    NotTheProposer,
    OperatorUnknown,
    ProposalChanged,
    ProposalDecided,
    ProposalExpired,
    ProposalNotFound,
    ReasonRequired,
    RoleRequired,
    SecondPersonRequired,
)
from staff.objects import object_of
from staff.roles import PROPOSING, Power, powers, who_may

PROPOSAL_VALID = timedelta(hours=48)
PARTNER = "partner:"  # and its slug: who proposed by the signed API
MOST = 100  # nobody needs to know how many more wait


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """`hash` is of the content as it stands, which is what an approval binds to.

    `state` is waiting, approved, rejected, withdrawn, expired, or changed: the content is not what
    was proposed, and nobody can approve it. `because` says why it was rejected or withdrawn,
    `effect` what came of it when it was approved.
    """

    id: UUID
    kind: str
    object: str
    content: dict[str, Any]
    hash: bytes
    reason: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None
    because: str | None
    effect: str | None

    @property
    def public_id(self) -> str:
        """`prp_…`, as people write it."""
        return to_text("prp", self.id)


def content_hash(kind: str, content: Mapping[str, Any]) -> bytes:
    """SHA-256 of the kind and the content in one canonical form."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(f"{kind}\n{text}".encode()).digest()


def propose(
    session: Session,
    *,
    kind: str,
    content: Mapping[str, Any],
    reason: str,
    by: str,
    now: datetime,
) -> UUID:
    """Put a privileged act before a second person; nothing else happens yet.

    `by` is an operator's name, or `partner:SLUG` for a proposal that came by the signed API. Raises
    OperatorUnknown, RoleRequired, ReasonRequired, AlreadyProposed, in this order.
    """
    proposer = None if by.startswith(PARTNER) else check_may(session, by, PROPOSING[kind])
    _check_reason(reason)
    object_ = object_of(kind, content)
    store.expire(session, kind, object_, now)
    proposal = uuid7()
    digest = content_hash(kind, content)
    inserted = store.insert_proposal(
        session,
        {
            "id": proposal,
            "kind": kind,
            "object": object_,
            "content": json.dumps(content, ensure_ascii=False),
            "content_hash": digest,
            "reason": reason,
            "proposed_by": by,
            "proposer": proposer,
            "now": now,
            "expires_at": now + PROPOSAL_VALID,
        },
    )
    if not inserted:
        waiting = store.waiting_about(session, kind, object_)
        raise AlreadyProposed(proposal=waiting and to_text("prp", waiting["id"]))
    record(
        session,
        who=by,
        what="proposed",
        object_=to_text("prp", proposal),
        now=now,
        reason=reason,
        after={"id": str(proposal), "kind": kind, "content": content, "hash": digest.hex()},
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
    because: str = "",
) -> Proposal:
    """Approve or reject; the caller then carries an approved act out in the same transaction.

    `seen` is the hash of what the approver was shown; None trusts the stored one. `because` is why
    it is rejected. Raises OperatorUnknown, RoleRequired, ProposalNotFound, ProposalDecided,
    ProposalExpired, SecondPersonRequired, ProposalChanged, ReasonRequired, in this order.
    """
    decider = check_may(session, by, Power.APPROVE)
    row = _lock_waiting(session, proposal, now)
    if by == row["proposed_by"] or decider == row["proposer"]:
        raise SecondPersonRequired
    actual = content_hash(row["kind"], row["content"])
    if approve and (actual != _proposed_hash(session, row) or seen not in (None, actual)):
        raise ProposalChanged
    if not approve:
        _check_reason(because)
    state = "approved" if approve else "rejected"
    return _end(session, row, state, by=by, decider=decider, because=because, now=now)


def withdraw(
    session: Session, *, proposal: UUID, by: str, now: datetime, because: str = ""
) -> Proposal:
    """Take one's own proposal back.

    Raises OperatorUnknown, ProposalNotFound, ProposalDecided, ProposalExpired, NotTheProposer, in
    this order.
    """
    operator = store.lock_operator(session, by)
    if operator is None:
        raise OperatorUnknown
    row = _lock_waiting(session, proposal, now)
    if row["proposer"] != operator["id"]:
        raise NotTheProposer
    return _end(session, row, "withdrawn", by=by, decider=operator["id"], because=because, now=now)


def note_effect(session: Session, proposal: UUID, effect: str) -> None:
    """Keep what came of an approved act, in a few words."""
    store.note_effect(session, proposal, effect)


def check_may(session: Session, name: str, power: Power) -> int:
    """The operator's number. Raises OperatorUnknown, RoleRequired.

    Name and roles stay what they are until this transaction ends.
    """
    operator = store.lock_operator(session, name)
    if operator is None:
        raise OperatorUnknown
    if power not in powers(operator["roles"]):
        raise RoleRequired(roles=[str(role) for role in who_may(power)])
    number: int = operator["id"]
    return number


def waiting_for(session: Session, name: str, *, now: datetime) -> int:
    """How many proposals somebody could decide on; counted up to MOST."""
    roles = store.roles(session, name) or ()
    if Power.APPROVE not in powers(roles):
        return 0
    return store.waiting_for(session, name, now=now, limit=MOST)


def find(session: Session, proposal: UUID, *, now: datetime) -> Proposal:
    """Raises ProposalNotFound."""
    row = store.proposal(session, proposal)
    if row is None:
        raise ProposalNotFound
    return _seen(_proposal(row), _proposed_hash(session, row), now)


def waiting_about(
    session: Session, kind: str, content: Mapping[str, Any], *, now: datetime
) -> Proposal | None:
    """What waits already of this kind about the same thing: `{"window": "2026-11"}` will do."""
    row = store.waiting_about(session, kind, object_of(kind, content))
    found = row and _proposal(row)
    return found if found and found.expires_at > now else None


def original(session: Session, proposal: UUID) -> dict[str, Any] | None:
    """The content as the audit log has it from when it was proposed; None if it has none."""
    after = store.recorded(session, to_text("prp", proposal))
    return after and after["content"]


def listed(session: Session, *, state: str | None, limit: int, now: datetime) -> list[Proposal]:
    """Newest first; what nobody decided on in time is `expired`."""
    return [
        _seen(_proposal(row), bytes(row["content_hash"]), now)
        for row in store.proposals(session, state, limit, now)
    ]


def still_open(session: Session, *, now: datetime) -> list[Proposal]:
    """What somebody could decide on, soonest to expire first; MOST of them at the most."""
    return [
        _seen(_proposal(row), bytes(row["content_hash"]), now)
        for row in store.open_proposals(session, now=now, limit=MOST)
    ]


def page(
    session: Session,
    *,
    now: datetime,
    proposer: int | None = None,
    kind: str = "",
    state: str = "",
    before: tuple[datetime, UUID] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Proposal]:
    """Those of one operator, by number, or of everybody those that are decided or expired.

    Newest first, older than `before`; or the next newer than `after`, oldest first.
    """
    rows = store.page(
        session,
        now=now,
        proposer=proposer,
        kind=kind,
        state=state,
        before=before,
        after=after,
        limit=limit,
    )
    return [_seen(_proposal(row), bytes(row["content_hash"]), now) for row in rows]


def _lock_waiting(session: Session, proposal: UUID, now: datetime) -> RowMapping:
    row = store.lock_proposal(session, proposal)
    if row is None:
        raise ProposalNotFound
    if row["state"] == "expired" or (row["state"] == "waiting" and row["expires_at"] <= now):
        raise ProposalExpired
    if row["state"] != "waiting":
        raise ProposalDecided(state=row["state"])
    return row


def _end(
    session: Session,
    row: RowMapping,
    state: str,
    *,
    by: str,
    decider: int,
    because: str,
    now: datetime,
) -> Proposal:
    """Every refusal is above this line."""
    found = _proposal(row)
    store.decide(
        session,
        {
            "id": found.id,
            "state": state,
            "decided_by": by,
            "decider": decider,
            "decided_hash": found.hash,
            "because": because or None,
            "now": now,
        },
    )
    record(
        session,
        who=by,
        what=state,
        object_=found.public_id,
        now=now,
        reason=because,
        before={"state": "waiting"},
        after={"state": state, "kind": found.kind, "hash": found.hash.hex()},
    )
    return replace(found, state=state, decided_by=by, decided_at=now, because=because or None)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonRequired


def _proposed_hash(session: Session, row: RowMapping) -> bytes:
    """What was proposed, as kept twice: both must say the same, or nothing fits."""
    kept = bytes(row["content_hash"])
    recorded = store.recorded(session, to_text("prp", row["id"]))
    if recorded is not None and recorded["hash"] != kept.hex():
        return b""
    return kept


def _seen(found: Proposal, proposed: bytes, now: datetime) -> Proposal:
    """With its state as one sees it now."""
    if found.state != "waiting":
        return found
    if proposed != found.hash:
        return replace(found, state="changed")
    return replace(found, state="expired") if found.expires_at <= now else found


def _proposal(row: RowMapping) -> Proposal:
    return Proposal(
        id=row["id"],
        kind=row["kind"],
        object=row["object"],
        content=row["content"],
        hash=content_hash(row["kind"], row["content"]),
        reason=row["reason"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        expires_at=row["expires_at"],
        state=row["state"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        because=row["decided_because"],
        effect=row["effect"],
    )
