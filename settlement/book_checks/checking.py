"""Checking the books, quickly or in full, and keeping what came of it.

A check reads one snapshot, serially, so that the tills keep their processors; it takes no lock that
anybody waits for. What it found is one row, written after it: a check that is killed leaves none,
and the page says how long ago the last one was.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text

from exchange.invariants import Result, check, examine
from kit.database import Database
from settlement.book_checks import quick, store
from settlement.book_checks.every import EVERY

KEPT = timedelta(days=30)  # quick checks that found nothing
JOB = "hub"  # who asked, when nobody did

_SNAPSHOT = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL statement_timeout = '20s'",
    "SET LOCAL max_parallel_workers_per_gather = 0",
    "SET LOCAL work_mem = '64MB'",
    "SET LOCAL jit = off",
)

log = structlog.get_logger("book-checks")


def check_quickly(database: Database, now: datetime, *, by: str = JOB) -> list[Result]:
    """Ask what is bounded, and look at the journals since the last check that found nothing.

    The first check of all looks at those since the last roll-up: what is older is the full one's.
    Raises Busy, when the database had too little time for it.
    """
    began = time.perf_counter()
    with database.transaction() as session:
        for setting in _SNAPSHOT:
            session.execute(text(setting))
        connection = session.connection()
        marks = store.marks(connection)
        since = marks["mark"] if marks["reached"] is None else marks["reached"]
        results = examine(connection, quick.invariants(since=since, mark=marks["mark"]))
    reached = marks["now"] if not any(each.count for each in results) else since
    keep(database, results, depth="quick", at=now, began=began, reached=reached, by=by)
    with database.transaction() as session:
        store.forget(session, now - KEPT)
    return results


def check_in_full(database: Database, now: datetime, *, by: str = JOB) -> list[Result]:
    """Ask every invariant there is, however long that takes."""
    began = time.perf_counter()
    with database.engine.connect() as connection:
        with connection.begin():
            marks = store.marks(connection)  # Before the snapshot: what it has is older.
        results = check(connection, EVERY)
    reached = marks["now"] if not any(each.count for each in results) else marks["reached"] or 0
    keep(database, results, depth="full", at=now, began=began, reached=reached, by=by)
    return results


def keep(
    database: Database,
    results: Sequence[Result],
    *,
    depth: str,
    at: datetime,
    began: float,
    reached: int,
    by: str,
) -> None:
    """Write down what came of a check; of what is wrong, the names and how often."""
    failed = [{"name": each.name, "count": each.count} for each in results if each.count]
    for each in failed:
        log.error("books-do-not-balance", depth=depth, **each)
    with database.transaction() as session:
        store.insert(
            session,
            depth=depth,
            at=at,
            took_ms=round(1000 * (time.perf_counter() - began)),
            asked=len(results),
            failed=failed,
            reached=reached,
            by=by,
        )
