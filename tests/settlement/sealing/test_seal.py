"""Sealing behind everybody's back: each journal once, in order, whoever is killed or late."""

from datetime import UTC, datetime

import psycopg
import pytest

from kit.database import Busy, Database
from settlement.sealing import heads, merkle, seal, store
from settlement.sealing.sealer import Sealer
from tests.books import Books
from tests.factories import build_sealer

NOW = datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def sealer() -> Sealer:
    return build_sealer()


@pytest.fixture
def trade(books: Books):
    """A party, a wallet, and some accruals in it."""
    issuer = books.party()
    wallet = books.wallet()
    return lambda count=1: [books.issue(issuer, wallet, 5) for _ in range(count)]


def seal_all(database: Database, window: int, sealer: Sealer):
    return seal.seal_window(database, window, sealer, NOW)


class TestSealWindow:
    def test_makes_a_leaf_of_each_journal_in_the_order_of_transactions(
        self, books, database, sealer, trade
    ):
        made = trade(7)
        head = seal_all(database, books.window_id, sealer)
        rows = books.rows("SELECT * FROM settlement.leaf ORDER BY index")
        assert [str(row.journal_id) for row in rows] == made
        assert [row.index for row in rows] == list(range(7))
        assert [row.xid for row in rows] == sorted(row.xid for row in rows)
        root = merkle.root(7, merkle.nodes_of([row.hash for row in rows]))
        assert (head.size, head.root, head.key_id) == (7, root.hex(), sealer.id)
        assert heads.is_signed(head, {sealer.id: sealer.private.public_key})

    def test_gives_the_same_head_while_nothing_is_new(self, books, database, sealer, trade):
        trade(3)
        first = seal_all(database, books.window_id, sealer)
        assert seal.seal_window(database, books.window_id, sealer, datetime.now(UTC)) == first
        assert list(heads.kept(sealer.heads)) == [first]

    def test_of_an_empty_log_is_the_empty_tree(self, books, database, sealer):
        head = seal_all(database, books.window_id, sealer)
        assert (head.size, head.root) == (0, merkle.EMPTY.hex())

    def test_is_busy_while_an_older_transaction_runs(
        self, books, database, sealer, trade, address, monkeypatch
    ):
        monkeypatch.setattr(seal, "PATIENCE", 0.2)
        trade(2)
        seal_all(database, books.window_id, sealer)
        with psycopg.connect(address.owner) as slow:
            slow.execute("SELECT pg_current_xact_id()")
            trade(1)
            with pytest.raises(Busy):
                seal_all(database, books.window_id, sealer)
            assert books.rows("SELECT count(*) AS n FROM settlement.leaf")[0].n == 2
            slow.rollback()
        assert seal_all(database, books.window_id, sealer).size == 3


class TestTiles:
    def test_a_tree_of_several_levels_has_the_root_of_its_leaves(
        self, books, database, sealer, trade, monkeypatch
    ):
        """Tiles of four instead of 256, so that a few leaves make three levels."""
        monkeypatch.setattr(store, "TILE", 4)
        monkeypatch.setattr("settlement.sealing.tree.HEIGHT", 2)
        for _ in range(4):
            trade(22)
            head = seal_all(database, books.window_id, sealer)
            rows = books.rows("SELECT hash FROM settlement.leaf ORDER BY index")
            nodes = merkle.nodes_of([row.hash for row in rows])
            assert head.root == merkle.root(head.size, nodes).hex()
        assert head.size == 88
        levels = books.rows("SELECT level, count(*) FROM settlement.node GROUP BY 1 ORDER BY 1")
        assert [tuple(row) for row in levels] == [(1, 22), (2, 5), (3, 1)]
