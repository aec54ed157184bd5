"""Erasing a person: the key is destroyed, so that what it sealed is noise in every copy and backup.

The books stay whole: the wallet keeps its points and its history, belongs to nobody who could be
named, and is frozen for ever. The number is free: whoever has it may begin anew, with nothing.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

import members.giving.leaving
import members.notices.store
import members.store
import members.trust.standing
from exchange import freezing, links
from members.people import store


def erase(session: Session, person: UUID, now: datetime) -> None:
    """Erase a person who is not erased yet; for others nothing happens."""
    row = store.living(session, person)
    if row is None:
        return
    # The wallet first, as whoever tells a person of what happened to it locks them in this order.
    freezing.freeze(session, row["wallet"])
    if store.lock_person(session, person) is None:
        return
    for link in links.of_wallet(session, row["wallet"]):
        links.withdraw(session, party=link["party_id"], link=link["id"])
    members.store.forget_member(session, row["member"])
    members.giving.leaving.forget(session, person, now)
    members.notices.store.forget(session, person)
    members.trust.standing.forget(session, person)
    store.erase(session, person, row["phone_index"], now)
