"""Reading the audit log: pages of it, one entry, and all that was done to one object."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from kit.ids import to_text
from staff.audit import store
from staff.audit.errors import EntryNotFound
from staff.audit.store import Place, Wanted

AT_ONCE = 1000  # entries of a long list that are held at a time


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One act; `before` and `after` hold what changed, None where nothing did."""

    id: UUID
    at: datetime
    who: str
    what: str
    object: str
    place: str
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def name(self) -> str:
        """`aud_…`: as it is quoted."""
        return to_text("aud", self.id)


def newest(
    session: Session, wanted: Wanted, *, before: Place | None = None, limit: int
) -> list[Entry]:
    """The newest first; those before a place, when one is given."""
    return _entries(store.entries(session, wanted, before, limit, newest_first=True))


def oldest(
    session: Session, wanted: Wanted, *, after: Place | None = None, limit: int
) -> list[Entry]:
    """The oldest first; those after a place, when one is given."""
    return _entries(store.entries(session, wanted, after, limit, newest_first=False))


def every(session: Session, wanted: Wanted) -> Iterator[Entry]:
    """All of them, the newest first, a few at a time."""
    place: Place | None = None
    while some := newest(session, wanted, before=place, limit=AT_ONCE):
        yield from some
        place = (some[-1].at, some[-1].id)


def of_object(session: Session, object_: str, *, limit: int = 100) -> list[Entry]:
    """What was done to one thing, the newest first: the history of a window, who saw a member."""
    return newest(session, Wanted(object=object_), limit=limit)


def get(session: Session, id_: UUID) -> Entry:
    """One entry. Raises EntryNotFound."""
    row = store.find(session, id_)
    if row is None:
        raise EntryNotFound
    return _entry(row)


def people(session: Session) -> list[str]:
    """Everybody who ever did anything, by name; found without reading the log."""
    return store.people(session)


def _entries(rows: Sequence[RowMapping]) -> list[Entry]:
    return [_entry(row) for row in rows]


def _entry(row: RowMapping) -> Entry:
    return Entry(**row)
