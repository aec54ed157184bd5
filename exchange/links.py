"""Links: a party's own name for a wallet, and what it may do there.

Two parties never see the same name for one wallet: it is random, and says nothing.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from exchange import history, store
from exchange.errors import MemberNotFound


def link(
    session: Session,
    *,
    party: int,
    wallet: int,
    daily_limit: int,
    shares_balance: bool,
    now: datetime,
) -> tuple[UUID, bool]:
    """The link, and whether it is new; False means that it was there and is unchanged."""
    values = {
        "id": uuid4(),
        "party": party,
        "wallet": wallet,
        "shares_balance": shares_balance,
        "daily_limit": daily_limit,
        "now": now,
    }
    store.lock_wallet(session, wallet)
    if store.insert_link(session, values):
        return values["id"], True  # type: ignore[return-value]
    row = store.link_of_wallet(session, party, wallet)
    if row is None:
        raise RuntimeError("a link that exists cannot be read")
    if row["active"]:
        return row["id"], False
    store.reopen_link(session, values)
    return row["id"], True


def set_consent(
    session: Session,
    *,
    wallet: int,
    link: UUID,
    daily_limit: int,
    shares_balance: bool,
    answers: bool,
) -> None:
    """The member says anew what a party may do: in force for every spend after this commits.

    `answers` is whether the party may ask if the wallet can pay so many points. Raises
    MemberNotFound, for another wallet's link too.
    """
    store.lock_wallet(session, wallet)
    if not store.update_link(session, wallet, link, daily_limit, shares_balance, answers):
        raise MemberNotFound


def of_wallet(session: Session, wallet: int) -> list[store.Row]:
    """The wallet's active links by party, each with when the party last moved points, or held some
    that it still holds."""
    history.bring_forward(session, wallet)
    return store.links_of_wallet(session, wallet)


def withdraw(session: Session, *, party: int, link: UUID) -> None:
    """End a link at once: the wallet's lock is taken, so no spend is between. Raises
    MemberNotFound."""
    row = store.find_link(session, party, link)
    if row is None:
        raise MemberNotFound
    store.lock_wallet(session, row["wallet_id"])
    store.close_link(session, link)
