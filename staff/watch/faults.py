"""Keeping what failed, so that those who run the hub see it without reading logs."""

import json
import threading
import time
from datetime import datetime, timedelta
from typing import Final

import structlog

from kit.database import Database
from staff.watch import store

KEPT: Final = timedelta(days=30)
_PAUSE: Final = 1.0  # seconds; of a storm of faults one in each is enough to see it

log = structlog.get_logger("faults")
_guard = threading.Lock()
_last = -_PAUSE


def keep(database: Database, body: bytes, *, place: str, error: Exception, now: datetime) -> None:
    """Keep a fault whose answer is `body` (kit.problems.fault): its number, where it happened, and
    what kind of error it was. Never more than one a second, and never another fault instead."""
    global _last
    with _guard:
        if time.monotonic() - _last < _PAUSE:
            return
        _last = time.monotonic()
    try:
        with database.transaction() as session:
            store.insert_fault(
                session, json.loads(body)["incident"], now, place, type(error).__name__
            )
    except Exception as second:  # The database may be what failed: the log has the first fault.
        log.warning("fault-not-kept", kind=type(second).__name__)
