"""A partner's keys: registered with proof, rotated with an overlap, revoked at once."""

import secrets
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from kit.ids import to_text
from partners import store
from partners.errors import KeyExists, KeyNotFound, LastKey, PartnerNotFound, TooManyKeys
from partners.public_keys import check_proof
from partners.signature_errors import KeyProofInvalid

SCOPES = ("till", "issue", "settle", "admin")
MAX_ACTIVE = 2  # for each scope: one in use, one on its way in or out
OVERLAP = timedelta(days=14)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A public key as its holder presents it; `proof` signs the partner's id and the key."""

    public: str
    scopes: tuple[str, ...]
    created: int
    proof: bytes


def register(
    session: Session, *, party: int, key: NewKey, now: datetime, shown_at: datetime | None = None
) -> dict[str, Any]:
    """Register a key. Older keys with a common scope live on for 14 days at the most.

    `shown_at` is when its proof was shown, if not now.

    Raises PartnerNotFound, KeyUnacceptable, KeyProofInvalid, KeyProofStale, TooManyKeys,
    KeyExists, in this order.
    """
    partner = store.lock_partner_of(session, party)
    if partner is None:
        raise PartnerNotFound
    public = check_proof(
        public_id(partner["id"]),
        key.public,
        key.created,
        key.proof,
        now=int((shown_at or now).timestamp()),
    )
    overlapping = [
        other
        for other in store.active_keys(session, partner["id"], now)
        if set(other["scopes"]) & set(key.scopes)
    ]
    for scope in key.scopes:
        if sum(scope in other["scopes"] for other in overlapping) >= MAX_ACTIVE:
            raise TooManyKeys(scope=scope)
    key_id = f"key_{secrets.token_hex(10)}"
    if not store.insert_key(
        session,
        {
            "id": key_id,
            "partner": partner["id"],
            "algorithm": public.algorithm,
            "public": public.to_text(),
            "scopes": list(key.scopes),
            "proof": key.proof,
            "now": now,
        },
    ):
        raise KeyExists
    for other in overlapping:
        if set(other["scopes"]) <= set(key.scopes):
            store.retire_key(session, other["id"], now + OVERLAP)
    return next(facts(row, now) for row in store.keys(session, party) if row["id"] == key_id)


def check(session: Session, *, party: int, content: Mapping[str, Any], now: datetime) -> None:
    """Whether a key that is to be put before a second person comes with its proof.

    `content` has public, scopes, created and proof, the latter base64url. Raises PartnerNotFound,
    KeyUnacceptable, KeyProofInvalid, KeyProofStale.
    """
    partner = store.lock_partner_of(session, party)
    if partner is None:
        raise PartnerNotFound
    check_proof(
        public_id(partner["id"]),
        content["public"],
        content["created"],
        from_base64(content["proof"]),
        now=int(now.timestamp()),
    )


def from_base64(text: str) -> bytes:
    """base64url with or without its padding. Raises KeyProofInvalid."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise KeyProofInvalid from error


def revoke(session: Session, *, party: int, key_id: str, now: datetime) -> dict[str, Any]:
    """End a key at once: every process of the hub knows within five seconds.

    The last key that may administer keys cannot be revoked by the partner itself. Raises
    KeyNotFound, LastKey.
    """
    partner = store.lock_partner_of(session, party)
    found = {row["id"]: row for row in store.keys(session, party)}.get(key_id)
    if partner is None or found is None:
        raise KeyNotFound
    others = [
        row
        for row in store.active_keys(session, partner["id"], now)
        if row["id"] != key_id and "admin" in row["scopes"]
    ]
    if "admin" in found["scopes"] and not others:
        raise LastKey
    store.revoke_key(session, key_id, now)
    return next(facts(row, now) for row in store.keys(session, party) if row["id"] == key_id)


def listed(session: Session, *, party: int, now: datetime) -> list[dict[str, Any]]:
    """Every key the partner ever had, oldest first."""
    return [facts(row, now) for row in store.keys(session, party)]


def public_id(partner_id: UUID) -> str:
    return to_text("ptr", partner_id)


def facts(row: RowMapping, now: datetime) -> dict[str, Any]:
    ended = row["revoked_at"] or row["expires_at"]
    return {
        "id": row["id"],
        "algorithm": row["algorithm"],
        "public_key": row["public"],
        "scopes": list(row["scopes"]),
        "created_at": row["created_at"].isoformat(),
        "expires_at": row["expires_at"] and row["expires_at"].isoformat(),
        "revoked_at": row["revoked_at"] and row["revoked_at"].isoformat(),
        "active": ended is None or ended > now,
    }
