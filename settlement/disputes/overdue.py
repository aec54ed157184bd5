"""A job: what nobody answered or escalated in time goes on without them."""

from datetime import datetime

from kit.database import Database
from settlement.disputes import steps, store

AT_ONCE = 100


def lapse_overdue(database: Database, now: datetime) -> int:
    """Each in a transaction of its own; how many went on. Safe to run twice, and at once."""
    lapsed = 0
    while True:
        with database.transaction() as session:
            found = store.overdue(session, now, AT_ONCE)
        for dispute in found:
            with database.transaction() as session:
                lapsed += steps.lapse(session, dispute, now)
        if len(found) < AT_ONCE:
            return lapsed
