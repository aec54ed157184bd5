"""An authenticator made of software: what a phone does with a passkey, and what a thief would."""

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey at most. `counts` is false for those that are synchronised between devices."""

    origin: str
    counts: bool = True
    verifies: bool = True
    credential: bytes = field(default_factory=lambda: os.urandom(32))
    count: int = 0
    user: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any], **changed: Any) -> str:
        """What `navigator.credentials.create` gives, as JSON."""
        self.user = _raw(options["user"]["id"])
        client = self._client("webauthn.create", options, changed)
        numbers = self.key.public_key().public_numbers()
        public = encode_cbor(
            {
                1: 2, 3: -7, -1: 1,
                -2: numbers.x.to_bytes(32, "big"),
                -3: numbers.y.to_bytes(32, "big"),
            }
        )  # fmt: skip
        attested = bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + public
        data = self._data(changed.get("host", options["rp"]["id"]), ATTESTED) + attested
        return json.dumps(
            {
                "id": _text(self.credential),
                "rawId": _text(self.credential),
                "type": "public-key",
                "response": {
                    "clientDataJSON": _text(client),
                    "attestationObject": _text(
                        encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
                    ),
                    "transports": ["internal"],
                },
                "clientExtensionResults": {},
            }
        )

    def get(self, options: dict[str, Any], **changed: Any) -> str:
        """What `navigator.credentials.get` gives, as JSON."""
        if self.counts:
            self.count += 1
        client = self._client("webauthn.get", options, changed)
        data = self._data(changed.get("host", options["rpId"]))
        signed = data + hashlib.sha256(client).digest()
        user = changed.get("user", self.user)
        return json.dumps(
            {
                "id": _text(self.credential),
                "rawId": _text(self.credential),
                "type": "public-key",
                "response": {
                    "clientDataJSON": _text(client),
                    "authenticatorData": _text(data),
                    "signature": _text(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
                    "userHandle": _text(user),
                },
                "clientExtensionResults": {},
            }
        )

    def _client(self, kind: str, options: dict[str, Any], changed: dict[str, Any]) -> bytes:
        return json.dumps(
            {
                "type": kind,
                "challenge": changed.get("challenge", options["challenge"]),
                "origin": changed.get("origin", self.origin),
                "crossOrigin": False,
            }
        ).encode()

    def _data(self, host: str, flags: int = 0) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        count = self.count if self.counts else 0
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + struct.pack(">I", count)
