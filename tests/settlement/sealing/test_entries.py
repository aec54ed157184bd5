"""Entries of the audit log are sealed with the journals, in one order, and nothing waits for it."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from kit.database import Database
from settlement.sealing import checking, merkle, seal
from settlement.sealing.sealer import Sealer
from staff.audit.recording import record
from tests.books import Books
from tests.factories import build_sealer

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def sealer() -> Sealer:
    return build_sealer()


def act(database: Database, count: int = 1) -> list[UUID]:
    """So many entries of one transaction, in the order of the log."""
    with database.transaction() as session:
        made = [
            record(
                session,
                who="fay",
                what="window-closed",
                object_=f"window {number}",
                now=NOW,
                before={"state": "open"},
            )
            for number in range(count)
        ]
    return sorted(made)


def sealed(books: Books) -> list[str]:
    rows = books.rows("SELECT journal_id, audit_id FROM settlement.leaf ORDER BY index")
    return [str(row.journal_id or row.audit_id) for row in rows]


class TestSeal:
    def test_puts_both_kinds_into_one_order(
        self, books: Books, database: Database, sealer: Sealer
    ) -> None:
        issuer, wallet = books.party(), books.wallet()
        made = [books.issue(issuer, wallet, 5)]
        made += map(str, act(database, 3))
        made += [books.issue(issuer, wallet, 5)]
        made += map(str, act(database))
        head = seal.seal_window(database, books.window_id, sealer, NOW)
        while head.size < len(made):  # A window does not wait for what is none of its journals.
            seal.append(database, sealer)
            head = seal.publish(database, sealer, NOW) or head
        assert sealed(books) == made
        hashes = [row.hash for row in books.rows("SELECT hash FROM settlement.leaf ORDER BY index")]
        assert head.root == merkle.root(6, merkle.nodes_of(hashes)).hex()
        keys = {sealer.id: sealer.private.public_key}
        assert list(checking.check(database, sealer.secret, keys, sealer.heads)) == []

    def test_puts_journals_before_entries_of_the_same_transaction(
        self, books: Books, database: Database, sealer: Sealer, owner: psycopg.Connection
    ) -> None:
        journal = books.issue(books.party(), books.wallet(), 5)
        [entry] = act(database)
        owner.execute(
            "UPDATE staff.audit SET xid = (SELECT xid FROM exchange.journal WHERE id = %s)",
            (journal,),
        )
        seal.seal_window(database, books.window_id, sealer, NOW)
        assert sealed(books) == [journal, str(entry)]

    def test_takes_many_entries_in_chunks(
        self,
        books: Books,
        database: Database,
        sealer: Sealer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(seal, "CHUNK", 5)
        made = [str(entry) for _ in range(7) for entry in act(database, 3)]
        while len(sealed(books)) < len(made):
            seal.append(database, sealer)
        assert sealed(books) == made
