"""Sealing: journals and entries of the audit log become leaves behind everybody's back, and heads
are published over them.

Each keeps the number of its transaction. Those before the oldest one still running have ended, so
what they did is all to be seen and no more will come: up to there it is sealed, in the order of
(transaction, journals before entries, id). The last leaf says how far that was, so whoever is
killed leaves nothing to mend. Nobody who posts waits for any of this, or writes a row for it.
"""

import time
from collections.abc import Generator, Mapping
from contextlib import closing
from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from kit.database import Busy, Database
from settlement.sealing import heads, leaf, merkle, store, tree
from settlement.sealing.errors import HeadsDisagree
from settlement.sealing.sealer import Sealer
from settlement.statements import TreeHead
from settlement.store import take_time

CHUNK = (
    50_000  # postings and entries in one transaction, unless one transaction of the books made more
)
WRITTEN = 5_000  # leaves in one statement
PATIENCE = 10  # seconds for which the closing of a window waits for what holds it back
PAUSE = 0.05

_Made = tuple[store.Happened, bytes]


def seal(database: Database, sealer: Sealer, now: datetime) -> int:
    """Seal what has ended, and publish a head when there is anything new; how many leaves.

    A job: any number may run at once, and one that is killed leaves nothing behind. Nothing while
    another does it. Raises HeadsDisagree.
    """
    sealed = append(database, sealer)
    publish(database, sealer, now)
    return sealed


def seal_window(database: Database, window_id: int, sealer: Sealer, now: datetime) -> TreeHead:
    """Seal all journals of a closed window and what came before them; a head that covers them.

    Raises Busy while a transaction still running holds it back, and HeadsDisagree.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        append(database, sealer)
        with database.transaction() as session:
            take_time(session)
            _, since = store.end(session)
            left = store.count_postings(session, since, store.FOR_EVER, window=window_id)
        if not left and (head := publish(database, sealer, now)):
            return head
        if time.monotonic() > deadline:
            raise Busy("Another transaction has not ended yet: the window cannot be sealed.")
        time.sleep(PAUSE)


def append(database: Database, sealer: Sealer) -> int:
    """Make leaves of what has ended, in as many transactions as it takes; how many."""
    sealed, step, low = 0, 1 << 20, 0
    with database.transaction() as session:
        high = store.oldest_running(session)
    while True:
        with database.transaction() as session:
            if not store.lock(session):
                return sealed
            take_time(session)
            size, after = store.end(session)
            low = max(low, after)
            if low >= high:
                return sealed
            until, step = _reach(session, low, high, step)
            count = _append(session, size, low, until, sealer)
        sealed, low = sealed + count, until


def _reach(session: Session, low: int, high: int, step: int) -> tuple[int, int]:
    """Up to which transaction the next chunk goes, and what the one after it may try."""
    while True:
        until = min(high, low + step)
        count = store.count_postings(session, low, until)
        count += store.count_entries(session, low, until)
        if count <= CHUNK or step == 1:
            return until, step if count * 4 > CHUNK else step * 2
        step = max(1, min(step, until - low) // 2)


def _append(session: Session, size: int, low: int, high: int, sealer: Sealer) -> int:
    end = size
    with closing(_leaves(session, low, high, sealer)) as made:
        while some := list(islice(made, WRITTEN)):
            store.insert_leaves(session, end, some)
            end += len(some)
    tree.extend(session, size, end)
    return end - size


def _leaves(session: Session, low: int, high: int, sealer: Sealer) -> Generator[_Made, None, None]:
    key, windows = leaf.salt_key(sealer.secret), store.window_names(session)
    for each in store.happened(session, low, high):
        yield each, merkle.leaf_hash(make(key, each, windows).data)


def make(key: bytes, each: store.Happened, windows: Mapping[int, str]) -> leaf.Leaf:
    """The leaf of a journal or of an entry; `windows` are all names by number."""
    if each.kind == "audit":
        return leaf.make_entry(key, each.row)
    return leaf.make(key, each.row, each.postings, windows.get(each.row["window_id"], ""))


def publish(database: Database, sealer: Sealer, now: datetime) -> TreeHead | None:
    """The head over all leaves, signed now unless it was before; None while another adds to them.

    It is kept outside before the database has it: a head that the file does not know is nobody's.
    Raises HeadsDisagree.
    """
    with database.transaction() as session:
        if not store.lock(session):
            return None
        size, _ = store.end(session)
        found = store.find_head(session, size)
        if found is not None:
            return found
        nodes = tree.Tree(session).node
        last = heads.last_kept(sealer.heads)
        if last and (last.size > size or merkle.root(last.size, nodes).hex() != last.root):
            raise HeadsDisagree(kept=last.size, sealed=size)
        # Every refusal is above this line.
        if last and store.find_head(session, last.size) is None:
            store.insert_head(session, last)  # Whoever kept it was killed before this.
            if last.size == size:
                return last
        head = heads.sign(size, merkle.root(size, nodes), now, sealer)
        heads.keep(sealer.heads, head)
        store.insert_head(session, head)
        return head
