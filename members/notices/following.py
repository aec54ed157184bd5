"""Telling members what happened in their books, close behind them and in nobody's way.

Every posting keeps the number of its transaction, and every transaction before the oldest one
still running has ended (see `exchange.rollup`). So what lies between the last such number and the
present one is told once, in one statement; a worker that is killed tells nothing, and the next one
all of it.
"""

from datetime import datetime, timedelta

from kit.database import Database
from members.notices import store
from members.trust import standing

KEPT = timedelta(days=400)  # as long as partners' answers
TRANSACTIONS = 10_000  # told of at a time, so that a long sleep is made up for in parts


def tell_members(database: Database, now: datetime) -> int:
    """Tell of everything posted to persons' wallets since, and of large holds; how many notices. A
    job.

    Whoever lost points that were gone already is rated anew: that is what trust is lost by.
    """
    told = _tell_postings(database, now)
    with database.transaction() as session:
        return told + store.tell_holds(session)


def _tell_postings(database: Database, now: datetime) -> int:
    told = 0
    while True:
        with database.transaction() as session:
            step = store.next_step(session, TRANSACTIONS, now)
            if step is None:
                return told
            indebted = store.indebted(session, step)
            if indebted:  # First: it locks wallets, and telling locks persons.
                standing.rate(session, indebted, now)
            told += store.tell(session, step, now)
            store.step_on(session, step)
        if step.last:  # This very transaction would be news to the next look.
            return told


def drop_old(database: Database, now: datetime) -> int:
    """Drop what was told more than 400 days ago; how many notices. A job."""
    with database.transaction() as session:
        return store.drop_before(session, now - KEPT)


def tell_expiry(database: Database, now: datetime) -> int:
    """Tell of points that expire in 30, 7 and 1 days: once for each day of expiry, from
    nine in the morning. A job.

    Days that the worker slept over are made up for, each with the days that are left by then.
    """
    with database.transaction() as session:
        return store.tell_expiry(session, now)
