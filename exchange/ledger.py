"""Posting: the only way points move. What is posted together commits together."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from exchange.errors import BooksClosed, refusal
from exchange.orders import Order
from kit.database import Connections

POST = (
    "SELECT line, code, facts, replayed"
    " FROM exchange.post(%s::jsonb, %s::timestamptz, %s::jsonb) ORDER BY line"
)
POST_WITHIN = "SELECT code, facts, replayed FROM exchange.post(CAST(:orders AS jsonb))"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one order: `code` is None when it took effect, else the refusal's code."""

    code: str | None
    facts: dict[str, Any]
    replayed: bool = False

    def unwrap(self) -> dict[str, Any]:
        """The facts of the effect. Raises the Refusal there was instead."""
        if self.code is not None:
            raise refusal(self.code, self.facts)
        return self.facts


def post(
    connections: Connections, orders: list[Order], *, moment: datetime | None = None
) -> list[Outcome]:
    """Post the orders in one transaction and one round trip; one outcome each, in order.

    A refused order leaves its neighbours alone; orders of one wallet are done in the order given.
    `moment` is for tests and replays: the books keep the database's own time. Raises BooksClosed,
    Busy (nothing was written) or DatabaseUnavailable (not known).
    """
    return [
        Outcome(code, facts, replayed)
        for _, code, facts, replayed in _call(connections, orders, moment, None)
    ]


def post_batch(
    connections: Connections, orders: list[Order], claim: dict[str, Any]
) -> list[Outcome]:
    """Post a part of a batch in one transaction, under one claim; done before, it is replayed.

    `claim` holds party, key, fingerprint, key_id, and where they are wanted nonce, signed_at and
    evidence; the orders have none of these but `party`. Raises SignatureReplayed,
    IdempotencyKeyReused, RequestInProgress or AnswerExpired for the part as a whole, and what
    `post` raises.
    """
    for order in orders:
        order["key"] = claim["key"]
    rows = _call(connections, orders, None, claim)
    if rows[0][0] is None:
        raise refusal(rows[0][1], {})
    return [Outcome(code, facts, replayed) for _, code, facts, replayed in rows]


def post_within(session: Session, order: Order) -> Outcome:
    """Post an order in a transaction that has more to do, such as approving it.

    A caller that does not like the outcome raises, and nothing has happened.
    """
    row = session.execute(text(POST_WITHIN), {"orders": json.dumps([order])}).one()
    return Outcome(row.code, row.facts, row.replayed)


def _call(
    connections: Connections,
    orders: list[Order],
    moment: datetime | None,
    claim: dict[str, Any] | None,
) -> list[tuple[Any, ...]]:
    whole = None if claim is None else json.dumps(claim)
    try:
        return connections.fetch(POST, (json.dumps(orders), moment, whole))
    except psycopg.Error as error:
        if error.sqlstate == "TB001":
            raise BooksClosed from error
        raise
