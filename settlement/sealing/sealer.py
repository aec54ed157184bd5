"""What seals: the hub's key, its secret, and the file that keeps its heads outside the database."""

from dataclasses import dataclass, field
from pathlib import Path

from partners.public_keys import PrivateKey


@dataclass(frozen=True, slots=True)
class Sealer:
    """`id` is that under which the key's public half is published; `heads` a file of NDJSON."""

    id: str
    private: PrivateKey = field(repr=False)
    secret: bytes = field(repr=False)
    heads: Path
