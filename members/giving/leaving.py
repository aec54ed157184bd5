"""What becomes of gifts and purses when a person is erased."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from members.giving import purses, store


def forget(session: Session, person: UUID, now: datetime) -> None:
    """Leave every purse, and drop what is written about this person: for erasing, within it.

    A purse that the person opened goes to the member who has been in it longest; one without
    another member is closed, and what is in it goes the way of the person's own points. Gifts that
    wait keep waiting: whoever has the number may accept them, else they go back into a wallet that
    is frozen for ever. What waits for the person's own number waits for whoever signs in with it.
    """
    for found in store.purses_of(session, person):
        row = purses.lock(session, found["id"])
        others = [
            each["person_id"]
            for each in store.purse_members(session, row["id"])
            if each["person_id"] != person
        ]
        if row["opened_by"] == person:
            store.end_invitations(session, row["id"], "withdrawn", now)
            store.forget_invitations(session, row["id"])
        if row["opened_by"] == person and not others:
            purses.end(session, row, now)
            continue
        store.lock_wallets(session, row["wallet_id"])
        store.end_codes(session, row["wallet_id"], person)
        store.end_membership(session, row["id"], person, now)
        if row["opened_by"] == person:
            store.set_opener(session, row["id"], others[0])
            store.set_limit(session, row["id"], others[0], None)
    store.forget_words(session, person)
