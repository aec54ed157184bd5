"""One entry of the audit log in the sealed log: whether it stands there, and the proof of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from partners.public_keys import PublicKey
from settlement.sealing import heads, leaf, merkle, store
from settlement.sealing.errors import EntryNotSealed, HeadNotFound
from settlement.sealing.leaf import Leaf
from settlement.sealing.sealer import Sealer
from settlement.sealing.tree import Tree
from settlement.statements import TreeHead
from staff.audit.errors import EntryNotFound

FORMAT = "tongbao-audit-proof-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How an entry stands in the log, computed again.

    `index` is None until it is sealed, `head` the first that covers it, `latest` the last of all.
    `kept` is the last head kept outside the database, when it covers the entry and was compared.
    `wrong` says what does not hold: `entry`, `path`, `signature` or `kept`; empty when all does.
    """

    index: int | None
    head: TreeHead | None
    latest: TreeHead | None
    kept: TreeHead | None
    wrong: str

    @property
    def holds(self) -> bool:
        return self.head is not None and not self.wrong


def standing(
    session: Session, entry: UUID, sealer: Sealer, keys: Mapping[str, PublicKey]
) -> Standing:
    """Compute the entry's leaf and the ways from it to its head and to that kept outside.

    `keys` are all the hub ever signed with, by id. Raises EntryNotFound.
    """
    return computed(session, *_made(session, entry, sealer.secret), sealer, keys)


def computed(
    session: Session,
    made: Leaf,
    sealed: Any,
    sealer: Sealer,
    keys: Mapping[str, PublicKey],
) -> Standing:
    """How a leaf stands as it would be made today beside the one that is kept, if any."""
    latest = store.latest_head(session)
    if sealed is None:
        return Standing(index=None, head=None, latest=latest, kept=None, wrong="")
    index: int = sealed["index"]
    head, kept = store.head_over(session, index), heads.last_kept(sealer.heads)
    if kept is not None and kept.size <= index:
        kept = None
    hash_, tree, wrong = merkle.leaf_hash(made.data), Tree(session), ""
    if hash_ != sealed["hash"]:
        wrong = "entry"
    elif head is not None and not heads.is_signed(head, keys):
        wrong = "signature"
    elif head is not None and not _leads(hash_, index, head, tree):
        wrong = "path"
    elif kept is not None and not _leads(hash_, index, kept, tree):
        wrong = "kept"
    return Standing(index=index, head=head, latest=latest, kept=kept, wrong=wrong)


def prove(
    session: Session, entry: UUID, secret: bytes, *, kept: int | None = None
) -> dict[str, Any]:
    """A file that shows, without this database, that the entry stands under the hub's signed head.

    `kept` is the size of another head, which the reader has kept: then the file shows as well that
    one log begins with the other. Raises EntryNotFound, EntryNotSealed, HeadNotFound.
    """
    made, sealed = _made(session, entry, secret)
    facts = {"format": FORMAT, "entry": made.name}
    return facts | proven(session, made, sealed, [leaf.ENTRY], secret, kept=kept)


def proven(
    session: Session,
    made: Leaf,
    sealed: Any,
    shown: Sequence[str],
    secret: bytes,
    *,
    kept: int | None = None,
) -> dict[str, Any]:
    """The way from a leaf, of which these parts are shown, to the first head over it; as `prove`.

    Raises EntryNotSealed, HeadNotFound.
    """
    head = None if sealed is None else store.head_over(session, sealed["index"])
    if sealed is None or head is None:
        raise EntryNotSealed
    tree, key = Tree(session), leaf.salt_key(secret)
    facts: dict[str, Any] = {
        "head": heads.as_facts(head),
        "tree_size": head.size,
        "leaves": [
            {
                "index": sealed["index"],
                made.kind: made.name,
                "parts": made.hashes,
                "disclosed": [
                    {"salt": leaf.salt(key, made.name, part).hex(), "part": made.parts[part]}
                    for part in shown
                ],
            }
        ],
        "nodes": {
            f"{start}-{end}": merkle.subtree(start, end, tree.node).hex()
            for start, end in merkle.beside([sealed["index"]], head.size)
        },
    }
    if kept is None:
        return facts
    if store.find_head(session, kept) is None:
        raise HeadNotFound
    first, second = sorted((head.size, kept))
    path = [each.hex() for each in merkle.consistency(first, second, tree.node)]
    return facts | {"consistency": {"first": first, "second": second, "path": path}}


def _made(session: Session, entry: UUID, secret: bytes) -> tuple[Leaf, Any]:
    """The leaf as it would be made today, and the one that is kept, if any."""
    found = store.entry(session, entry)
    if found is None:
        raise EntryNotFound
    row, sealed = found
    return leaf.make_entry(leaf.salt_key(secret), row), sealed


def _leads(hash_: bytes, index: int, head: TreeHead, tree: Tree) -> bool:
    try:
        path = merkle.inclusion(index, head.size, tree.node)
    except LookupError:  # A part of the tree was deleted.
        return False
    return merkle.includes(hash_, index, head.size, path, bytes.fromhex(head.root))
