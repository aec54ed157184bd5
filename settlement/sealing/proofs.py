"""Proofs of a page of lines: what each reader may see of a leaf, and the way from it to a head.

The nodes beside the leaves of a page are given once, by the range of leaves that they stand over:
from the leaves up, a reader makes every other node itself, and at the top the root of the head.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from settlement.lines import Line, Listed, Side
from settlement.sealing import leaf, merkle, store
from settlement.sealing.errors import HeadNotFound
from settlement.sealing.leaf import Part
from settlement.sealing.tree import Tree


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One part of a leaf with its salt, in hex."""

    salt: str
    part: Part


@dataclass(frozen=True, slots=True)
class ProvenLeaf:
    """A journal's leaf: its index in the tree, the hashes of all its parts, and some parts."""

    index: int
    journal: str
    parts: list[str]
    disclosed: list[Disclosed]


@dataclass(frozen=True, slots=True)
class Proofs:
    """Leaves in the order of their journals; `nodes` by range of leaves (`4-8`, `8-11`), in hex."""

    tree_size: int
    leaves: list[ProvenLeaf]
    nodes: dict[str, str]


def prove(
    session: Session, statement: Listed, lines: Sequence[Line], side: Side, secret: bytes
) -> Proofs:
    """Of these lines under the statement's own head. Raises HeadNotFound when it has none."""
    head = json.loads(statement.document).get("head")
    if head is None:
        raise HeadNotFound
    size = int(head["size"])
    shown: dict[UUID, list[Line]] = {}
    for line in lines:
        shown.setdefault(line.journal, []).append(line)
    indices = store.indices(session, {(line.window_id, line.journal) for line in lines})
    key, windows = leaf.salt_key(secret), store.window_names(session)
    leaves = []
    for journal, postings in store.some_journals(session, list(shown)):
        made = leaf.make(key, journal, postings, windows[journal["window_id"]])
        parts = [
            Disclosed(leaf.salt(key, made.name, name).hex(), made.parts[name])
            for name in _names(shown[journal["id"]], side)
        ]
        leaves.append(ProvenLeaf(indices[journal["id"]], made.name, made.hashes, parts))
    tree = Tree(session)
    tree.read_ahead(each.index for each in leaves)
    nodes = {
        f"{start}-{end}": merkle.subtree(start, end, tree.node).hex()
        for start, end in merkle.beside([each.index for each in leaves], size)
    }
    return Proofs(size, leaves, nodes)


def _names(lines: Sequence[Line], side: Side) -> list[str]:
    """The parts that the reader of these lines of one journal may see."""
    shown = [leaf.EVENT, leaf.TILL] if side == "accepted" else [leaf.EVENT]
    for number in sorted({number for line in lines for number in line.postings}):
        shown += [f"line-{number}"] if side == "accepted" else [f"line-{number}", f"lot-{number}"]
    return shown
