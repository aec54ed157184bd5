"""Asking whether invariants hold: each is a query that returns no rows when all is well."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

SHOWN = 100  # Violations of one invariant that are worth showing; all are counted.

_SNAPSHOT = """
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL statement_timeout = '10min';
    SET LOCAL work_mem = '128MB';
    SET LOCAL jit = off;
    SET LOCAL enable_nestloop = off
"""
# No nested loops: every query reads whole tables, and just after a bulk load the planner takes
# them for small, which turned a second's work into a minute's.


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
    """What came of one invariant: none violated is well. `violations` are the first of `count`."""

    name: str
    says: str
    count: int
    violations: list[Violation]
    seconds: float


def check(connection: Connection, invariants: Iterable[Invariant]) -> list[Result]:
    """Ask every invariant in one snapshot of the books, which may be busy meanwhile.

    Needs a connection that is in no transaction, and leaves it so.
    """
    with connection.begin() as transaction:
        for setting in _SNAPSHOT.split(";"):
            connection.execute(text(setting))
        results = examine(connection, invariants)
        transaction.rollback()
    return results


def examine(connection: Connection, invariants: Iterable[Invariant]) -> list[Result]:
    """Ask every invariant in the connection's transaction, whatever that may see."""
    return [_examine(connection, invariant) for invariant in invariants]


def _examine(connection: Connection, invariant: Invariant) -> Result:
    began = time.perf_counter()
    query = (
        "SELECT key::text, expected::text, found::text, count(*) OVER () AS n"  # noqa: S608
        f" FROM ({invariant.query}) AS violation (key, expected, found) LIMIT {SHOWN}"
    )
    rows = connection.execute(text(query)).all()
    return Result(
        invariant.name,
        invariant.says,
        rows[0].n if rows else 0,
        [Violation(row.key, row.expected, row.found) for row in rows],
        time.perf_counter() - began,
    )
