"""What time ends: holds whose time is over, lots past their date. Jobs, safe to run twice."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from exchange import acceptance, ledger, store
from exchange.orders import Order
from kit.database import Database
from kit.ids import uuid7

BATCH = 200


def expire_holds(database: Database, *, moment: datetime | None = None) -> int:
    """Release every hold whose time is over; returns how many. `moment` is for tests."""
    return _in_batches(
        database,
        lambda session, now: [
            acceptance.expire_hold(hold=hold) for hold in store.expired_holds(session, now, BATCH)
        ],
        moment,
    )


def expire_lots(database: Database, *, moment: datetime | None = None) -> int:
    """Sweep expired points into their issuers' breakage; returns how many wallets had some."""
    return _in_batches(
        database,
        lambda session, now: [
            Order(kind="lot-expiry", id=str(uuid7()), wallet=wallet)
            for wallet in store.wallets_with_expired_lots(session, now, BATCH)
        ],
        moment,
    )


def _in_batches(
    database: Database,
    find: Callable[[Session, datetime], list[Order]],
    moment: datetime | None,
) -> int:
    """By the database's clock, batch for batch: a worker's own may be wrong."""
    done = 0
    while True:
        with database.transaction() as session:
            orders = find(session, moment or store.database_now(session))
        if not orders:
            return done
        outcomes = ledger.post(database.hot, orders, moment=moment)
        effects = sum(outcome.code is None for outcome in outcomes)
        done += effects
        if effects == 0:  # All were ended by somebody else in between.
            return done
