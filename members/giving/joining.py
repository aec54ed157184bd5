"""Who is in a family purse: inviting by mobile number, joining, limits, leaving.

An invitation waits as a gift does: under the number's blind index, for three days, and whoever
invites is told the same for every number.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import uuid7
from kit.secrets import Secrets
from members.giving import purses, store
from members.giving.errors import (
    InPurseAlready,
    InvitationNotFound,
    NotTheOpener,
    OpenerStays,
    OwnNumber,
    PurseFull,
    PurseNotFound,
)
from members.giving.gifts import WAITS

MOST = 10  # members and invitations of one purse


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """`to` is the masked number, `sender` who invites; `purse` is the purse's name."""

    id: UUID
    purse: str
    to: str
    sender: str
    daily_limit: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """`limit` is None for whoever opened the purse."""

    person: UUID
    limit: int | None
    used_today: int
    contributed: int
    joined_at: datetime


def invite(
    session: Session,
    purse: UUID,
    *,
    opener: UUID,
    to_index: bytes,
    words: dict[str, str],
    daily_limit: int,
    secrets_: Secrets,
    now: datetime,
) -> None:
    """Let a number join, with a limit a day. `words` are masked number `to` and `sender`.

    Raises PurseNotFound, NotTheOpener, OwnNumber, InPurseAlready, PurseFull, in this order.
    """
    row = _opened_by(session, purse, opener)
    people = [store.person(session, each["person_id"]) for each in _members(session, row)]
    indexes = {each["id"]: each["phone_index"] for each in people if each is not None}
    if indexes.get(opener) == to_index:
        raise OwnNumber
    store.lapse_invitations(session, now)
    waiting = store.invitations_of_purse(session, purse, now)
    if to_index in indexes.values() or to_index in (each["phone_index"] for each in waiting):
        raise InPurseAlready
    if len(people) + len(waiting) >= MOST:
        raise PurseFull(most=MOST)
    store.insert_invitation(
        session,
        {
            "id": uuid7(),
            "purse": purse,
            "phone_index": to_index,
            "sealed": secrets_.seal(words),
            "daily_limit": daily_limit,
            "now": now,
            "expires_at": now + WAITS,
        },
    )


def withdraw(
    session: Session, purse: UUID, invitation: UUID, *, opener: UUID, now: datetime
) -> None:
    """Raises PurseNotFound, NotTheOpener, InvitationNotFound."""
    _opened_by(session, purse, opener)
    row = store.lock_invitation(session, invitation)
    if row is None or row["purse_id"] != purse or row["state"] not in ("waiting", "withdrawn"):
        raise InvitationNotFound
    if row["state"] == "waiting":
        store.end_invitation(session, invitation, "withdrawn", None, now)


def invited(
    session: Session, person: UUID, *, secrets_: Secrets, now: datetime
) -> list[Invitation]:
    """What waits for this person's number, soonest to end first."""
    row = store.person(session, person)
    if row is None or row["phone_index"] is None:
        return []
    return [
        _invitation(each, purses.name_of(each["purse_sealed"], secrets_), secrets_)
        for each in store.invitations_for(session, row["phone_index"], now)
    ]


def waiting(session: Session, purse: UUID, *, secrets_: Secrets, now: datetime) -> list[Invitation]:
    """Who is invited to the purse and has not answered."""
    rows = store.invitations_of_purse(session, purse, now)
    return [_invitation(row, "", secrets_) for row in rows]


def join(session: Session, invitation: UUID, *, person: UUID, now: datetime) -> UUID:
    """Take an invitation; the purse. Taken before by the same person, it is the same answer.

    Raises InvitationNotFound.
    """
    row = _for(session, invitation, person, "accepted", now)
    if row["state"] == "waiting":
        store.end_invitation(session, invitation, "accepted", person, now)
        if store.purse_of(session, row["purse_id"], person) is None:
            store.insert_purse_member(session, row["purse_id"], person, row["daily_limit"], now)
    return UUID(str(row["purse_id"]))


def decline(session: Session, invitation: UUID, *, person: UUID, now: datetime) -> None:
    """Raises InvitationNotFound."""
    row = _for(session, invitation, person, "declined", now)
    if row["state"] == "waiting":
        store.end_invitation(session, invitation, "declined", person, now)


def members(session: Session, purse: UUID, wallet: int, now: datetime) -> list[Membership]:
    """Everybody in the purse, in the order in which they came."""
    put_in = store.contributed(session, purse)
    return [
        Membership(
            person=row["person_id"],
            limit=row["daily_limit"],
            used_today=store.used_today(session, wallet, row["person_id"], now),
            contributed=put_in.get(row["person_id"], 0),
            joined_at=row["joined_at"],
        )
        for row in store.purse_members(session, purse)
    ]


def set_limit(
    session: Session, purse: UUID, *, opener: UUID, person: UUID, daily_limit: int
) -> None:
    """What a member may pay a day from now on; the code now shown ends, it knew the old one.

    Raises PurseNotFound (also: no such member), NotTheOpener, OpenerStays (has no limit).
    """
    row = _opened_by(session, purse, opener)
    if person == row["opened_by"]:
        raise OpenerStays
    _check_member(session, row, person)
    store.lock_wallets(session, row["wallet_id"])
    store.end_codes(session, row["wallet_id"], person)
    store.set_limit(session, purse, person, daily_limit)


def remove(session: Session, purse: UUID, *, opener: UUID, person: UUID, now: datetime) -> None:
    """End a membership at once, with the code that the member may be showing.

    Raises PurseNotFound (also: no such member), NotTheOpener, OpenerStays.
    """
    row = _opened_by(session, purse, opener)
    if person == row["opened_by"]:
        raise OpenerStays
    _check_member(session, row, person)
    _end(session, row, person, now)


def leave(session: Session, purse: UUID, *, person: UUID, now: datetime) -> None:
    """What one put in stays in the purse. Raises PurseNotFound, OpenerStays."""
    row = purses.lock(session, purse)
    _check_member(session, row, person)
    if person == row["opened_by"]:
        raise OpenerStays
    _end(session, row, person, now)


def _end(session: Session, row: store.Row, person: UUID, now: datetime) -> None:
    store.lock_wallets(session, row["wallet_id"])
    store.end_codes(session, row["wallet_id"], person)
    store.end_membership(session, row["id"], person, now)


def _opened_by(session: Session, purse: UUID, person: UUID) -> store.Row:
    """The purse, locked. Raises PurseNotFound, NotTheOpener."""
    row = purses.lock(session, purse)
    _check_member(session, row, person)
    if row["opened_by"] != person:
        raise NotTheOpener
    return row


def _check_member(session: Session, row: store.Row, person: UUID) -> None:
    if store.purse_of(session, row["id"], person) is None:
        raise PurseNotFound


def _members(session: Session, row: store.Row) -> list[store.Row]:
    return store.purse_members(session, row["id"])


def _for(session: Session, invitation: UUID, person: UUID, wanted: str, now: datetime) -> store.Row:
    """The invitation, locked after its purse: it waits, or ended as `wanted` by this person."""
    found = store.find_invitation(session, invitation)
    if found is None:
        raise InvitationNotFound
    try:
        purses.lock(session, found["purse_id"])
    except PurseNotFound as error:
        raise InvitationNotFound from error
    row = store.lock_invitation(session, invitation)
    reader = store.person(session, person)
    if row is None or reader is None:
        raise InvitationNotFound
    if row["state"] == "waiting":
        if row["phone_index"] != reader["phone_index"] or row["expires_at"] <= now:
            raise InvitationNotFound
    elif row["state"] != wanted or row["person_id"] != person:
        raise InvitationNotFound
    return row


def _invitation(row: store.Row, purse: str, secrets_: Secrets) -> Invitation:
    words = {} if row["sealed"] is None else secrets_.unseal(row["sealed"])
    return Invitation(
        id=row["id"],
        purse=purse,
        to=words.get("to", ""),
        sender=words.get("sender", ""),
        daily_limit=row["daily_limit"],
        expires_at=row["expires_at"],
    )
