"""Reading the audit log: every question by an index, in pages without a gap, however long it is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.orm import Session

from kit.database import Database
from staff.audit import reading
from staff.audit.errors import EntryNotFound
from staff.audit.reading import Wanted
from staff.audit.recording import record
from tests.cluster import Cluster, migrated_database
from tests.walks.plans import pages, plans, scanned

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ENTRIES = 100_000
FEW = 60  # pages of 8 kB; the table has 2,000


def act(database: Database, number: int = 0, **changes: Any) -> UUID:
    values: dict[str, Any] = {
        "who": "fay",
        "what": "window-closed",
        "object_": "window 1",
        "now": NOW + timedelta(minutes=number),
    }
    with database.transaction() as session:
        return record(session, **values | changes)


class TestGet:
    def test_gives_all_of_an_entry(self, database: Database) -> None:
        id_ = act(database, reason="why", before={"a": [1]}, after={"a": None})
        with database.transaction() as session:
            found = reading.get(session, id_)
        assert (found.who, found.what, found.object) == ("fay", "window-closed", "window 1")
        assert (found.reason, found.before, found.after) == ("why", {"a": [1]}, {"a": None})
        assert found.at == NOW

    def test_refuses_one_that_is_not_there(self, database: Database) -> None:
        with database.transaction() as session, pytest.raises(EntryNotFound):
            reading.get(session, UUID(int=1))


class TestEvery:
    def test_goes_through_all_of_them_in_pieces(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "AT_ONCE", 3)
        made = [act(database, number // 2) for number in range(10)]
        with database.transaction() as session:
            found = [each.id for each in reading.every(session, Wanted())]
        assert sorted(found) == sorted(made)
        assert len(found) == 10


class TestOfObject:
    def test_is_its_history(self, database: Database) -> None:
        first, second = act(database, 1), act(database, 2, what="window-settled")
        act(database, 3, object_="window 2")
        with database.transaction() as session:
            found = reading.of_object(session, "window 1")
        assert [each.id for each in found] == [second, first]


class TestPeople:
    def test_are_each_named_once(self, database: Database) -> None:
        for who in ("fay", "ben", "fay", "Ann", "system"):
            act(database, who=who)
        with database.transaction() as session:
            assert sorted(reading.people(session)) == ["Ann", "ben", "fay", "system"]


MIDDLE = (datetime(2026, 6, 1, tzinfo=UTC), UUID(int=0))
JUNE = Wanted(begins=datetime(2026, 6, 1, tzinfo=UTC), ends=datetime(2026, 7, 1, tzinfo=UTC))
QUESTIONS: dict[str, Callable[[Session], Any]] = {
    "all": lambda s: reading.newest(s, Wanted(), limit=50),
    "older": lambda s: reading.newest(s, Wanted(), before=MIDDLE, limit=50),
    "newer": lambda s: reading.oldest(s, Wanted(), after=MIDDLE, limit=50),
    "who": lambda s: reading.newest(s, Wanted(who="operator 7"), limit=50),
    "what": lambda s: reading.newest(s, Wanted(what="what-7"), limit=50),
    "object": lambda s: reading.newest(s, Wanted(object="window 77"), limit=50),
    "period": lambda s: reading.newest(s, JUNE, limit=50),
    "who, older": lambda s: reading.newest(s, Wanted(who="operator 7"), before=MIDDLE, limit=50),
    "people": reading.people,
}


@pytest.fixture(scope="module")
def long(cluster: Cluster) -> Iterator[Database]:
    """A hub of a hundred thousand entries."""
    with migrated_database(cluster, "audit") as address:
        with psycopg.connect(address.owner, autocommit=True) as owner:
            owner.execute(
                "INSERT INTO staff.audit (id, xid, at, who, what, object, place, reason)"
                " SELECT lpad(to_hex(i), 32, '0')::uuid, i,"
                " timestamptz '2026-01-01' + i * interval '5 min', 'operator ' || i % 12,"
                " 'what-' || i % 40, 'window ' || i / 50, '10.2.0.14, passkey', ''"
                f" FROM generate_series(1, {ENTRIES}) i"
            )
            owner.execute("VACUUM ANALYZE staff.audit")
        database = Database(address.application)
        yield database
        database.close()


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_reads_the_log_from_end_to_end(long: Database, name: str) -> None:
    for plan in plans(long, QUESTIONS[name]):
        assert "audit" not in scanned(plan)
        assert pages(plan) < FEW
