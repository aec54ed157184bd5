"""A person's name and number, sealed with a key of their own, which only the hub's secret opens.

Whoever steals the database has neither key; whoever destroys a person's wrapped key has made their
name and number unreadable in every copy that was ever made of it.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.secrets import Secrets

_NONCE: Final = 12  # bytes


@dataclass(frozen=True, slots=True)
class Particulars:
    """What the hub knows of a person: a number (E.164), and a name where one was given."""

    phone: str = field(repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PersonKey:
    """The key of one person; what it seals cannot be moved to another."""

    person: UUID
    key: bytes = field(repr=False)

    @classmethod
    def generate(cls, person: UUID) -> "PersonKey":
        return cls(person, AESGCM.generate_key(256))

    @classmethod
    def unwrap(cls, secrets_: Secrets, person: UUID, wrapped: bytes) -> "PersonKey":
        """Raises cryptography's InvalidTag when it is another person's, or another hub's."""
        return cls(person, _open(_wrapping_key(secrets_), wrapped, person.bytes + b"key"))

    def wrap(self, secrets_: Secrets) -> bytes:
        return _seal(_wrapping_key(secrets_), self.key, self.person.bytes + b"key")

    def seal(self, particulars: Particulars) -> bytes:
        return self.seal_text(json.dumps(asdict(particulars)), "particulars")

    def open(self, sealed: bytes) -> Particulars:
        return Particulars(**json.loads(self.open_text(sealed, "particulars")))

    def seal_text(self, text: str, purpose: str) -> bytes:
        """Words for one purpose, padded: their length is nobody's business."""
        padded = text.encode()
        padded += b"\0" * (-len(padded) % 64)
        return _seal(self.key, padded, self.person.bytes + purpose.encode())

    def open_text(self, sealed: bytes, purpose: str) -> str:
        opened = _open(self.key, sealed, self.person.bytes + purpose.encode())
        return opened.rstrip(b"\0").decode()


def seal_for_hub(secrets_: Secrets, text: str, about: bytes) -> bytes:
    """What is kept for minutes, before it is known whose it is; `about` binds it to its row."""
    return _seal(secrets_.digest("passing", ""), text.encode(), about)


def open_for_hub(secrets_: Secrets, sealed: bytes, about: bytes) -> str:
    return _open(secrets_.digest("passing", ""), sealed, about).decode()


def _wrapping_key(secrets_: Secrets) -> bytes:
    return secrets_.digest("person-key", "")


def _seal(key: bytes, content: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, about)


def _open(key: bytes, sealed: bytes, about: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
