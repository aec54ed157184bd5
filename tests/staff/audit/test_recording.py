"""The application adds to the audit log, and can do nothing else to it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from kit.database import Database
from staff.audit.recording import COMMAND_LINE, acting_from, record
from tests.books import Books
from tests.cluster import Address

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def application(address: Address, database: Database) -> Iterator[psycopg.Connection]:
    """The role under which the hub runs."""
    with psycopg.connect(address.application, autocommit=True) as connection:
        yield connection


class TestRecord:
    def test_keeps_who_what_where_and_what_changed(self, books: Books, database: Database) -> None:
        with database.transaction() as session, acting_from("10.2.0.14, passkey, ses_1"):
            record(
                session,
                who="fay",
                what="window-closed",
                object_="window 2026-10",
                now=NOW,
                reason="month end",
                before={"state": "open"},
                after={"state": "closed", "net": -12},
            )
        [row] = books.rows("SELECT * FROM staff.audit")
        assert (row.who, row.what, row.object, row.at) == (
            *("fay", "window-closed", "window 2026-10"),
            NOW,
        )
        assert (row.place, row.reason) == ("10.2.0.14, passkey, ses_1", "month end")
        assert (row.before, row.after) == ({"state": "open"}, {"state": "closed", "net": -12})

    def test_comes_from_the_command_line_unless_said_otherwise(
        self, books: Books, database: Database
    ) -> None:
        with database.transaction() as session:
            record(session, who="fay", what="window-closed", object_="window 1", now=NOW)
        assert [row.place for row in books.rows("SELECT place FROM staff.audit")] == [COMMAND_LINE]

    def test_knows_no_other_words_than_those_of_the_list(self, database: Database) -> None:
        with database.transaction() as session, pytest.raises(ValueError, match="looked around"):
            record(session, who="fay", what="looked around", object_="window 1", now=NOW)


class TestRole:
    """The application's role, over a connection of its own (T26)."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE staff.audit SET who = 'ben'",
            "DELETE FROM staff.audit",
            "TRUNCATE staff.audit",
            "UPDATE settlement.leaf SET hash = ''",
            "DELETE FROM settlement.leaf",
            "DELETE FROM settlement.head",
            "DROP TABLE staff.audit",
            # Under the number of a transaction that was sealed long ago.
            "INSERT INTO staff.audit (id, xid, at, who, what, object, place, reason)"
            " VALUES (gen_random_uuid(), 1, now(), 'fay', 'proposed', '', '', '')",
        ],
    )
    def test_may_not_rewrite(self, application: psycopg.Connection, statement: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement)

    def test_may_read_and_add(self, application: psycopg.Connection) -> None:
        application.execute(
            "INSERT INTO staff.audit (id, at, who, what, object, place, reason)"
            " VALUES (gen_random_uuid(), now(), 'fay', 'proposed', '', '', '')"
        )
        found = application.execute("SELECT who FROM staff.audit").fetchall()
        assert found == [("fay",)]
