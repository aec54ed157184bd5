"""Exchanges whose partner gives no answer: two people find out what it did, and say it instead.

What they say is taken as the partner's own answer is, move for move, so the books can do nothing
here that they would not do there. It ends the asking; a partner that is wrong about itself has the
proposal, its reason and the audit log to read why.
"""

from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import from_text, to_text
from partners.exchanges import driving, machine, store
from partners.exchanges.calling import Answer
from partners.exchanges.errors import (
    ExchangeJustAsked,
    ExchangeNotFound,
    ExchangeNotWaiting,
    ExchangeSettlesNothing,
    ExchangeWaits,
)
from partners.exchanges.machine import Said, State
from partners.exchanges.store import Row

QUIET: Final = timedelta(minutes=1)  # since the last call: far longer than one takes


def answers(row: Row) -> list[Said]:
    """What can be said of an exchange in its state, so that it settles something."""
    known: tuple[Said, ...] = ("done", "refused")
    return [said for said in known if machine.move(row["direction"], row["state"], said)]


def content(session: Session, exchange: UUID, said: Said, now: datetime) -> dict[str, Any]:
    """What is proposed: which exchange, what its partner is being asked, and what it did.

    Raises ExchangeNotFound, ExchangeNotWaiting, ExchangeJustAsked, ExchangeSettlesNothing.
    """
    return _content(_waiting(session, exchange, now), said)


def settle(session: Session, agreed: dict[str, Any], now: datetime) -> tuple[State, State]:
    """Take a content as the partner's answer; the states before and after.

    Raises what `content` does; ExchangeNotWaiting too when the partner is asked something else by
    now; ExchangeWaits.
    """
    exchange = from_text("exg", agreed["exchange"])
    if exchange is None:
        raise ExchangeNotFound
    row = _waiting(session, exchange, now)
    move = machine.move(row["direction"], row["state"], agreed["said"])
    if move is None or _content(row, agreed["said"]) != agreed:
        raise ExchangeNotWaiting
    answer = Answer(agreed["said"], "other" if agreed["said"] == "refused" else "")
    state = driving.carry(session, row, move, answer, now)
    if state is None:
        raise ExchangeWaits
    return cast(State, row["state"]), state


def _content(row: Row, said: Said) -> dict[str, Any]:
    if said not in answers(row):
        raise ExchangeSettlesNothing
    return {
        "exchange": to_text("exg", row["id"]),
        "partner": row["slug"],
        "act": machine.act(row["direction"], row["state"]),
        "said": said,
        "theirs": row["theirs"],
        "ours": row["points"],
    }


def _waiting(session: Session, exchange: UUID, now: datetime) -> Row:
    """Locked, so that nobody asks its partner until the transaction ends."""
    row = store.lock(session, exchange)
    if row is None:
        raise ExchangeNotFound
    if not answers(row):
        raise ExchangeNotWaiting
    quiet = now - (row["last_asked_at"] or now)
    if quiet < QUIET:
        raise ExchangeJustAsked(seconds=int((QUIET - quiet).total_seconds()) + 1)
    return row
