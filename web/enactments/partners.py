"""Acts on partners: let in or let in again, and their keys."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from partners import keys, registry
from partners.errors import PartnerStateRefused
from staff.approvals import Proposal
from staff.audit.recording import record
from web.enactments.acts import Act


def _activation(session: Session, decided: Proposal, now: datetime) -> str:
    return _let_in(session, decided, now, "partner-activated", "applied")


def _restoration(session: Session, decided: Proposal, now: datetime) -> str:
    return _let_in(session, decided, now, "partner-restored", "suspended")


def _let_in(session: Session, decided: Proposal, now: datetime, what: str, before: str) -> str:
    """Raises PartnerNotFound, PartnerStateRefused."""
    slug = decided.content["partner"]
    state = registry.find(session, slug).state
    if state != before:
        raise PartnerStateRefused(state=state, asked="active")
    registry.move(session, slug=slug, to="active", now=now)
    _note(session, decided, now, what, before={"state": before}, after={"state": "active"})
    return f"{slug} may trade"


def _key(session: Session, decided: Proposal, now: datetime) -> str:
    content = decided.content
    partner = registry.find(session, content["partner"])
    key = keys.NewKey(
        public=content["public"],
        scopes=tuple(content["scopes"]),
        created=content["created"],
        proof=keys.from_base64(content["proof"]),
    )
    # The proof was fresh when it was proposed; a second person needs longer than it is good for.
    made = keys.register(
        session, party=partner.party, key=key, now=now, shown_at=decided.proposed_at
    )
    after = {"key": made["id"], "scopes": made["scopes"]}
    _note(session, decided, now, "key-registered", after=after)
    return f"key {made['id']} of {partner.slug} registered"


def _revocation(session: Session, decided: Proposal, now: datetime) -> str:
    partner = registry.find(session, decided.content["partner"])
    key = decided.content["key"]
    keys.revoke(session, party=partner.party, key_id=key, now=now)
    _note(session, decided, now, "key-revoked", after={"key": key})
    return f"key {key} of {partner.slug} revoked"


def _note(
    session: Session, decided: Proposal, now: datetime, what: str, **changed: dict[str, Any]
) -> None:
    record(
        session,
        who=str(decided.decided_by),
        what=what,
        object_=f"partner {decided.content['partner']}",
        now=now,
        reason=decided.reason,
        **changed,
    )


ACTS: dict[str, Act] = {
    "partner-activation": _activation,
    "partner-restoration": _restoration,
    "partner-key": _key,
    "partner-key-revocation": _revocation,
}
