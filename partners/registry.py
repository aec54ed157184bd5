"""The life of a partner: applied, active, suspended, closed; and its number in the books."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

import exchange.store
from kit.ids import uuid7
from partners import store
from partners.errors import PartnerExists, PartnerNotFound, PartnerStateRefused, SlugRefused

SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,30}")

# From each state, where a partner may go. Closed is the end.
STEPS: Final = {
    "applied": {"active", "closed"},
    "active": {"suspended", "closed"},
    "suspended": {"active", "closed"},
    "closed": set[str](),
}
_IN_THE_BOOKS: Final = {"active": "open", "suspended": "suspended", "closed": "closed"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Partner:
    id: UUID
    party: int
    slug: str
    name: str
    state: str
    applied_at: datetime


def apply(session: Session, *, slug: str, name: str, now: datetime) -> Partner:
    """A new partner, which may do nothing until it is activated.

    Raises SlugRefused, PartnerExists.
    """
    if not SLUG.fullmatch(slug):
        raise SlugRefused(slug=slug)
    party = exchange.store.insert_party(session)
    exchange.store.set_party_state(session, party, "suspended")
    values = {"id": uuid7(), "party": party, "slug": slug, "name": name, "now": now}
    if not store.insert_partner(session, values):
        raise PartnerExists
    return find(session, slug)


def find(session: Session, slug: str) -> Partner:
    """Raises PartnerNotFound."""
    return _partner(store.partner(session, slug))


def listed(session: Session) -> list[Partner]:
    return [_partner(row) for row in store.partners(session)]


def move(session: Session, *, slug: str, to: str, now: datetime) -> Partner:
    """Activate, suspend or close. The books know in the same transaction.

    Raises PartnerNotFound, PartnerStateRefused.
    """
    partner = _partner(store.lock_partner(session, slug))
    if to not in STEPS[partner.state]:
        raise PartnerStateRefused(state=partner.state, asked=to)
    store.set_state(session, {"id": partner.id, "state": to, "now": now})
    exchange.store.set_party_state(session, partner.party, _IN_THE_BOOKS[to])
    return find(session, slug)


def _partner(row: RowMapping | None) -> Partner:
    if row is None:
        raise PartnerNotFound
    return Partner(
        id=row["id"],
        party=row["party_id"],
        slug=row["slug"],
        name=row["name"],
        state=row["state"],
        applied_at=row["applied_at"],
    )
