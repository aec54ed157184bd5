"""Tree heads: their signed bytes, and the file outside the database that nobody in it can rewrite.

The file has one head a line, as it was published. A line that a crash cut short is passed over.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from kit.clock import rfc3339
from partners.public_keys import PublicKey
from settlement.sealing.leaf import canonical
from settlement.sealing.sealer import Sealer
from settlement.statements import TreeHead

FORMAT = "tongbao-tree-head-1"

_TAIL = 4096  # bytes; a head is a tenth of that


def signed_bytes(size: int, root: str, at: datetime) -> bytes:
    """What the hub signs of a head: canonical JSON and one newline."""
    return canonical({"format": FORMAT, "size": size, "root": root, "at": rfc3339(at)}) + b"\n"


def sign(size: int, root: bytes, now: datetime, sealer: Sealer) -> TreeHead:
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    signature = sealer.private.sign(signed_bytes(size, root.hex(), at))
    return TreeHead(size=size, root=root.hex(), at=at, key_id=sealer.id, signature=signature.hex())


def is_signed(head: TreeHead, keys: Mapping[str, PublicKey]) -> bool:
    """Whether one of these keys, by id, signed it."""
    key = keys.get(head.key_id)
    signature = bytes.fromhex(head.signature)
    return key is not None and key.verifies(signature, signed_bytes(head.size, head.root, head.at))


def as_facts(head: TreeHead) -> dict[str, str | int]:
    """As it stands in files and answers."""
    return asdict(head) | {"at": rfc3339(head.at)}


def keep(path: Path, head: TreeHead) -> None:
    """Append the head to the file, and be sure that it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(canonical(as_facts(head)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def kept(path: Path) -> Iterator[TreeHead]:
    """The heads of the file in its order; none when there is no file."""
    if path.exists():
        with path.open("rb") as file:
            yield from filter(None, map(_read, file))


def last_kept(path: Path) -> TreeHead | None:
    """The latest of them, without reading the whole file."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
        return next(filter(None, map(_read, reversed(file.readlines()))), None)


def _read(line: bytes) -> TreeHead | None:
    try:
        found = json.loads(line)
        return TreeHead(**found | {"at": datetime.fromisoformat(found["at"])})
    except (ValueError, TypeError, KeyError):
        return None
