"""The gate: every request is authenticated here, in the order that the profile promises."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from partners.api.operations import Hub, Operation, Upload
from partners.directory import KeyRecord
from partners.errors import ScopeMissing
from partners.signing import Message, Verified, parse_signature, verify_request


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that is what its signer sent: the key, and what its answer will be bound to."""

    key: KeyRecord
    verified: Verified

    def claim(self, message: Message) -> dict[str, Any]:
        """What the funnel needs to answer a retry as a retry, and to prove the request later.

        The fingerprint leaves out the nonce and the key: a retry is signed afresh, and may be
        signed with a successor of the key.
        """
        parts = (
            message.method,
            message.target,
            message.headers.get("content-type", ""),
            self.verified.content_digest or "",
        )
        return {
            "party": self.key.party,
            "key": self.verified.idempotency_key,
            "key_id": self.key.id,
            "nonce": self.verified.nonce,
            "signed_at": self.verified.created,
            "fingerprint": sha256("\n".join(parts).encode()).hexdigest(),
        }

    def evidence(self, operation: Operation, message: Message) -> dict[str, Any]:
        """With the public key of `key_id`, this proves the request to anybody.

        Of a file there is no `body`: the digest in `base` proves whichever copy is shown.
        """
        found = {
            "key_id": self.key.id,
            "base": self.verified.base.decode(),
            "signature": self.verified.signature.hex(),
        }
        if not isinstance(operation, Upload):
            found["body"] = message.body.decode("utf-8", "replace")
        return found


def admit(hub: Hub, message: Message, *, origin: str, now: datetime) -> Admitted:
    """Establish who sent this. Raises the refusals of `parse_signature` and `verify_request`."""
    presented = parse_signature(message.headers)
    key = hub.directory.key(presented.key_id, now)
    verified = verify_request(
        message,
        presented,
        None if key is None else key.public,
        origin=origin,
        now=int(now.timestamp()),
    )
    if key is None:  # Unreachable: no signature verifies under an unknown key.
        raise RuntimeError("a request was verified without a key")
    return Admitted(key, verified)


def check_scope(operation: Operation, key: KeyRecord) -> None:
    """Raises ScopeMissing."""
    if not operation.scopes & key.scopes:
        raise ScopeMissing(needs=sorted(operation.scopes), has=sorted(key.scopes))
