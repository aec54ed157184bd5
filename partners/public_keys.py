"""Key material of partners and hub: reading, refusing, proving possession, signing, verifying.

A key is refused at the door or relied on for ever: the checks are made once, when the key is
read, so that verifying a request has nothing left to ask but the signature.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from partners.signature_errors import KeyProofInvalid, KeyProofStale, KeyUnacceptable

ED25519 = "ed25519"
P256 = "ecdsa-p256-sha256"
SIGNATURE_BYTES = 64  # Of either algorithm: R‖S for Ed25519, r‖s for P-256 (RFC 9421, 3.3.4).

PROOF_SECONDS = 600
PROOF_AHEAD_SECONDS = 10

_TEXT = re.compile(r"(ed25519|p256):([A-Za-z0-9_-]+)")
_TEXT_PREFIX = {ED25519: "ed25519", P256: "p256"}

_FIELD_PRIME = 2**255 - 19
_EDWARDS_D = -121665 * pow(121666, -1, _FIELD_PRIME) % _FIELD_PRIME
_ORDER_8_Y = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y = frozenset({0, 1, _FIELD_PRIME - 1, _ORDER_8_Y, _FIELD_PRIME - _ORDER_8_Y})


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A verified-good public key. Equal keys have equal `algorithm` and `raw`.

    `raw` is the 32 bytes of an Ed25519 point, or the 65 bytes of an uncompressed P-256 point.
    """

    algorithm: str
    raw: bytes
    _handle: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey = field(repr=False, compare=False)

    @classmethod
    def from_raw(cls, algorithm: str, raw: bytes) -> Self:
        """Raises KeyUnacceptable for a point that is not one to rely on."""
        if algorithm == ED25519:
            _check_edwards_point(raw)
            return cls(ED25519, raw, ed25519.Ed25519PublicKey.from_public_bytes(raw))
        if algorithm == P256:
            try:
                point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
            except ValueError as error:
                raise KeyUnacceptable("The bytes are not a point of the curve P-256.") from error
            return cls(P256, _uncompressed(point), point)
        raise KeyUnacceptable("Keys are Ed25519 or P-256.")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read `ed25519:BASE64URL`, `p256:BASE64URL` or a PEM public key.

        Raises KeyUnacceptable.
        """
        text = text.strip()
        if text.startswith("-----BEGIN"):
            return cls.from_pem(text)
        found = _TEXT.fullmatch(text)
        if found is None:
            raise KeyUnacceptable("Write ed25519:BASE64URL or p256:BASE64URL, or a PEM public key.")
        prefix, encoded = found.groups()
        try:
            raw = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except ValueError as error:
            raise KeyUnacceptable("The key is not base64url.") from error
        if _base64url(raw) != encoded:
            raise KeyUnacceptable("The key is not canonical base64url.")
        return cls.from_raw(ED25519 if prefix == "ed25519" else P256, raw)

    @classmethod
    def from_pem(cls, pem: str | bytes) -> Self:
        """Read a PEM SubjectPublicKeyInfo. Raises KeyUnacceptable."""
        pem = pem.encode() if isinstance(pem, str) else pem
        if b"PRIVATE KEY" in pem:
            raise KeyUnacceptable("This is a private key: keep it, renew it, send the public half.")
        try:
            loaded = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyUnacceptable("The PEM text holds no public key that can be read.") from error
        return cls._from_handle(loaded)

    @classmethod
    def _from_handle(cls, loaded: object) -> Self:
        if isinstance(loaded, ed25519.Ed25519PublicKey):
            return cls.from_raw(ED25519, loaded.public_bytes_raw())
        if isinstance(loaded, ec.EllipticCurvePublicKey) and isinstance(loaded.curve, ec.SECP256R1):
            return cls.from_raw(P256, _uncompressed(loaded))
        raise KeyUnacceptable("Keys are Ed25519 or P-256.")

    def to_text(self) -> str:
        return f"{_TEXT_PREFIX[self.algorithm]}:{_base64url(self.raw)}"

    def to_pem(self) -> str:
        return self._handle.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def to_jwk(self, key_id: str) -> dict[str, str]:
        """The key as a JSON Web Key, for the hub's published key set."""
        if self.algorithm == ED25519:
            return {"kty": "OKP", "crv": "Ed25519", "kid": key_id, "x": _base64url(self.raw)}
        x, y = _base64url(self.raw[1:33]), _base64url(self.raw[33:])
        return {"kty": "EC", "crv": "P-256", "kid": key_id, "x": x, "y": y}

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` over `data` was made with the private half of this key.

        A small-order R in an Ed25519 signature needs no refusal of its own. OpenSSL checks
        [S]B = R + [k]A with k = SHA-512(R‖A‖data) and S below the group order. With A of
        large order, S must contain k·a, which takes the private a, and k takes the data: such
        a signature still names one message and one signer (who gives its key away by using
        r = 0). The danger lies in a small-order A alone, where [k]A hardly depends on k; those
        were refused above. OpenSSL's check is the cofactorless one, which implies the
        cofactored one: what verifies here verifies everywhere, so nobody can later deny it.

        A P-256 signature (r, s) has a twin (r, n - s) that anyone can compute. Both say the
        same thing, so replays must be told apart by the nonce, never by the signature.
        """
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            if isinstance(self._handle, ed25519.Ed25519PublicKey):
                self._handle.verify(signature, data)
            else:
                r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
                self._handle.verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key that signs as RFC 9421 wants it: 64 bytes for either algorithm."""

    algorithm: str
    public_key: PublicKey
    _handle: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey = field(
        repr=False, compare=False
    )

    @classmethod
    def generate(cls, algorithm: str = ED25519) -> Self:
        if algorithm == ED25519:
            return cls._from_handle(ed25519.Ed25519PrivateKey.generate())
        if algorithm == P256:
            return cls._from_handle(ec.generate_private_key(ec.SECP256R1()))
        raise ValueError(f"no such algorithm: {algorithm}")

    @classmethod
    def from_raw(cls, algorithm: str, raw: bytes) -> Self:
        """Read the 32 secret bytes: an Ed25519 seed, or a P-256 number. Raises ValueError."""
        if algorithm == ED25519:
            return cls._from_handle(ed25519.Ed25519PrivateKey.from_private_bytes(raw))
        return cls._from_handle(ec.derive_private_key(int.from_bytes(raw), ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: str | bytes, password: bytes | None = None) -> Self:
        """Read a PEM private key, PKCS #8 or SEC 1. Raises ValueError."""
        pem = pem.encode() if isinstance(pem, str) else pem
        return cls._from_handle(serialization.load_pem_private_key(pem, password))

    @classmethod
    def _from_handle(cls, loaded: object) -> Self:
        if not isinstance(loaded, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
            raise ValueError("a signing key is Ed25519 or P-256")
        public_key = PublicKey._from_handle(loaded.public_key())
        return cls(public_key.algorithm, public_key, loaded)

    def to_pem(self) -> str:
        """The key in the clear, PKCS #8: for a file that only its owner may read."""
        return self._handle.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def sign(self, data: bytes) -> bytes:
        if isinstance(self._handle, ed25519.Ed25519PrivateKey):
            return self._handle.sign(data)
        r, s = decode_dss_signature(self._handle.sign(data, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def proof_of_possession(partner_id: str, public_key_text: str, created: int) -> bytes:
    """The bytes a partner signs with a new key to show that it holds the private half.

    `public_key_text` may be in any accepted form; the proof is over its canonical text. The
    partner's id is inside, so that nobody can register another partner's key as its own.

    Raises KeyUnacceptable.
    """
    canonical = PublicKey.from_text(public_key_text).to_text()
    return f"tongbao-key-proof-1\n{partner_id}\n{canonical}\n{created}".encode()


def check_proof(
    partner_id: str, public_key_text: str, created: int, signature: bytes, *, now: int
) -> PublicKey:
    """The key, now known to be good, fresh and in the partner's hands.

    Raises KeyUnacceptable, KeyProofInvalid, KeyProofStale, in this order.
    """
    key = PublicKey.from_text(public_key_text)
    if not key.verifies(signature, proof_of_possession(partner_id, public_key_text, created)):
        raise KeyProofInvalid
    if not now - PROOF_SECONDS <= created <= now + PROOF_AHEAD_SECONDS:
        raise KeyProofStale
    return key


def _check_edwards_point(raw: bytes) -> None:
    """Refuse what RFC 8032 would not decode, and what would verify a forgery.

    OpenSSL reduces y silently and accepts small-order points, under which R = identity, S = 0
    verifies for a large share of all messages: whoever registers one can deny every request.
    """
    if len(raw) != 32:
        raise KeyUnacceptable("An Ed25519 key has 32 bytes.")
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _FIELD_PRIME:
        raise KeyUnacceptable("The Ed25519 point is not in canonical form.")
    if y in _SMALL_ORDER_Y:
        raise KeyUnacceptable("The Ed25519 point is of small order: forgeries verify under it.")
    if not _is_on_edwards_curve(y):
        raise KeyUnacceptable("The bytes are not a point of the curve Ed25519.")


def _is_on_edwards_curve(y: int) -> bool:
    """Whether x² = (y² - 1) / (d·y² + 1) has a solution; by Euler's criterion."""
    square = y * y % _FIELD_PRIME
    x_squared = (square - 1) * pow(_EDWARDS_D * square + 1, -1, _FIELD_PRIME) % _FIELD_PRIME
    return pow(x_squared, (_FIELD_PRIME - 1) // 2, _FIELD_PRIME) == 1


def _uncompressed(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
