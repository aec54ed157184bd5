"""A statement's signature and the head that it names: whether they hold, verified anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from partners.public_keys import PublicKey
from settlement.documents.loading import from_json
from settlement.sealing import heads, merkle, store
from settlement.sealing.tree import Tree
from settlement.statements import TreeHead
from settlement.views import StatementFiles

Wrong = Literal["", "digest", "signature", "head", "log", "kept"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """`head` is the one that the statement names, if any; `wrong` the first that does not hold:
    its digest, its signature, its head's signature, the log under that head, or the log under the
    last head that is kept outside the database."""

    head: TreeHead | None
    wrong: Wrong

    @property
    def holds(self) -> bool:
        return not self.wrong


def standing(
    session: Session, files: StatementFiles, keys: Mapping[str, PublicKey], kept: Path
) -> Standing:
    """`keys` are all the hub ever signed with, by id; `kept` is the file of heads outside."""
    head = from_json(files.document).head
    return Standing(head=head, wrong=_wrong(session, files, head, keys, kept))


def _wrong(
    session: Session,
    files: StatementFiles,
    head: TreeHead | None,
    keys: Mapping[str, PublicKey],
    kept: Path,
) -> Wrong:
    if sha256(files.document).digest() != files.digest:
        return "digest"
    key = keys.get(files.key_id)
    if key is None or not key.verifies(files.signature, files.document):
        return "signature"
    if head is None:
        return ""
    if not heads.is_signed(head, keys):
        return "head"
    tree = Tree(session)
    if store.find_head(session, head.size) != head or not _is_over(tree, head):
        return "log"
    last = heads.last_kept(kept)
    if last is not None and not _is_over(tree, last):
        return "kept"
    return ""


def _is_over(tree: Tree, head: TreeHead) -> bool:
    """Whether the log's first leaves are those of the head."""
    return merkle.subtree(0, head.size, tree.node).hex() == head.root
