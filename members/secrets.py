"""Keyed digests of what members carry: a stolen database holds no code that could be spent."""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Secrets:
    """The key lies outside the database; each purpose gets digests of its own."""

    key: bytes = field(repr=False)

    def digest(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA-256 of a code or token, for one purpose."""
        return hmac.digest(self.key, f"{purpose}\n{value}".encode(), sha256)
