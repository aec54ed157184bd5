"""T27: a superuser rewrites one row among many, of the books or of the audit log, and covers it up.

Each round takes a row at random, edits, deletes or reorders it, or truncates the log there; then
leaves things as they are, or makes leaves, nodes and heads again, without the hub's secret or with
a stolen one. Every time something is found, and where. Ten rounds among a thousand rows here;
HUB_FULL=1 makes it a hundred among 100,000, in forty minutes.
"""

import os
import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from settlement.sealing import checking, leaf, merkle, seal, store, tree
from settlement.sealing.checking import Finding
from settlement.sealing.sealer import Sealer
from settlement.store import take_time
from staff.audit.recording import record
from tests.books import Books
from tests.factories import build_sealer
from tests.settlement.sealing.superuser import CHANGES, unprotected

FULL = bool(os.environ.get("HUB_FULL"))
ROUNDS, BLOCKS, BATCH = (100, 500, 185) if FULL else (10, 10, 85)
NOW = datetime(2030, 1, 1, tzinfo=UTC)

# What says which row it is, and where it stands: edits that are covered up leave these alone.
PLACES = ("id", "xid", "window_id", "journal_id", "line")

pytestmark = pytest.mark.corrupts_books


@dataclass
class History:
    """A log of blocks, each of a crowd of journals at once, then single journals and entries."""

    books: Books
    owner: psycopg.Connection
    sealer: Sealer
    size: int = 0

    def live(self) -> None:
        issuer, wallet = self.books.party(), self.books.wallet()
        link = self.books.link(issuer, wallet)
        for block in range(BLOCKS):
            crowd = [{"points": 3 + number} for number in range(BATCH)]
            self.books.post_all(
                [self.books.order("accrual", party=issuer, link=link, **each) for each in crowd]
            )
            for number in range(5):
                self.books.issue(issuer, wallet, 7)
                self.act(block * 10 + number)
            self.act(block * 10 + 5, count=5)
            if block % max(1, BLOCKS // 10) == 0:
                self.seal()
        self.seal()

    def act(self, number: int, count: int = 1) -> None:
        with self.books.database.transaction() as session:
            for each in range(count):
                record(
                    session,
                    who="fay",
                    what="window-closed",
                    object_=f"window {number}",
                    now=NOW + timedelta(seconds=number),
                    reason="" if each % 2 else "a reason",
                    before={"state": "open", "net": number},
                    after=None if each % 2 else {"state": "closed"},
                )

    def seal(self) -> None:
        head = None
        made = self.count("exchange.journal") + self.count("staff.audit")
        while head is None or head.size < made:  # Others' transactions may hold it back.
            seal.append(self.books.database, self.sealer)
            head = seal.publish(self.books.database, self.sealer, NOW)
        self.size = head.size

    def count(self, table: str) -> int:
        found: int = self.books.rows(f"SELECT count(*) AS n FROM {table}")[0].n
        return found

    def check(self) -> list[Finding]:
        keys = {self.sealer.id: self.sealer.private.public_key}
        return list(
            checking.check(self.books.database, self.sealer.secret, keys, self.sealer.heads)
        )

    def alone(self, kind: str) -> tuple[int, int]:
        """Where two leaves stand whose transactions did nothing else, the earlier first."""
        one, other = self.books.rows(
            "SELECT min(index) AS index FROM settlement.leaf GROUP BY xid"
            f" HAVING count(*) = 1 AND count(audit_id) = {int(kind == 'audit')}"
            " ORDER BY random() LIMIT 2"
        )
        return min(one.index, other.index), max(one.index, other.index)

    def columns(self, table: str) -> list[tuple[str, str]]:
        rows = self.books.rows(
            "SELECT column_name AS name, data_type AS type FROM information_schema.columns"
            " WHERE table_schema || '.' || table_name = %s",
            table,
        )
        return [(row.name, row.type) for row in rows if row.name not in PLACES]

    # --- what is done to a row, by its leaf -------------------------------------------------------

    def edit(self, kind: str, index: int, dice: random.Random) -> None:
        table, key = ("staff.audit", "id") if kind == "audit" else dice.choice(
            [("exchange.journal", "id"), ("exchange.posting", "journal_id")]
        )  # fmt: skip
        column, of = dice.choice(self.columns(table))
        self.owner.execute(
            f"UPDATE {table} SET {column} = {CHANGES[of].format(column)} WHERE {key} ="
            " (SELECT coalesce(journal_id, audit_id) FROM settlement.leaf WHERE index = %s)",
            (index,),
        )

    def delete(self, index: int) -> None:
        for table, key in (
            *(("exchange.posting", "journal_id"), ("exchange.journal", "id")),
            ("staff.audit", "id"),
        ):
            self.owner.execute(
                f"DELETE FROM {table} WHERE {key} ="
                " (SELECT coalesce(journal_id, audit_id) FROM settlement.leaf WHERE index = %s)",
                (index,),
            )

    def swap(self, kind: str, one: int, other: int) -> None:
        """Each takes the other's transaction."""
        for table, key in (
            [("staff.audit", "id")]
            if kind == "audit"
            else [("exchange.journal", "id"), ("exchange.posting", "journal_id")]
        ):
            self.owner.execute(
                f"UPDATE {table} t SET xid = o.xid FROM settlement.leaf l, settlement.leaf o"
                f" WHERE t.{key} = coalesce(l.journal_id, l.audit_id)"
                " AND (l.index, o.index) IN ((%s, %s), (%s, %s))",
                (one, other, other, one),
            )

    def truncate(self, index: int) -> None:
        """The row and all after it, with whatever says that there was more."""
        for table, key in (
            *(("exchange.posting", "journal_id"), ("exchange.journal", "id")),
            ("staff.audit", "id"),
        ):
            self.owner.execute(
                f"DELETE FROM {table} WHERE {key} IN"
                " (SELECT coalesce(journal_id, audit_id) FROM settlement.leaf WHERE index >= %s)",
                (index,),
            )
        self.owner.execute("DELETE FROM settlement.leaf WHERE index >= %s", (index,))
        self.owner.execute("DELETE FROM settlement.head WHERE size > %s", (index,))

    # --- and how it is covered up -----------------------------------------------------------------

    def forget(self, index: int) -> None:
        """Take the leaf out as well, and close the gap."""
        self.owner.execute("DELETE FROM settlement.leaf WHERE index = %s", (index,))
        for step in ("-index WHERE index > %s", "-index - 1 WHERE index < -%s"):
            self.owner.execute(f"UPDATE settlement.leaf SET index = {step}", (index,))
        self.owner.execute("DELETE FROM settlement.head WHERE size = %s", (self.size,))

    def change_places(self, one: int, other: int) -> None:
        """Put each leaf where the other was, under the transaction that its row has now."""
        for new, old in ((-1, one), (one, other), (other, -1)):
            self.owner.execute("UPDATE settlement.leaf SET index = %s WHERE index = %s", (new, old))
        self.owner.execute(
            "UPDATE settlement.leaf l SET xid = o.xid FROM settlement.leaf o"
            " WHERE (l.index, o.index) IN ((%s, %s), (%s, %s))",
            (one, other, other, one),
        )

    def rechain(self, indices: list[int], secret: bytes) -> None:
        """Make these leaves again, and all that stands on the leaves."""
        key = leaf.salt_key(secret)
        with self.books.database.transaction() as session:
            take_time(session)
            names = store.window_names(session)
            for each in store.everything(session):
                if each.index in indices and each.happened is not None:
                    hash_ = merkle.leaf_hash(seal.make(key, each.happened, names).data)
                    self.owner.execute(
                        "UPDATE settlement.leaf SET hash = %s WHERE index = %s",
                        (hash_, each.index),
                    )
        self.owner.execute("DELETE FROM settlement.node")
        with self.books.database.transaction() as session:
            take_time(session)
            tree.extend(session, 0, store.count_leaves(session))
        hashes = [
            row.hash for row in self.books.rows("SELECT hash FROM settlement.leaf ORDER BY index")
        ]
        sizes = {row.size for row in self.books.rows("SELECT size FROM settlement.head")}
        top = merkle.Frontier()
        for each_hash in hashes:
            top.append(each_hash)
            if top.size in sizes:
                self.owner.execute(
                    "UPDATE settlement.head SET root = %s WHERE size = %s", (top.root(), top.size)
                )


@pytest.fixture
def history(books: Books, owner: psycopg.Connection) -> History:
    made = History(books, owner, build_sealer())
    made.live()
    assert made.size == BLOCKS * (BATCH + 15)
    return made


@pytest.fixture
def dice() -> random.Random:
    return random.Random(27)  # noqa: S311


EXACT = {("without the secret", "edit"), ("without the secret", "reorder")}
COVERS = ("none", "without the secret", "with the secret")


def test_every_row_that_was_rewritten_is_found_in_its_place(
    history: History, owner: psycopg.Connection, dice: random.Random
) -> None:
    assert history.check() == []
    missed = []
    with unprotected(owner) as restore:
        for number in range(ROUNDS):
            act = ("edit", "delete", "reorder", "truncate")[number % 4]
            cover = COVERS[number % 3]
            places = rewrite(history, act, cover, dice)
            found = history.check()
            # Whoever has the secret makes leaves that agree, and a leaf that is gone without a gap
            # cannot disagree: then the first is between two heads kept outside.
            exact = cover == "none" or act == "truncate" or (cover, act) in EXACT
            asked = places if exact else places[:1]
            if not all(is_found(found, place, exact=exact) for place in asked):
                missed.append((number, act, cover, places, found[:5]))
            restore()
        assert history.check() == []
    assert missed == []


def test_a_chain_made_again_is_found_by_its_signatures_when_no_head_was_kept(
    history: History, owner: psycopg.Connection, dice: random.Random
) -> None:
    """The file outside is lost, the hub's secret stolen; not the key that signs."""
    kept = history.sealer.heads.read_bytes()
    history.sealer.heads.unlink()
    sizes = [row.size for row in history.books.rows("SELECT size FROM settlement.head ORDER BY 1")]
    with unprotected(owner) as restore:
        for act in ("edit", "reorder"):
            places = rewrite(history, act, "with the secret", dice)
            unsigned = [f.index for f in history.check() if "is not signed by the hub" in f.says]
            assert unsigned == [size - 1 for size in sizes if size > min(places)]
            restore()
    history.sealer.heads.write_bytes(kept)


def rewrite(history: History, act: str, cover: str, dice: random.Random) -> list[int]:
    """Rewrite a row; the indices of the leaves it is about."""
    kind = dice.choice(["journal", "audit"])
    one, other = history.alone(kind)
    touched = [one]
    match act:
        case "edit":
            history.edit(kind, one, dice)
        case "delete":
            history.delete(one)
        case "reorder":
            history.swap(kind, one, other)
            touched = [one, other]
        case "truncate":
            history.truncate(one)
    if cover != "none":
        if act == "delete":
            history.forget(one)
        if act == "reorder":
            history.change_places(one, other)
        secret = history.sealer.secret if cover == "with the secret" else b"guessed"
        history.rechain(touched if act in ("edit", "reorder") else [], secret)
    return touched


def is_found(found: list[Finding], place: int, *, exact: bool) -> bool:
    """Whether some finding is of this place: of this very leaf, or of a range that it is in."""
    if exact:
        return any(each.index == place for each in found)
    for each in found:
        if leaves := re.match(r"leaves (\d+) to (\d+) are not those of the head kept", each.says):
            return int(leaves[1]) <= place <= int(leaves[2])
        if rest := re.search(r"there are (\d+): not all is there from leaf (\d+) on", each.says):
            return int(rest[2]) <= place <= int(rest[1])
    return False
