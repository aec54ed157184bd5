"""A family purse: one wallet, several people who pay from it, each with a limit a day.

It is paid from by payment codes alone, which name who showed them. A member's limit is counted in
what those codes took today, under the lock of the purse's wallet: the books take the same lock
when a code is used.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exchange import history, ledger
from exchange.purses import open_purse
from exchange.store import join_window
from exchange.transfers import transfer
from kit.database import Database
from kit.ids import to_text, uuid7
from kit.secrets import Secrets
from members.giving import limits, store
from members.giving.errors import NotTheOpener, PurseNotFound

NAME_LENGTH = 40  # characters
BATCH = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Purse:
    """A purse as its members see it. `limit` is the reader's own, None for whoever opened it."""

    id: UUID
    wallet: int
    name: str
    opened_by: UUID
    opened_at: datetime
    available: int
    held: int
    limit: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PurseChoice:
    """A purse that a person may pay from. `left_today` is what the limit leaves, in points;
    `available` what the purse has."""

    purse: UUID
    wallet: int
    name: str
    left_today: int
    available: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Doing:
    """Something that happened in a purse; `points` are signed, `person` is who did it, if known."""

    id: UUID
    at: datetime
    kind: str
    party: int | None
    points: int
    person: UUID | None


def open_(
    session: Session, *, id_: UUID, person: UUID, name: str, secrets_: Secrets, now: datetime
) -> UUID:
    """A purse with one member, who opened it. Confirmed twice, it is opened once.

    Raises PurseNotFound: the id is somebody else's purse.
    """
    if store.find_purse(session, id_) is None:
        values = {
            "id": id_,
            "wallet": open_purse(session, now),
            "person": person,
            "sealed": secrets_.seal({"name": name}),
            "now": now,
        }
        if store.insert_purse(session, values):
            store.insert_purse_member(session, id_, person, None, now)
            return id_
    row = store.find_purse(session, id_)
    if row is None or row["opened_by"] != person:
        raise PurseNotFound
    return id_


def of(session: Session, person: UUID, *, secrets_: Secrets) -> list[Purse]:
    """The open purses that this person is a member of."""
    return [_view(row, secrets_) for row in store.purses_of(session, person)]


def seen_by(session: Session, purse: UUID, person: UUID, *, secrets_: Secrets) -> Purse:
    """Raises PurseNotFound, for everybody who is no member of it now."""
    row = store.purse_of(session, purse, person)
    if row is None:
        raise PurseNotFound
    return _view(row, secrets_)


def contribute(
    session: Session,
    *,
    id_: UUID,
    purse: UUID,
    person: UUID,
    wallet: int,
    points: int,
    daily_limit: int,
    now: datetime,
) -> None:
    """Put points of a member's own wallet into the purse: they are everybody's from then on.

    `id_` is the one-use token of the page that asked: confirmed twice, it is done once.
    Raises PurseNotFound, GiveLimit, WalletFrozen, InsufficientPoints, in this order.
    """
    lock(session, purse)
    row = store.purse_of(session, purse, person)
    if row is None:
        raise PurseNotFound
    store.lock_wallets(session, wallet, row["wallet_id"])
    if store.find_move(session, id_) is not None:
        return
    limits.check(session, person, points, daily_limit, now)
    order = transfer(
        wallet=wallet,
        to_wallet=row["wallet_id"],
        points=points,
        reference=f"{to_text('prm', id_)} contributed",
    )
    facts = ledger.post_within(session, order).unwrap()
    # Every refusal is above this line.
    store.insert_move(
        session,
        {
            "id": id_,
            "purse": purse,
            "person": person,
            "kind": "contributed",
            "journal": facts["id"],
            "points": points,
            "now": now,
        },
    )


def close(session: Session, purse: UUID, *, person: UUID, now: datetime) -> int:
    """End the purse: nobody pays from it any more, and what is in it is its opener's; how much.

    What comes back to it later, of a hold that ends or of a refund, follows by a job
    (`pay_back`). Closed before by the same person, nothing happens. Raises PurseNotFound,
    NotTheOpener.
    """
    row = lock(session, purse)
    if row["closed_at"] is not None:
        if row["opened_by"] != person:
            raise PurseNotFound
        return 0
    if store.purse_of(session, purse, person) is None:
        raise PurseNotFound
    if row["opened_by"] != person:
        raise NotTheOpener
    return end(session, row, now)


def end(session: Session, row: store.Row, now: datetime) -> int:
    """As `close`, for a purse that is locked and whose opener wants it, or is being erased."""
    opener = store.person(session, row["opened_by"])
    if opener is None:
        raise PurseNotFound
    store.lock_wallets(session, row["wallet_id"], opener["wallet_id"])
    store.end_codes(session, row["wallet_id"], None)
    store.end_invitations(session, row["id"], "withdrawn", now)
    store.end_membership(session, row["id"], None, now)
    store.close_purse(session, row["id"], now)
    return _pay_back(session, row, opener["wallet_id"], now)


def pay_back(database: Database, now: datetime) -> int:
    """Send what came back to closed purses on to who opened them; how many purses had some.

    A job, safe to run twice.
    """
    with database.transaction() as session:
        purses = store.closed_purses_with_points(session, BATCH)
    done = 0
    for purse in purses:
        with database.transaction() as session:
            row = lock(session, purse)
            opener = store.person(session, row["opened_by"])
            if opener is not None:
                store.lock_wallets(session, row["wallet_id"], opener["wallet_id"])
                done += _pay_back(session, row, opener["wallet_id"], now) > 0
    return done


def _pay_back(session: Session, row: store.Row, to_wallet: int, now: datetime) -> int:
    left = store.spendable(session, row["wallet_id"], now)
    if not left:
        return 0
    move = uuid7()
    order = transfer(
        wallet=row["wallet_id"],
        to_wallet=to_wallet,
        points=left,
        reference=f"{to_text('prm', move)} paid back",
    )
    facts = ledger.post_within(session, order).unwrap()
    store.insert_move(
        session,
        {
            "id": move,
            "purse": row["id"],
            "person": row["opened_by"],
            "kind": "paid_back",
            "journal": facts["id"],
            "points": left,
            "now": now,
        },
    )
    return left


def doings(
    session: Session, purse: Purse, *, before: UUID | None, limit: int
) -> list[Doing] | None:
    """What happened in the purse, newest first, one more than `limit` when there are more.

    Without a cursor, holds that are open come first. None when `before` is no event of it.
    """
    entries = history.page(session, purse.wallet, limit=limit, before=before)
    if entries is None:
        return None
    holds = [] if before else history.holds(session, purse.wallet)
    events = [hold.id for hold in holds]
    events += [each.hold or each.id for each in entries] + [each.id for each in entries]
    who = store.doers(session, purse.id, events)
    return [
        *(
            Doing(
                id=hold.id,
                at=hold.held_at,
                kind="held",
                party=hold.party,
                points=-hold.points,
                person=who.get(hold.id),
            )
            for hold in holds
        ),
        *(
            Doing(
                id=each.id,
                at=each.at,
                kind=each.kind,
                party=each.party,
                points=each.points,
                person=who.get(each.hold or each.id) or who.get(each.id),
            )
            for each in entries
        ),
    ]


def lock(session: Session, purse: UUID) -> store.Row:
    """The purse's row, locked before its wallet. Raises PurseNotFound."""
    join_window(session)
    row = store.lock_purse(session, purse)
    if row is None:
        raise PurseNotFound
    return row


def stop_codes(session: Session, person: UUID) -> None:
    """End the codes that this person shows of any purse: to be called first in a transaction that
    freezes the person's own wallet, which it locks with those of the purses.

    A code that is being made meanwhile waits, and then `allowance` finds the wallet frozen.
    """
    row = store.person(session, person)
    if row is None:
        return
    shared = [purse["wallet_id"] for purse in store.purses_of(session, person)]
    join_window(session)
    store.lock_wallets(session, row["wallet_id"], *shared)
    for wallet in shared:
        store.end_codes(session, wallet, person)


def spendable(
    session: Session, person: UUID, *, secrets_: Secrets, now: datetime
) -> list[PurseChoice]:
    """The purses this person may show codes of; none while the person's own wallet is frozen."""
    if _is_frozen(session, person):
        return []
    return [
        PurseChoice(
            purse=row["id"],
            wallet=row["wallet_id"],
            name=name_of(row["sealed"], secrets_),
            left_today=_left(session, row, person, now),
            available=store.spendable(session, row["wallet_id"], now),
        )
        for row in store.purses_of(session, person)
    ]


def allowance(session: Session, purse: UUID, person: UUID, now: datetime) -> int:
    """Points that a code shown by this person may be good for, now. Raises PurseNotFound.

    Call it with the purse's wallet locked (`exchange.store.lock_wallet`), after the person's older
    code was ended and before the new one is made; the code's `spender` is the person. It is the
    limit less what this person's codes took today; for whoever opened the purse, all that is in
    it; nothing while the person's own wallet is frozen.
    """
    row = store.purse_of(session, purse, person)
    if row is None:
        raise PurseNotFound
    return 0 if _is_frozen(session, person) else _left(session, row, person, now)


def _left(session: Session, row: store.Row, person: UUID, now: datetime) -> int:
    if row["daily_limit"] is None:
        return store.spendable(session, row["wallet_id"], now)
    used = store.used_today(session, row["wallet_id"], person, now)
    return max(0, row["daily_limit"] - used)


def _is_frozen(session: Session, person: UUID) -> bool:
    row = store.person(session, person)
    return row is None or row["frozen"]


def _view(row: store.Row, secrets_: Secrets) -> Purse:
    return Purse(
        id=row["id"],
        wallet=row["wallet_id"],
        name=name_of(row["sealed"], secrets_),
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
        available=row["available"],
        held=row["held"],
        limit=row["daily_limit"],
    )


def name_of(sealed: dict[str, str] | None, secrets_: Secrets) -> str:
    """The purse's name; nothing once it is forgotten."""
    return "" if sealed is None else str(secrets_.unseal(sealed)["name"])
