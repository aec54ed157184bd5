"""Acts on partners: let in or let in again, and their keys."""

from datetime import datetime

from sqlalchemy.orm import Session

from partners import keys, registry
from staff.approvals import Proposal
from web.enactments.acts import Act


def _activation(session: Session, decided: Proposal, now: datetime) -> str:
    partner = registry.move(session, slug=decided.content["partner"], to="active", now=now)
    return f"{partner.slug} may trade"


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
    return f"key {made['id']} of {partner.slug} registered"


def _revocation(session: Session, decided: Proposal, now: datetime) -> str:
    partner = registry.find(session, decided.content["partner"])
    key = decided.content["key"]
    keys.revoke(session, party=partner.party, key_id=key, now=now)
    return f"key {key} of {partner.slug} revoked"


ACTS: dict[str, Act] = {
    "partner-activation": _activation,
    "partner-restoration": _activation,
    "partner-key": _key,
    "partner-key-revocation": _revocation,
}
