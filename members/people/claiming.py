"""Claiming the wallet that a brand opened for its customer, by a link token of that brand.

A person has one wallet. So this is for those whose own is untouched; to others the brand is linked
by a token that their wallet shows.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

import members.store
from exchange.store import join_window, lock_wallet
from kit.secrets import Secrets
from members.errors import LinkTokenInvalid
from members.people import store
from members.people.errors import WalletInUse
from members.people.persons import HUB
from members.trust import standing


def claim(session: Session, secrets_: Secrets, person: UUID, token: str, now: datetime) -> UUID:
    """The member that is this person's from now on; the empty one stays behind, unused.

    Raises WalletInUse, LinkTokenInvalid: also when the token is of a member who signs in already.
    """
    join_window(session)
    row = store.living(session, person)
    if row is None:
        raise LinkTokenInvalid
    lock_wallet(session, row["wallet"])
    store.lock_person(session, person)
    if store.is_touched(session, row["wallet"]):
        raise WalletInUse
    digest = secrets_.digest("link-token", token)
    found = members.store.lock_link_token(session, digest)
    if found is None or found["used_at"] is not None or found["expires_at"] <= now:
        raise LinkTokenInvalid
    if found["issued_to"] is None or store.person_of_member(session, found["member_id"]):
        raise LinkTokenInvalid
    members.store.use_link_token(session, digest, HUB, now)
    store.move(session, person, found["member_id"])
    standing.rate(session, [person], now)
    member: UUID = found["member_id"]
    return member
