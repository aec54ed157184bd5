"""Keyed digests of what people carry: a stolen database holds nothing that could be used."""

import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet


@dataclass(frozen=True, slots=True)
class Secrets:
    """The key lies outside the database; each purpose gets digests of its own."""

    key: bytes = field(repr=False)

    def digest(self, purpose: str, value: str) -> bytes:
        """HMAC-SHA-256 of a code or token, for one purpose."""
        return hmac.digest(self.key, f"{purpose}\n{value}".encode(), sha256)

    def seal(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Facts that only this hub can read again."""
        return {"sealed": self._fernet().encrypt(json.dumps(facts).encode()).decode()}

    def unseal(self, facts: dict[str, Any]) -> dict[str, Any]:
        """What was sealed; anything else as it is."""
        if "sealed" not in facts:
            return facts
        opened: dict[str, Any] = json.loads(self._fernet().decrypt(facts["sealed"].encode()))
        return opened

    def _fernet(self) -> Fernet:
        return Fernet(urlsafe_b64encode(self.digest("seal", "")))
