"""The funnel: the only way points move. One order is an array of one."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from exchange.errors import BooksClosed, refusal
from exchange.orders import Order
from kit.database import HotConnections

POST = "SELECT code, facts, replayed FROM exchange.post(%s::jsonb, %s::timestamptz) ORDER BY line"
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
    connections: HotConnections, orders: list[Order], *, moment: datetime | None = None
) -> list[Outcome]:
    """Post the orders in one transaction and one round trip; one outcome each, in order.

    A refused order leaves its neighbours alone. `moment` is for tests and replays: the books keep
    the database's own time. Raises Busy (nothing was written) or DatabaseUnavailable (not known).
    """
    try:
        rows = connections.fetch(POST, (json.dumps(orders), moment))
    except psycopg.Error as error:
        if error.sqlstate == "TB001":
            raise BooksClosed from error
        raise
    return [Outcome(code, facts, replayed) for code, facts, replayed in rows]


def post_within(session: Session, order: Order) -> Outcome:
    """Post an order in a transaction that has more to do, such as approving it.

    A caller that does not like the outcome raises, and nothing has happened.
    """
    row = session.execute(text(POST_WITHIN), {"orders": json.dumps([order])}).one()
    return Outcome(row.code, row.facts, row.replayed)


def post_one(
    connections: HotConnections, order: Order, *, moment: datetime | None = None
) -> Outcome:
    """Post a single order."""
    return post(connections, [order], moment=moment)[0]
