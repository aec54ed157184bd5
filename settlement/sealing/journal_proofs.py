"""One journal in the sealed log: whether it stands there, and the proof of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exchange.errors import TransactionNotFound
from partners.public_keys import PublicKey
from settlement.sealing import leaf, store
from settlement.sealing.entry_proofs import Standing, computed, proven
from settlement.sealing.leaf import Leaf
from settlement.sealing.sealer import Sealer

FORMAT = "tongbao-journal-proof-1"


def standing(
    session: Session, journal: UUID, sealer: Sealer, keys: Mapping[str, PublicKey]
) -> Standing:
    """As of an entry of the audit log. Raises TransactionNotFound."""
    return computed(session, *_made(session, journal, sealer.secret), sealer, keys)


def prove(session: Session, journal: UUID, secret: bytes) -> dict[str, Any]:
    """A file that shows, without this database, that the journal is under the hub's signed head.

    All of it but whose wallet it was and how it was asked for. Raises TransactionNotFound,
    EntryNotSealed.
    """
    made, sealed = _made(session, journal, secret)
    shown = [part for part in made.parts if part != leaf.MEMBER]
    facts = {"format": FORMAT, "entry": made.name}
    return facts | proven(session, made, sealed, shown, secret)


def _made(session: Session, journal: UUID, secret: bytes) -> tuple[Leaf, Any]:
    """The leaf as it would be made today, and the one that is kept, if any."""
    found = next(iter(store.some_journals(session, [journal])), None)
    if found is None:
        raise TransactionNotFound
    row, postings = found
    window = store.window_names(session)[row["window_id"]]
    made = leaf.make(leaf.salt_key(secret), row, postings, window)
    return made, store.journal_leaf(session, row["window_id"], journal)
