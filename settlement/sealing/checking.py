"""Is the log still what was sealed? Everything is computed again, and compared where it stands.

Who may write to the database may change a journal or an entry of the audit log; then its leaf
disagrees. Without the hub's
secret nobody can make a leaf that agrees. Whoever has that as well, and makes all nodes and heads
again, disagrees with the heads that are kept outside the database, or with the key that signs them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from pathlib import Path

from kit.database import Database
from kit.ids import to_text
from partners.public_keys import PublicKey
from settlement.sealing import heads, leaf, merkle, store
from settlement.sealing.leaf import Kind
from settlement.sealing.seal import make
from settlement.sealing.store import Sealed
from settlement.statements import TreeHead
from settlement.store import take_time

LIMIT = 1000  # of what was slipped in; more would say no more

WORDS: Mapping[Kind, str] = {"journal": "journal", "audit": "entry of the audit log"}
SAYS: Mapping[Kind, str] = {
    "journal": "the journal or one of its postings is not what was sealed",
    "audit": "the entry of the audit log is not what was sealed",
}

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where: the index of a leaf, and what it is of where that is known.

    `name` is that of a journal, `jrn_…`, or of an entry of the audit log, `aud_…`.
    """

    index: int | None
    name: str | None
    says: str


def check(
    database: Database,
    secret: bytes,
    keys: Mapping[str, PublicKey],
    kept: Path,
    progress: Progress = lambda _: None,
) -> Iterator[Finding]:
    """Whatever disagrees, in the order of the leaves; nothing when all is well.

    `keys` are all the hub ever signed with, by id; `kept` is the file of heads to be believed.
    `progress` is told how many leaves have been compared. All is read in one snapshot.
    """
    with database.transaction() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        take_time(session)
        windows = store.window_names(session)
        watch = _Heads(store.every_head(session), heads.kept(kept), keys)
        tree = _Tree()
        key, last, after = leaf.salt_key(secret), None, 0
        yield from watch.look(tree)
        for each in store.everything(session):
            while tree.size < each.index:
                yield Finding(tree.size, None, "this leaf was deleted")
                tree.append(merkle.EMPTY)
            yield from _compare(each, last, key, windows)
            last, after = each, max(after, each.xid + 1)
            tree.append(each.hash)
            yield from watch.look(tree)
            progress(tree.size)
        yield from watch.rest(tree.size)
        for row in store.unsealed(session, after, LIMIT):
            name, word = to_text(leaf.PREFIXES[row["kind"]], row["id"]), WORDS[row["kind"]]
            yield Finding(row["index"], name, f"this {word} was slipped in, unsealed")
        yield from tree.compare(store.every_node(session))


def _compare(
    each: Sealed, last: Sealed | None, key: bytes, windows: Mapping[int, str]
) -> Iterator[Finding]:
    if each.id is None:
        yield Finding(each.index, None, "this leaf is of no one thing")
        return
    name, word = to_text(leaf.PREFIXES[each.kind], each.id), WORDS[each.kind]
    if last is not None and last.id is not None and last.place >= each.place:
        yield Finding(each.index, name, "this leaf is out of its order")
    found = each.happened
    if found is None:
        yield Finding(each.index, name, f"its {word} was deleted")
        return
    if (each.window_id, each.xid) != (found.row.get("window_id"), found.row["xid"]):
        yield Finding(each.index, name, f"its window or transaction is not that of the {word}")
    if merkle.leaf_hash(make(key, found, windows).data) != each.hash:
        yield Finding(each.index, name, SAYS[each.kind])


class _Tree:
    """The tree made again out of its leaves, and the nodes that should be kept of it."""

    def __init__(self) -> None:
        self._frontier = merkle.Frontier()
        self._open: list[list[bytes]] = [[]]
        self._nodes: dict[tuple[int, int], bytes] = {}

    @property
    def size(self) -> int:
        return self._frontier.size

    def root(self) -> bytes:
        return self._frontier.root()

    def append(self, hash_: bytes) -> None:
        self._frontier.append(hash_)
        self._open[0].append(hash_)
        level = 0
        while len(self._open[level]) == store.TILE:
            whole = merkle.full_root(self._open[level])
            self._open[level].clear()
            level += 1
            self._nodes[level, self.size // store.TILE**level - 1] = whole
            if level == len(self._open):
                self._open.append([])
            self._open[level].append(whole)

    def compare(self, kept: Iterator[tuple[int, int, bytes]]) -> Iterator[Finding]:
        """What is kept of the nodes, against what should be."""
        expected = dict(self._nodes)
        for level, index, hash_ in kept:
            if expected.pop((level, index), None) != hash_:
                yield _about_node(level, index, "is wrong")
        for level, index in expected:
            yield _about_node(level, index, "was deleted")


def _about_node(level: int, index: int, what: str) -> Finding:
    first = index * store.TILE**level
    return Finding(
        first, None, f"the node over leaves {first} to {first + store.TILE**level - 1} {what}"
    )


class _Heads:
    """The heads of the database and those kept outside, each compared when the tree is as large."""

    def __init__(
        self,
        ours: Iterator[TreeHead],
        outside: Iterator[TreeHead],
        keys: Mapping[str, PublicKey],
    ) -> None:
        sources = [((head, True) for head in ours), ((head, False) for head in outside)]
        self._coming = merge(*sources, key=lambda each: (each[0].size, not each[1]))
        self._next = next(self._coming, None)
        self._keys = keys
        self._ours: TreeHead | None = None
        self._agreed = 0  # Up to which leaf a head kept outside has agreed.
        self._broken: set[bool] = set()  # Of ours, of those outside: one finding says it.

    def look(self, tree: _Tree) -> Iterator[Finding]:
        """Compare the heads over all leaves that the tree has now."""
        while self._next is not None and self._next[0].size <= tree.size:
            head, ours = self._next
            yield from self._one(head, ours, tree.root().hex())
            self._next = next(self._coming, None)

    def rest(self, size: int) -> Iterator[Finding]:
        """Heads over more leaves than there are."""
        while self._next is not None:
            head, ours = self._next
            if ours:
                says = f"the head in the database covers {head.size} leaves, there are {size}"
            else:
                says = (
                    f"the head kept outside covers {head.size} leaves, there are {size}:"
                    f" not all is there from leaf {self._agreed} on"
                )
            yield Finding(size, None, says)
            self._next = next(self._coming, None)

    def _one(self, head: TreeHead, ours: bool, root: str) -> Iterator[Finding]:
        at, what = max(0, head.size - 1), f"the head over {head.size} leaves"
        if ours:
            self._ours = head
            if not heads.is_signed(head, self._keys):
                yield Finding(at, None, f"{what} is not signed by the hub")
            if head.root != root and ours not in self._broken:
                self._broken.add(ours)
                yield Finding(at, None, f"{what} is not that of these leaves")
            return
        if self._ours is None or self._ours.size != head.size:
            yield Finding(at, None, f"{what} was deleted")
        elif self._ours.root != head.root:
            yield Finding(at, None, f"{what} is not the one kept outside")
        if head.root == root:
            self._agreed = head.size
        elif ours not in self._broken:
            self._broken.add(ours)
            yield Finding(
                self._agreed,
                None,
                f"leaves {self._agreed} to {at} are not those of the head kept outside:"
                " one of them was changed, and what stands on it made again",
            )
