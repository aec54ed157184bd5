"""Sealing behind everybody's back: each journal once, in order, whoever is killed or late."""

import contextlib
import threading
import time
from datetime import UTC, datetime

import psycopg
import pytest

from kit.database import Busy, Database
from settlement.sealing import checking, heads, merkle, seal, store
from settlement.sealing.errors import HeadsDisagree
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
        trade(2)
        seal_all(database, books.window_id, sealer)
        with psycopg.connect(address.owner) as slow, monkeypatch.context() as impatient:
            impatient.setattr(seal, "PATIENCE", 0.2)
            slow.execute("SELECT pg_current_xact_id()")
            trade(1)
            with pytest.raises(Busy):
                seal_all(database, books.window_id, sealer)
            assert books.rows("SELECT count(*) AS n FROM settlement.leaf")[0].n == 2
            slow.rollback()
        assert seal_all(database, books.window_id, sealer).size == 3


class TestTiles:
    @pytest.mark.corrupts_books  # The checker counts the nodes of tiles of 256.
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


class TestPublish:
    def test_keeps_a_head_outside_before_the_database_has_it(
        self, books, database, sealer, trade, monkeypatch
    ):
        """Killed between the two, the next one takes the kept head for what it is."""
        trade(2)
        with monkeypatch.context() as killed:
            killed.setattr(store, "insert_head", _die)
            with pytest.raises(KeyboardInterrupt):
                seal_all(database, books.window_id, sealer)
        [kept] = heads.kept(sealer.heads)
        assert books.rows("SELECT * FROM settlement.head") == []
        assert seal_all(database, books.window_id, sealer) == kept
        assert list(heads.kept(sealer.heads)) == [kept]

    def test_is_refused_over_a_log_that_was_set_back(self, books, database, owner, sealer, trade):
        trade(2)
        seal_all(database, books.window_id, sealer)
        owner.execute("DELETE FROM settlement.head")
        owner.execute("DELETE FROM settlement.leaf WHERE index = 1")
        with database.transaction() as session:
            assert store.end(session)[0] == 1
        with pytest.raises(HeadsDisagree):
            seal.publish(database, sealer, NOW)
        owner.execute("DELETE FROM settlement.leaf")

    def test_passes_over_a_line_that_a_crash_cut_short(self, books, database, sealer, trade):
        trade(1)
        first = seal_all(database, books.window_id, sealer)
        with sealer.heads.open("ab") as file:
            file.write(b'{"size": 2, "ro')
        trade(1)
        second = seal_all(database, books.window_id, sealer)
        assert list(heads.kept(sealer.heads)) == [first, second]
        assert heads.last_kept(sealer.heads) == second


def _die(*_: object) -> None:
    raise KeyboardInterrupt


class TestAppend:
    @pytest.mark.corrupts_books  # As above.
    @pytest.mark.parametrize("step", ["insert_leaves", "insert_nodes", "insert_head"])
    def test_killed_anywhere_goes_on_where_it_was(
        self, books, database, sealer, trade, monkeypatch, step
    ):
        monkeypatch.setattr(store, "TILE", 4)
        monkeypatch.setattr("settlement.sealing.tree.HEIGHT", 2)
        monkeypatch.setattr(seal, "CHUNK", 5)
        trade(13)
        plain, calls = getattr(store, step), iter(range(100))

        def sometimes(*values: object) -> None:
            plain(*values)
            if next(calls) % 2 == 0:
                raise KeyboardInterrupt

        with monkeypatch.context() as killed:
            killed.setattr(store, step, sometimes)
            for _ in range(3):
                with contextlib.suppress(KeyboardInterrupt):
                    seal_all(database, books.window_id, sealer)
        head = seal_all(database, books.window_id, sealer)
        rows = books.rows("SELECT * FROM settlement.leaf ORDER BY index")
        assert len({row.journal_id for row in rows}) == len(rows) == head.size == 13
        assert head.root == merkle.root(13, merkle.nodes_of([row.hash for row in rows])).hex()
        keys = {sealer.id: sealer.private.public_key}
        assert list(checking.check(database, sealer.secret, keys, sealer.heads)) == []

    def test_of_two_at_once_seals_each_journal_once(self, books, database, sealer, trade):
        """And while others post: what they do is sealed by whoever comes after."""
        stop = threading.Event()

        def post() -> None:
            while not stop.is_set():
                trade(1)

        def sealing() -> None:
            while not stop.is_set():
                seal.seal(database, sealer, NOW)

        threads = [threading.Thread(target=each) for each in (post, sealing, sealing)]
        for each in threads:
            each.start()
        time.sleep(2)
        stop.set()
        for each in threads:
            each.join()
        head = seal_all(database, books.window_id, sealer)
        assert head.size == books.rows("SELECT count(*) AS n FROM exchange.journal")[0].n
        keys = {sealer.id: sealer.private.public_key}
        assert list(checking.check(database, sealer.secret, keys, sealer.heads)) == []

    def test_seals_a_transaction_that_ends_late_in_its_place(
        self, books, database, sealer, trade, address
    ):
        """An older number that commits after younger ones: nothing younger was sealed before."""
        with psycopg.connect(address.owner) as slow:
            slow.execute("SELECT pg_current_xact_id()")
            trade(3)
            seal.append(database, sealer)
            assert books.rows("SELECT * FROM settlement.leaf") == []
            slow.commit()
        assert seal_all(database, books.window_id, sealer).size == 3


class TestLag:
    def test_under_load_is_far_below_a_minute(self, books, database, sealer, trade):
        """Sealing every second beside a busy till: nothing older than a few seconds is open."""
        stop, late = threading.Event(), []

        def post() -> None:
            while not stop.is_set():
                trade(1)

        till = threading.Thread(target=post)
        till.start()
        for _ in range(4):
            time.sleep(1)
            seal.seal(database, sealer, NOW)
            [row] = books.rows(
                "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(j.at)), 0) AS lag"
                " FROM exchange.journal j LEFT JOIN settlement.leaf l ON l.journal_id = j.id"
                " WHERE l.index IS NULL"
            )
            late.append(float(row.lag))
        stop.set()
        till.join()
        assert max(late) < 10
        assert seal_all(database, books.window_id, sealer).size > 50
