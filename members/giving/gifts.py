"""A gift to a mobile number: its points leave the giver at once and wait three days in between.

The giver gets the same answer for every number, and no page of the giver's tells a known one from
an unknown one: the gift waits under the number's blind index for whoever signs in with it. What is
not accepted in time, is declined or taken back goes back. Lots keep their issuer and expiry on the
way, and one that expires while it waits is lost to both.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exchange import ledger
from exchange.orders import Order
from exchange.purses import open_purse
from exchange.store import join_window
from exchange.transfers import RETURNED, transfer
from kit.database import Database
from kit.ids import to_text, uuid7
from kit.secrets import Secrets
from members.giving import limits, store
from members.giving.errors import GiftNotFound, GiftOver, GiverFrozen, OwnNumber, TooManyWaiting
from members.notices import notify

WAITS = timedelta(days=3)
NOTE_LENGTH = 80  # characters
MOST_WAITING = 20  # of one giver
BATCH = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class NewGift:
    """What was confirmed. `id` is the one-use token of the page that asked for it; `words` are
    what may be shown of both sides: masked number `to`, number or name `sender`, `note`."""

    id: UUID
    giver: UUID
    wallet: int
    to_index: bytes
    points: int
    daily_limit: int
    words: dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lot:
    """Points of one issuer and expiry; `issuer` is a party."""

    issuer: int
    expires_on: date
    points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Gift:
    """A gift as pages show it. `state` is waiting, accepted, declined, taken_back or lapsed;
    `moved` is what was left of it when it ended."""

    id: UUID
    points: int
    state: str
    moved: int | None
    given_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    to: str
    sender: str
    note: str


def give(session: Session, new: NewGift, *, secrets_: Secrets, now: datetime) -> UUID:
    """Let the points go, to wait for whoever has the number; the gift's id.

    Confirmed twice, it is given once. Raises GiftNotFound (the id is somebody else's gift),
    OwnNumber, TooManyWaiting, GiveLimit, WalletFrozen, InsufficientPoints, in this order.
    """
    join_window(session)
    store.lock_wallets(session, new.wallet)  # A second post of the same page waits here.
    before = store.find_gift(session, new.id)
    if before is not None:
        if before["giver_id"] != new.giver:
            raise GiftNotFound
        return new.id
    if is_own(session, new.giver, new.to_index):
        raise OwnNumber
    if store.count_waiting(session, new.giver) >= MOST_WAITING:
        raise TooManyWaiting
    limits.check(session, new.giver, new.points, new.daily_limit, now)
    escrow = open_purse(session, now)
    facts = _move(session, new.wallet, escrow, new.points, f"{to_text('gft', new.id)} given")
    # Every refusal is above this line.
    store.insert_gift(
        session,
        {
            "id": new.id,
            "giver": new.giver,
            "wallet": new.wallet,
            "escrow": escrow,
            "journal": facts["id"],
            "points": new.points,
            "phone_index": new.to_index,
            "sealed": secrets_.seal(new.words),
            "now": now,
            "expires_at": now + WAITS,
        },
    )
    return new.id


def accept(session: Session, gift: UUID, *, recipient: UUID, now: datetime) -> int:
    """Take what is left of the gift into the recipient's wallet; how many points that is.

    Accepted before by the same person, it is the same answer. A frozen wallet takes gifts, as it
    takes accruals. But nothing leaves a frozen giver's gifts: they were given by whoever made the
    member freeze, perhaps. One who was erased gave on purpose and is gone: those can be accepted.
    Raises GiftNotFound, GiftOver, GiverFrozen.
    """
    row, wallet = _for_recipient(session, gift, recipient, "accepted", now)
    if row["state"] == "accepted":
        return int(row["moved"])
    giver = store.person(session, row["giver_id"])
    if giver is not None and giver["frozen"] and giver["erased_at"] is None:
        raise GiverFrozen
    return _end(session, row, "accepted", wallet, recipient, now)


def decline(session: Session, gift: UUID, *, recipient: UUID, now: datetime) -> int:
    """Send it back; how many points that is. Raises GiftNotFound, GiftOver."""
    row, _ = _for_recipient(session, gift, recipient, "declined", now)
    if row["state"] == "declined":
        return int(row["moved"])
    return _end(session, row, "declined", row["wallet_id"], recipient, now)


def take_back(session: Session, gift: UUID, *, giver: UUID, now: datetime) -> int:
    """The giver wants it back before anybody took it; how many points that is.

    Raises GiftNotFound, GiftOver.
    """
    row = _lock(session, gift)
    if row["giver_id"] != giver:
        raise GiftNotFound
    if row["state"] == "taken_back":
        return int(row["moved"])
    if row["state"] != "waiting":
        raise GiftOver(state=row["state"])
    return _end(session, row, "taken_back", row["wallet_id"], None, now)


def bring_back(database: Database, now: datetime) -> int:
    """Send back every gift that nobody took in time; how many. A job, safe to run twice."""
    done = 0
    while True:
        with database.transaction() as session:
            ids = store.gifts_out_of_time(session, now, BATCH)
        ended = sum(_lapse(database, gift, now) for gift in ids)
        done += ended
        if ended == 0:  # None is left, or all were ended by somebody else in between.
            return done


def seen_by(
    session: Session, gift: UUID, person: UUID, *, secrets_: Secrets, now: datetime
) -> tuple[Gift, bool]:
    """The gift, and whether this person gave it. Raises GiftNotFound for everybody but the two."""
    row = store.find_gift(session, gift)
    if row is None:
        raise GiftNotFound
    is_giver = row["giver_id"] == person
    if not is_giver and not _is_for(session, row, person, now):
        raise GiftNotFound
    return _view(row, secrets_), is_giver


def incoming(session: Session, person: UUID, *, secrets_: Secrets, now: datetime) -> list[Gift]:
    """What waits for this person's number, soonest to go back first."""
    row = store.person(session, person)
    if row is None or row["phone_index"] is None:
        return []
    return [
        _view(gift, secrets_)
        for gift in store.gifts_waiting_for(session, row["phone_index"], now)
        if gift["giver_id"] != person
    ]


def given(session: Session, person: UUID, *, secrets_: Secrets, limit: int = 10) -> list[Gift]:
    """The last that this person gave, newest first."""
    return [_view(row, secrets_) for row in store.gifts_of(session, person, limit)]


def lots_of(session: Session, gift: UUID) -> list[Lot]:
    """What the gift was made of when it was given, soonest expiry first."""
    return _lots(store.lots_of_gift(session, gift))


def is_own(session: Session, person: UUID, phone_index: bytes) -> bool:
    """Whether the number of this index is the person's own."""
    row = store.person(session, person)
    return row is None or row["phone_index"] == phone_index


def lots_that_go(session: Session, wallet: int, points: int, now: datetime) -> list[Lot]:
    """What a gift of so many points would take from a wallet, soonest expiry first."""
    return _lots(store.lots_that_go(session, wallet, points, now))


def _for_recipient(
    session: Session, gift: UUID, recipient: UUID, wanted: str, now: datetime
) -> tuple[store.Row, int]:
    """The gift, locked, and its recipient's wallet: it waits, or ended as `wanted` by this very
    person."""
    person = store.person(session, recipient)
    if person is None:
        raise GiftNotFound
    row = _lock(session, gift, person["wallet_id"])
    if row["giver_id"] == recipient:
        raise GiftNotFound
    if row["state"] == "waiting":
        if row["phone_index"] != person["phone_index"]:
            raise GiftNotFound
        if row["expires_at"] <= now:
            raise GiftOver(state="lapsed")
    elif row["recipient_id"] != recipient:
        raise GiftNotFound
    elif row["state"] != wanted:
        raise GiftOver(state=row["state"])
    return row, int(person["wallet_id"])


def _is_for(session: Session, row: store.Row, person: UUID, now: datetime) -> bool:
    if row["state"] != "waiting":
        return bool(row["recipient_id"] == person)
    reader = store.person(session, person)
    return (
        reader is not None
        and reader["phone_index"] == row["phone_index"]
        and row["expires_at"] > now
    )


def _lock(session: Session, gift: UUID, *wallets: int) -> store.Row:
    """The gift, locked after its wallets, which never change, and those of who asks: erasing
    somebody comes to gifts with the wallet in hand."""
    join_window(session)
    found = store.find_gift(session, gift)
    if found is None:
        raise GiftNotFound
    store.lock_wallets(session, found["wallet_id"], found["escrow_id"], *wallets)
    row = store.lock_gift(session, gift)
    if row is None:
        raise GiftNotFound
    return row


def _lapse(database: Database, gift: UUID, now: datetime) -> bool:
    with database.transaction() as session:
        row = _lock(session, gift)
        if row["state"] != "waiting":
            return False
        _end(session, row, "lapsed", row["wallet_id"], None, now)
        return True


def _end(
    session: Session,
    row: store.Row,
    state: str,
    to_wallet: int,
    recipient: UUID | None,
    now: datetime,
) -> int:
    """Empty the escrow into a wallet, less what expired in it, and say how the gift ended."""
    escrow = row["escrow_id"]
    # What expired but was not swept yet could neither be moved nor stay.
    ledger.post_within(session, Order(kind="lot-expiry", id=str(uuid7()), wallet=escrow))
    left = store.available(session, escrow)
    if left:
        note = None if state == "accepted" else RETURNED
        _move(session, escrow, to_wallet, left, f"{to_text('gft', row['id'])} {state}", note)
    store.end_gift(session, row["id"], state=state, moved=left, recipient=recipient, now=now)
    if left and state != "taken_back":
        kind = "gift-accepted" if state == "accepted" else "gift-returned"
        notify(session, row["giver_id"], kind, now=now, gift=row["id"], points=left)
    return left


def _move(
    session: Session,
    wallet: int,
    to_wallet: int,
    points: int,
    reference: str,
    note: str | None = None,
) -> dict[str, Any]:
    """Raises WalletFrozen, InsufficientPoints."""
    order = transfer(
        wallet=wallet, to_wallet=to_wallet, points=points, reference=reference, note=note
    )
    return ledger.post_within(session, order).unwrap()


def _view(row: store.Row, secrets_: Secrets) -> Gift:
    words = {} if row["sealed"] is None else secrets_.unseal(row["sealed"])
    return Gift(
        id=row["id"],
        points=row["points"],
        state=row["state"],
        moved=row["moved"],
        given_at=row["given_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        to=words.get("to", ""),
        sender=words.get("sender", ""),
        note=words.get("note", ""),
    )


def _lots(rows: list[store.Row]) -> list[Lot]:
    return [
        Lot(issuer=row["issuer_id"], expires_on=row["expires_on"], points=row["points"])
        for row in rows
    ]
