"""Windows: the settlement period that a journal belongs to, exactly one and for ever."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from exchange import store
from exchange.errors import BooksClosed, WindowAlreadyOpen


@dataclass(frozen=True, slots=True)
class Window:
    id: int
    name: str
    opened_at: datetime
    closed_at: datetime | None = None


def open_first(session: Session, name: str) -> Window:
    """Open the books. Raises WindowAlreadyOpen."""
    store.lock_windows(session)
    if store.open_window(session) is not None:
        raise WindowAlreadyOpen
    now = store.database_now(session)
    return Window(store.insert_window(session, name, now), name, now)


def close_and_open_next(
    session: Session, next_name: str, moment: datetime | None = None
) -> tuple[Window, Window]:
    """Close the open window and open the next in the same moment; the closed one, then the open.

    Waits for the postings under way and holds back new ones until this transaction ends, so
    commit soon. The moment is read after the lock: no journal of the window is later; one that is
    given is for tests and replays. Raises BooksClosed.
    """
    store.lock_windows(session)
    row = store.open_window(session)
    if row is None:
        raise BooksClosed
    now = moment or store.database_now(session)
    store.close_window(session, row["id"], now)
    closed = Window(row["id"], row["name"], row["opened_at"], now)
    return closed, Window(store.insert_window(session, next_name, now), next_name, now)
