"""A partner's record from its first line to its matching."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from exchange.store import Row
from kit.database import Database
from kit.ids import uuid7
from partners.api.operations import File
from settlement.errors import WindowNotClosed
from settlement.reconciliation import matching, records, store
from settlement.reconciliation.errors import (
    PartTaken,
    ReconciliationNotFound,
    RecordComplete,
    RecordIncomplete,
    RecordsTooMany,
    RecordTooLong,
)
from settlement.reconciliation.records import Side
from settlement.reconciliation.store import Reconciliation
from settlement.store import get_window, take_time

MAX_LINES: Final = 1_000_000  # of one record
MAX_RECORDS: Final = 20  # of one partner, window and side
AT_ONCE: Final = 20_000  # lines that are matched while their partner waits…
PATIENCE: Final = "2s"  # …unless a statement of it takes longer
KEPT: Final = timedelta(days=180)  # for which lines and findings are kept
CLEARED_AT_ONCE: Final = 100_000  # rows


def begin(
    session: Session,
    *,
    party: int,
    window: str,
    side: Side,
    tolerance: int,
    many: bool,
    now: datetime,
) -> Reconciliation:
    """A record without lines yet; `tolerance` is in seconds.

    Raises WindowNotFound, WindowNotClosed, RecordsTooMany.
    """
    found = get_window(session, window)
    if found.closed_at is None:
        raise WindowNotClosed
    if store.count(session, party, found.id, side) >= MAX_RECORDS:
        raise RecordsTooMany(limit=MAX_RECORDS)
    id_ = uuid7()
    store.insert(
        session,
        {
            "id": id_,
            "party": party,
            "window": found.id,
            "side": side,
            "tolerance": tolerance,
            "many": many,
            "now": now,
        },
    )
    return get(session, id_)


def get(session: Session, id_: UUID, party: int | None = None) -> Reconciliation:
    """One record; with `party`, another's is not found. Raises ReconciliationNotFound."""
    found = store.find(session, id_, party)
    if found is None:
        raise ReconciliationNotFound
    return found


def receive(
    session: Session, id_: UUID, part: int, file: File, *, party: int | None, now: datetime
) -> Row:
    """Take a part of a record: its number, lines and points. The same part again is taken as one.

    Raises ReconciliationNotFound, RecordComplete, PartTaken, RecordMalformed, RecordTooLong.
    """
    record = get(session, id_, party)
    if store.lock(session, id_, alone=False) != "loading":
        raise RecordComplete
    digest = sha256(file.body).digest()
    known = store.part(session, id_, part)
    if known is not None:
        if known["digest"] != digest:
            raise PartTaken(part=part, lines=known["lines"])
        return known
    take_time(session)
    lines, points = store.insert_lines(session, id_, part, records.read(file, record.side))
    if record.lines + lines > MAX_LINES:
        raise RecordTooLong(limit=MAX_LINES)
    values = {"id": id_, "part": part, "lines": lines, "points": points, "digest": digest}
    store.insert_part(session, values | {"now": now})
    found = store.part(session, id_, part)
    if found is None:
        raise RuntimeError("a part that was written is not there")
    return found


def ask(
    session: Session, id_: UUID, *, lines: int, party: int | None, now: datetime
) -> Reconciliation:
    """Match a record of so many lines: at once if that is quick, else when a worker comes to it.

    Raises ReconciliationNotFound, RecordComplete, RecordIncomplete, RecordTooLong.
    """
    get(session, id_, party)
    if store.lock(session, id_, alone=True) != "loading":
        raise RecordComplete
    record = get(session, id_)
    if record.lines != lines:
        raise RecordIncomplete(received=record.lines, expected=lines)
    if lines > MAX_LINES:
        raise RecordTooLong(limit=MAX_LINES)
    # Every refusal is above this line.
    store.move(session, id_, "waiting")
    if lines <= AT_ONCE:
        _try(session, record, now)
    return get(session, id_)


def _try(session: Session, record: Reconciliation, now: datetime) -> None:
    """Match, unless the books' side of it takes long: then it waits for a worker."""
    try:
        with session.begin_nested():
            matching.match(session, record, now, patience=PATIENCE)
    except OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise


def match_next(database: Database, now: datetime) -> int:
    """Match the record that has waited longest; 1, or 0 when none waits.

    What was cut short is matched again from its beginning: nothing of it was kept.
    """
    with database.transaction() as session:
        id_ = store.to_match(session)
        if id_ is None:
            return 0
        store.move(session, id_, "matching")
    with database.transaction() as session:
        if store.lock(session, id_, alone=True) == "matching":
            matching.match(session, get(session, id_), now)
    return 1


def clear_away(database: Database, now: datetime) -> int:
    """Drop lines and findings that have had their time, some at a time; how many rows."""
    with database.transaction() as session:
        id_ = store.to_clear(session, now - KEPT)
        if id_ is None:
            return 0
        session.execute(text("SET LOCAL statement_timeout = '1min'"))
        gone = store.clear(session, id_, CLEARED_AT_ONCE)
        if not gone:
            store.mark_cleared(session, id_, now)
    return gone
