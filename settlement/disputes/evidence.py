"""Files that a side puts before the other and the hub: kept and given back byte for byte."""

import hashlib
import re
from datetime import datetime
from unicodedata import category
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import uuid7
from settlement.disputes import store
from settlement.disputes.errors import (
    DisputeNotFound,
    DisputeStepRefused,
    EvidenceNotFound,
    EvidenceRefused,
    TooMuchEvidence,
)
from settlement.disputes.store import Row

MOST_FILES = 10  # Of each side: neither fills the other's places.
MOST_BYTES = 5_000_000

# How a file of each type begins; of text nothing is asked but that it is text.
_BEGINS = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "text/plain": b"",
    "text/csv": b"",
}
TYPES = tuple(_BEGINS)

MOST_NAME_BYTES = 240  # Folders take 255, and a number stands before it there.

_NAME = re.compile(r"[^/\\]{1,120}")
# Control characters command terminals, and those of format show a name as another.
_UNSEEN = ("Cc", "Cf", "Cs")


def put(
    session: Session,
    *,
    party: int,
    dispute: UUID,
    name: str,
    media_type: str,
    content: bytes,
    now: datetime,
) -> UUID:
    """Put a file before both sides; the same bytes again are the same file.

    Raises DisputeNotFound, DisputeStepRefused once it is resolved, EvidenceRefused,
    TooMuchEvidence, in this order.
    """
    row = store.lock(session, dispute)
    if row is None or party not in (row["issuer_id"], row["acceptor_id"]):
        raise DisputeNotFound
    if row["state"] == "resolved":
        raise DisputeStepRefused(state=row["state"])
    check(name, media_type, content)
    digest = hashlib.sha256(content).digest()
    known = {bytes(each["digest"]): each for each in store.evidence_list(session, dispute)}
    if digest in known:
        return UUID(str(known[digest]["id"]))
    if sum(each["party_id"] == party for each in known.values()) >= MOST_FILES:
        raise TooMuchEvidence(most=MOST_FILES)
    values = {
        "id": uuid7(),
        "dispute": dispute,
        "party": party,
        "name": name,
        "media_type": media_type,
        "digest": digest,
        "content": content,
        "now": now,
    }
    return store.insert_evidence(session, values)


def check(name: str, media_type: str, content: bytes) -> None:
    """Raises EvidenceRefused, saying why."""
    if not _NAME.fullmatch(name) or name.strip(" .") == "" or not _is_plain(name):
        raise EvidenceRefused("A file has a plain name of up to 120 characters, without a path")
    if not content.startswith(_BEGINS[media_type]):
        raise EvidenceRefused(f"The file does not begin as {media_type} does")
    if media_type.startswith("text/"):
        try:
            plain = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise EvidenceRefused("Text is taken as UTF-8") from error
        if "\x00" in plain:
            raise EvidenceRefused("Text holds no null characters")


def _is_plain(name: str) -> bool:
    if any(category(letter) in _UNSEEN for letter in name):
        return False
    return len(name.encode()) <= MOST_NAME_BYTES


def get(session: Session, *, party: int, dispute: UUID, evidence: UUID) -> Row:
    """The file's name, type and bytes. Raises EvidenceNotFound."""
    row = store.find(session, dispute)
    if row is None or party not in (row["issuer_id"], row["acceptor_id"]):
        raise EvidenceNotFound
    found = store.evidence(session, dispute, evidence)
    if found is None:
        raise EvidenceNotFound
    return found
