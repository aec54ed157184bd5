"""The signed request behind a journal: with the public key, anybody can check it offline."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

import partners.store
from exchange.errors import TransactionNotFound
from kit.errors import Refusal
from partners.public_keys import PublicKey
from partners.signing import check_digest
from settlement.explaining.errors import EvidenceNotKept

_JOURNAL = text(
    "SELECT id, kind, party_id, request_key, approval_id, at FROM exchange.journal"
    " WHERE id = :journal AND (CAST(:party AS integer) IS NULL OR party_id = :party)"
)
_REQUEST = text(
    "SELECT operation, evidence, at FROM exchange.claim"
    " WHERE party_id = :party AND key = :key AND evidence IS NOT NULL ORDER BY at LIMIT 1"
)
_PROPOSAL = text(
    "SELECT reason, proposed_by, decided_by, encode(content_hash, 'hex') AS hash"
    " FROM staff.proposal WHERE id = :id"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was signed and by which key. `verified` says that it fits, today, by the kept key."""

    operation: str  # `batch` where the journal was one of many.
    key_id: str
    public_key: str
    signature_base: str  # RFC 9421: the text that was signed.
    signature: str  # In hex.
    body: str  # Its digest stands in the text.
    signed_at: datetime
    received_at: datetime
    verified: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """A journal by hand has no request: two people agreed to it."""

    reason: str
    proposed_by: str
    decided_by: str
    hash: str  # Of what they agreed to, in hex.


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Why a journal is in the books: the request, or the approval, behind it."""

    journal: UUID
    kind: str
    at: datetime
    request: Request | None
    approval: Approval | None


def evidence(session: Session, journal: UUID, *, party: int | None = None) -> Evidence:
    """With `party`, its own journals alone. Raises TransactionNotFound, EvidenceNotKept."""
    row = session.execute(_JOURNAL, {"journal": journal, "party": party}).mappings().first()
    if row is None:
        raise TransactionNotFound
    request = None
    if row["request_key"] is not None:
        request = _request(session, row["party_id"], row["request_key"])
    approval = None
    if row["approval_id"] is not None:
        found = session.execute(_PROPOSAL, {"id": row["approval_id"]}).mappings().first()
        approval = None if found is None else Approval(**found)
    if request is None and approval is None:
        raise EvidenceNotKept
    return Evidence(
        journal=row["id"], kind=row["kind"], at=row["at"], request=request, approval=approval
    )


def _request(session: Session, party: int, key: str) -> Request | None:
    # The parts of a batch have its key, a slash and a number; the request stands by the first.
    values = {"party": party, "key": key.partition("/")[0]}
    row = session.execute(_REQUEST, values).mappings().first()
    if row is None or "base" not in row["evidence"]:
        return None
    kept = row["evidence"]
    known = partners.store.known_key(session, kept["key_id"])
    if known is None:
        return None
    public = PublicKey.from_text(known["public"])
    created = re.search(r";created=([0-9]+)", kept["base"])
    return Request(
        operation=row["operation"],
        key_id=kept["key_id"],
        public_key=known["public"],
        signature_base=kept["base"],
        signature=kept["signature"],
        body=kept["body"],
        signed_at=datetime.fromtimestamp(int(created[1]) if created else 0, UTC),
        received_at=row["at"],
        verified=public.verifies(bytes.fromhex(kept["signature"]), kept["base"].encode())
        and _is_of(kept["base"], kept["body"].encode()),
    )


def _is_of(base: str, body: bytes) -> bool:
    """Whether the digest that was signed is that of the body; a request without one has none."""
    digest = re.search(r'^"content-digest": (.+)$', base, re.MULTILINE)
    if digest is None:
        return not body
    try:
        check_digest(digest[1], body)
    except Refusal:
        return False
    return True
