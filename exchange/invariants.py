"""What must be true of the books at any time: each invariant is a query that returns no rows.

`check` asks them all in one snapshot, so that a busy hub can be checked while it works.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Invariant:
    """`query` returns a row (key, expected, found) for each violation of what the name `says`."""

    name: str
    says: str
    query: str


@dataclass(frozen=True, slots=True)
class Violation:
    """Where the books are wrong, and how."""

    key: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one invariant; `seconds` is what it cost."""

    name: str
    says: str
    violations: list[Violation]
    seconds: float


WALLET_LOTS = Invariant(
    "lots-sum-to-the-wallet",
    "A wallet's available and held points are those of its lots.",
    """
    SELECT w.id::text AS key, format('%s + %s', w.available, w.held) AS expected,
           format('%s + %s', coalesce(l.available, 0), coalesce(l.held, 0)) AS found
    FROM exchange.wallet w
    LEFT JOIN (SELECT wallet_id, sum(available) AS available, sum(held) AS held
               FROM exchange.lot GROUP BY wallet_id) l ON l.wallet_id = w.id
    WHERE w.available <> coalesce(l.available, 0) OR w.held <> coalesce(l.held, 0)
    """,
)

INVARIANTS: list[Invariant] = [WALLET_LOTS]


def check(connection: Connection, invariants: list[Invariant] | None = None) -> list[Result]:
    return examine(connection, INVARIANTS if invariants is None else invariants)


def examine(connection: Connection, invariants: list[Invariant]) -> list[Result]:
    results = []
    for i in invariants:
        rows: Any = connection.execute(text(i.query)).all()
        results.append(Result(i.name, i.says, [Violation(*map(str, r)) for r in rows], 0.0))
    return results
