"""What the edge asks at every request: whose key is this, what are its terms. Kept for two seconds.

Revoking a key or suspending a partner is therefore effective within two seconds in every process,
and the books themselves check a partner's state again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from kit.database import Database
from partners import store, terms
from partners.public_keys import PublicKey
from partners.terms import DatedTerms

K = TypeVar("K")
V = TypeVar("V")

KEEP_SECONDS: Final = 2.0
KEEP_AT_MOST: Final = 10_000  # Unknown key ids are remembered too: a flood must not fill memory.


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key that a request may be signed with, and who then speaks."""

    id: str
    public: PublicKey
    scopes: frozenset[str]
    expires_at: datetime | None
    partner: UUID
    party: int
    slug: str
    suspended: bool


class Directory:
    """Keys and terms by id, read at most every two seconds each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[str, tuple[float, KeyRecord | None]] = {}
        self._terms: dict[int, tuple[float, list[DatedTerms]]] = {}

    def key(self, key_id: str, now: datetime) -> KeyRecord | None:
        """The record of a key in force; None when it is unknown, revoked, expired or its partner
        is closed: the caller cannot tell these apart, and neither can a stranger."""
        record = _kept(self._keys, key_id, self._read_key)
        if record is None or (record.expires_at is not None and record.expires_at <= now):
            return None
        return record

    def terms(self, party: int, now: datetime) -> DatedTerms | None:
        """Terms in force; whether there must be some, the books decide."""
        for agreed in _kept(self._terms, party, self._read_terms):
            if agreed.covers(now):
                return agreed
        return None

    def _read_key(self, key_id: str) -> KeyRecord | None:
        with self._database.transaction() as session:
            row = store.known_key(session, key_id)
        if row is None or row["revoked_at"] is not None or row["state"] in ("applied", "closed"):
            return None
        return KeyRecord(
            row["id"],
            PublicKey.from_text(row["public"]),
            frozenset(row["scopes"]),
            row["expires_at"],
            row["partner_id"],
            row["party_id"],
            row["slug"],
            row["state"] == "suspended",
        )

    def _read_terms(self, party: int) -> list[DatedTerms]:
        with self._database.transaction() as session:
            return terms.of(session, party)


def _kept(cache: dict[K, tuple[float, V]], name: K, read: Callable[[K], V]) -> V:
    now = time.monotonic()
    found = cache.get(name)
    if found is not None and now - found[0] < KEEP_SECONDS:
        return found[1]
    value = read(name)
    if len(cache) >= KEEP_AT_MOST:
        cache.clear()
    cache[name] = (now, value)
    return value
