"""What a member does: ask for a price, take it, undo it. Each in the caller's transaction."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.store as books
from exchange import acceptance, ledger, returns
from exchange.arbitrage import Conditions
from exchange.errors import (
    ExceedsAccrued,
    InsufficientPoints,
    PointsSpent,
    TransactionNotFound,
    WalletFrozen,
)
from exchange.rules import Ratio
from kit.ids import to_text, uuid7
from kit.secrets import Secrets
from partners.exchanges import pricing, store
from partners.exchanges.errors import (
    ExchangeAmount,
    ExchangeExpired,
    ExchangeImpossible,
    ExchangeNotFound,
    UndoRefused,
)
from partners.exchanges.machine import Direction
from partners.exchanges.store import Row

QUOTE_VALID: Final = timedelta(minutes=5)
KEPT_FOR: Final = timedelta(days=1)
# A hold would end by itself while a partner is still silent; then it may have credited what is
# no longer held. So it ends when the exchange does, and this only stands for "never".
HELD_FOR: Final = timedelta(days=3660)
PURPOSE: Final = "exchange"


def conditions(rate: Row) -> Conditions:
    """A rate as the arithmetic takes it."""
    return Conditions(
        ratio=Ratio(theirs=rate["theirs"], ours=rate["ours"], fee_ppm=rate["fee_ppm"]),
        minimum=rate["minimum"],
        step=rate["step"],
        daily_cap=rate["daily_cap"],
    )


def left_today(session: Session, wallet: int, limit: int, now: datetime) -> int:
    """How many more points may be exchanged today, of `limit` a day."""
    return max(0, limit - store.exchanged_today(session, wallet, now))


def quote(
    session: Session,
    *,
    wallet: int,
    party: int,
    direction: Direction,
    amount: int,
    limit: int,
    now: datetime,
) -> UUID:
    """A firm price, good for five minutes: `amount` is given, points or theirs.

    Refused, in this order: ExchangeImpossible, ExchangeAmount, InsufficientPoints.
    """
    offer = next(
        (
            one
            for one in store.offers(session, wallet, now)
            if (one["party_id"], one["direction"]) == (party, direction)
        ),
        None,
    )
    if offer is None:
        raise ExchangeImpossible
    terms = conditions(offer)
    left = left_today(session, wallet, limit, now)
    if direction == "export":
        price = pricing.price_export(amount, terms) if amount <= left else None
        least, most = pricing.least_export(terms), left
    else:
        price = pricing.price_import(amount, terms)
        least, most = terms.first, pricing.most_import(left, terms)
    if price is None or price.points > left:
        step = terms.step if direction == "import" else 1  # Points that buy no whole step stay.
        raise ExchangeAmount(least=least, most=most, left=left, step=step)
    if direction == "export":
        spendable = store.spendable(session, wallet, now)
        if price.points > spendable:
            raise InsufficientPoints(requested=price.points, available=spendable)
    quoted = uuid7()
    store.insert_quote(
        session,
        {
            "id": quoted,
            "party": party,
            "wallet": wallet,
            "link": offer["link_id"],
            "direction": direction,
            "rate": offer["rate_id"],
            "points": price.points,
            "theirs": price.theirs,
            "fee": price.fee,
            "now": now,
            "expires_at": now + QUOTE_VALID,
        },
    )
    return quoted


def confirm(
    session: Session,
    exchange: UUID,
    *,
    wallet: int,
    limit: int,
    secrets: Secrets,
    now: datetime,
) -> None:
    """Take the price, once: an export's points are set aside. Taking it again changes nothing.

    Refused, in this order: ExchangeNotFound, ExchangeExpired, ExchangeImpossible, WalletFrozen,
    ExchangeAmount (the day's limit is used up), and what the books refuse to hold.
    """
    row = _locked(session, exchange, wallet)
    if row["state"] != "quoted":
        return
    if row["expires_at"] <= now:
        raise ExchangeExpired
    if not store.is_possible(session, wallet, row["link_id"], now):
        raise ExchangeImpossible
    if row["daily_cap"] is not None:
        store.lock_rate(session, row["rate_id"])
        done = store.converted_today(session, row["rate_id"], row["direction"], now)
        if done + row["theirs"] > row["daily_cap"]:
            raise ExchangeImpossible
    _lock_wallet(session, wallet)
    left = left_today(session, wallet, limit, now)
    if row["points"] > left:
        raise ExchangeAmount(least=1, most=left, left=left, step=1)
    hold = _reserve(session, row, secrets, now) if row["direction"] == "export" else None
    store.update(session, exchange, state="reserved", confirmed_at=now, hold_id=hold, ask_at=now)


def undo(session: Session, exchange: UUID, *, wallet: int, now: datetime) -> None:
    """Undo what is done, at its own rate; asking again changes nothing.

    Points that an import gave are taken back at once; those of an export come back when the
    partner has taken back its own. Refused: ExchangeNotFound, UndoRefused, WalletFrozen.
    """
    row = _locked(session, exchange, wallet)
    if row["state"] in ("undoing", "undone"):
        return
    why = why_not_undo(row, now)
    if why is not None:
        raise UndoRefused(why=why)
    _lock_wallet(session, wallet)
    undone = _take_back(session, row) if row["direction"] == "import" else None
    store.update(
        session,
        exchange,
        state="undoing",
        undo_asked_at=now,
        undo_id=undone,
        tries=0,
        last_asked_at=None,
        ask_at=now,
    )


def why_not_undo(row: Row, now: datetime) -> str | None:
    """Why this cannot be undone: `not-done`, `refused` by the partner, `never`, or `late`."""
    if row["state"] != "done":
        return "not-done"
    if row["undo_refused"] is not None:
        return "refused"
    if row["undo_until"] is None:
        return "never"
    return "late" if row["undo_until"] <= now else None


def undo_end(days: int, since: datetime) -> datetime | None:
    """Until when what is done at `since` can be undone; None when it cannot be."""
    return since + timedelta(days=days) if days else None


def undo_reference(exchange: UUID) -> str:
    """What undoing is called in the books: nothing that the partner could have used before."""
    return f"{to_text('exg', exchange)}-{uuid7().hex[-8:]}"


def _locked(session: Session, exchange: UUID, wallet: int) -> Row:
    row = store.lock(session, exchange)
    if row is None or row["wallet_id"] != wallet:
        raise ExchangeNotFound
    return row


def _lock_wallet(session: Session, wallet: int) -> None:
    books.join_window(session)  # As all who post do: this first, then wallets.
    found = books.lock_wallet(session, wallet)
    if found is None or found["frozen"]:
        raise WalletFrozen


def _reserve(session: Session, row: Row, secrets: Secrets, now: datetime) -> UUID:
    digest = secrets.digest(PURPOSE, str(row["id"]))
    store.insert_code(session, digest, row["wallet_id"], row["points"], row["party_id"])
    order = acceptance.authorise(
        party=row["party_id"],
        link=None,
        code=digest.hex(),
        points=row["points"],
        reference=to_text("exg", row["id"]),
        until=now + HELD_FOR,
    )
    return UUID(ledger.post_within(session, order).unwrap()["id"])


def _take_back(session: Session, row: Row) -> UUID:
    order = returns.claw_back(
        party=row["party_id"],
        transaction=row["journal_id"],
        reference=undo_reference(row["id"]),
        only_unspent=True,
    )
    try:
        facts = ledger.post_within(session, order).unwrap()
    except (PointsSpent, ExceedsAccrued, TransactionNotFound) as refused:
        raise UndoRefused(why="spent") from refused
    return UUID(facts["id"])
