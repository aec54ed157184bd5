"""A superuser of the database rewrites the past: each change is found, and where."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from kit.database import Database
from kit.ids import to_text
from settlement.sealing import checking, leaf, merkle, seal, store, tree
from settlement.sealing.checking import Finding
from settlement.sealing.errors import HeadsDisagree
from settlement.sealing.sealer import Sealer
from tests.settlement.coalition import Coalition
from tests.settlement.sealing.superuser import CHANGES, unprotected

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LEAVES = 30

pytestmark = pytest.mark.corrupts_books


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four leaves to a tile, so that there are nodes of three levels."""
    monkeypatch.setattr(store, "TILE", 4)
    monkeypatch.setattr(tree, "HEIGHT", 2)


class Log:
    """A log of 30 journals of every kind of posting, with a head after each ten."""

    def __init__(self, coalition: Coalition, owner: psycopg.Connection) -> None:
        self.sealer: Sealer = coalition.signer
        self.database: Database = coalition.database
        self.owner = owner
        self.books = coalition.books
        coalition.partner("market")
        coalition.partner("fuel")
        wallet = coalition.wallet()
        for _ in range(3):
            accrual = coalition.issue("market", wallet, 100)
            for number in range(4):
                sale = coalition.spend("fuel", wallet, 10 + number)
                if number % 2:
                    coalition.refund("fuel", sale, 3)
            coalition.issue("fuel", wallet, 50)
            coalition.spend("market", wallet, 60)
            coalition.claw_back("market", accrual, 5)
            self.seal()
        assert self.rows("SELECT count(*) AS n FROM settlement.leaf")[0]["n"] == LEAVES

    def seal(self) -> None:
        seal.seal_window(self.database, self.books.window_id, self.sealer, NOW)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return [row._asdict() for row in self.books.rows(query, *values)]

    def check(self) -> list[Finding]:
        return list(
            checking.check(
                self.database,
                self.sealer.secret,
                {self.sealer.id: self.sealer.private.public_key},
                self.sealer.heads,
            )
        )

    def places(self) -> set[int | None]:
        return {finding.index for finding in self.check()}

    def seal_more(self) -> None:
        self.books.wallet(points=5)
        self.seal()

    def journal(self, index: int) -> UUID:
        [row] = self.rows("SELECT journal_id FROM settlement.leaf WHERE index = %s", index)
        return UUID(str(row["journal_id"]))

    def rechain(
        self, key: bytes | None = None, keep: Callable[[int], bool] = lambda _: False
    ) -> None:
        """Make leaves (with another secret, unless it was stolen), nodes and heads again."""
        hashes = []
        with self.database.transaction() as session:
            names = store.window_names(session)
            for each in list(store.everything(session)):
                assert each.happened is not None
                made = seal.make(key or leaf.salt_key(b"guessed"), each.happened, names)
                kept = keep(each.index)
                hashes.append(each.hash if kept else merkle.leaf_hash(made.data))
        for index, made_hash in enumerate(hashes):
            self.owner.execute(
                "UPDATE settlement.leaf SET hash = %s WHERE index = %s", (made_hash, index)
            )
        self.owner.execute("DELETE FROM settlement.node")
        with self.database.transaction() as session:
            tree.extend(session, 0, len(hashes))
        for row in self.rows("SELECT size FROM settlement.head"):
            root = merkle.Frontier()
            for each_hash in hashes[: row["size"]]:
                root.append(each_hash)
            self.owner.execute(
                "UPDATE settlement.head SET root = %s WHERE size = %s", (root.root(), row["size"])
            )


@pytest.fixture
def log(coalition: Coalition, owner: psycopg.Connection) -> Log:
    return Log(coalition, owner)


def test_nothing_is_found_when_nothing_was_touched(log: Log) -> None:
    assert log.check() == []


@pytest.fixture
def tampering(log: Log, owner: psycopg.Connection) -> Iterator[Callable[[str], None]]:
    """Runs a statement on the log as it was sealed, each time anew, no constraint in its way."""
    with unprotected(owner) as restore:

        def run(statement: str, *values: object) -> None:
            restore()
            owner.execute(statement, values)

        yield run


class TestEdits:
    def test_a_hundred_of_single_columns_are_each_found_at_their_leaf(self, log, tampering, owner):
        """Every column of both tables, and some again, of journals taken at random."""
        dice = random.Random(2026)  # noqa: S311
        log.books.close_window()  # So that there is another window for a journal to be moved to.
        every = owner.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'exchange' AND table_name IN ('journal', 'posting')"
        ).fetchall()
        assert len(every) == 35
        every += dice.choices(every, k=100 - len(every))
        for table, column, kind in every:
            index = dice.randrange(LEAVES)
            new = CHANGES[kind].format(column)
            if column == "window_id":
                new = 'nullif((SELECT max(id) FROM exchange."window"), window_id)'
            where = "id = %s" if table == "journal" else "journal_id = %s AND line = 1"
            statement = f"UPDATE exchange.{table} SET {column} = {new} WHERE {where}"
            tampering(statement, log.journal(index))
            assert index in log.places(), statement

    def test_of_a_leaf_are_found_there(self, log, tampering):
        for change in ("hash = sha256('x')", "xid = xid + 1", "window_id = window_id + 1"):
            tampering(f"UPDATE settlement.leaf SET {change} WHERE index = 17")
            assert 17 in log.places(), change

    def test_of_a_node_are_found_under_it(self, log, tampering):
        tampering("UPDATE settlement.node SET hash = sha256('x') WHERE level = 1 AND index = 3")
        assert [(each.index, each.says) for each in log.check()] == [
            (12, "the node over leaves 12 to 15 is wrong")
        ]

    @pytest.mark.parametrize(
        "change", ["root = sha256('x')", "at = at + interval '1 s'", "signature = root || root"]
    )
    def test_of_a_head_are_found_at_its_size(self, log, tampering, change):
        tampering(f"UPDATE settlement.head SET {change} WHERE size = 20")
        assert log.places() == {19}


class TestDeletions:
    def test_of_a_journal_with_all_that_belongs_to_it(self, log, tampering):
        journal = log.journal(11)
        tampering("DELETE FROM exchange.journal WHERE id = %s", journal)
        assert [(each.index, each.name) for each in log.check()] == [(11, to_text("jrn", journal))]
        log.owner.execute("DELETE FROM exchange.posting WHERE journal_id = %s", (journal,))
        log.owner.execute("DELETE FROM settlement.leaf WHERE journal_id = %s", (journal,))
        assert "this leaf was deleted" in {each.says for each in log.check() if each.index == 11}

    def test_of_a_posting(self, log, tampering):
        tampering("DELETE FROM exchange.posting WHERE journal_id = %s", log.journal(4))
        assert log.places() == {4}

    def test_of_the_newest_leaves(self, log, tampering):
        tampering("DELETE FROM settlement.leaf WHERE index >= 28")
        assert 28 in log.places()

    def test_of_a_node_and_of_a_head(self, log, tampering):
        tampering("DELETE FROM settlement.node WHERE level = 1 AND index = 4")
        assert log.places() == {16}
        tampering("DELETE FROM settlement.head WHERE size = 20")
        assert log.places() == {19}


class TestInsertions:
    def test_of_a_journal_among_sealed_ones(self, log, tampering):
        tampering(
            "INSERT INTO exchange.journal SELECT (jsonb_populate_record(j, jsonb_build_object("
            "'id', gen_random_uuid(), 'reference', 'other'))).* FROM exchange.journal j"
            " WHERE id = %s",
            log.journal(9),
        )
        [found] = log.check()
        assert found.index in (9, 10)
        assert found.says == "this journal was slipped in, unsealed"

    def test_of_a_journal_that_no_transaction_made(self, log, tampering):
        tampering(
            "INSERT INTO exchange.journal SELECT (jsonb_populate_record(j, jsonb_build_object("
            "'id', gen_random_uuid(), 'reference', 'other', 'xid', 1::bigint << 60))).*"
            " FROM exchange.journal j WHERE id = %s",
            log.journal(9),
        )
        assert [each.index for each in log.check()] == [None]

    def test_of_a_posting(self, log, tampering):
        tampering(
            "INSERT INTO exchange.posting SELECT (jsonb_populate_record(p, '{\"line\": 9}')).*"
            " FROM exchange.posting p WHERE journal_id = %s AND line = 1",
            log.journal(21),
        )
        assert log.places() == {21}

    def test_of_a_leaf_for_a_journal_sealed_already(self, log, tampering):
        tampering(
            "INSERT INTO settlement.leaf SELECT 30, journal_id, window_id + 1, xid, hash"
            " FROM settlement.leaf WHERE index = 2"
        )
        assert 30 in log.places()


class TestReorderings:
    def test_of_two_leaves(self, log, tampering):
        tampering("UPDATE settlement.leaf SET index = -1 WHERE index = 6")
        for new, old in ((6, 13), (13, -1)):
            log.owner.execute(f"UPDATE settlement.leaf SET index = {new} WHERE index = {old}")
        assert {7, 13} <= log.places()

    def test_of_two_journals_that_change_their_transactions(self, log, tampering):
        one, other = log.journal(6), log.journal(13)
        both = "SELECT id, xid FROM exchange.journal WHERE id IN (%s, %s)"
        tampering(
            f"UPDATE exchange.journal j SET xid = o.xid FROM ({both}) o"
            " WHERE j.id IN (%s, %s) AND o.id <> j.id",
            one, other, one, other,
        )  # fmt: skip
        assert {6, 13} <= log.places()


class TestRechaining:
    """One points column is changed, then every leaf, node and head is made again to match."""

    @pytest.fixture
    def changed(self, log, tampering) -> int:
        tampering("UPDATE exchange.journal SET points = points + 1 WHERE id = %s", log.journal(14))
        return 14

    def test_without_the_secret_is_found_at_every_leaf(self, log, changed):
        log.rechain()
        assert {*range(LEAVES)} <= log.places()

    def test_of_that_leaf_alone_is_found_there(self, log, changed):
        log.rechain(keep=lambda index: index != changed)
        assert changed in log.places()

    def test_with_the_secret_stolen_is_found_between_two_heads_kept_outside(self, log, changed):
        log.rechain(leaf.salt_key(log.sealer.secret))
        found = log.check()
        assert "leaves 10 to 19 are not those of the head kept outside" in " ".join(
            each.says for each in found if each.index == 10
        )
        assert {each.index for each in found} == {10, 19, 29}  # And both heads over it.

    def test_with_the_secret_and_no_file_outside_is_found_by_the_signatures(self, log, changed):
        log.sealer.heads.unlink()
        log.rechain(leaf.salt_key(log.sealer.secret))
        assert [(each.index, each.says) for each in log.check()] == [
            (19, "the head over 20 leaves is not signed by the hub"),
            (29, "the head over 30 leaves is not signed by the hub"),
        ]

    def test_is_not_signed_over_by_the_next_sealing(self, log, changed):
        log.rechain(leaf.salt_key(log.sealer.secret))
        with pytest.raises(HeadsDisagree):
            log.seal_more()
