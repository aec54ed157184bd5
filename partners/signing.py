"""The signature profile cpx-1 of the partner API: RFC 9421 message signatures, held strictly.

A request is checked in a fixed order, and each check has a refusal of its own:

    parse_signature   fields readable → exactly one signature with our tag
    verify_request    host → target → content → coverage → key and signature → time → digest

Nothing here looks up a key, remembers a nonce or knows of a web framework. What was verified
is handed on as a value, and that value is all that later layers may trust.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Final, NamedTuple

from partners.public_keys import PrivateKey, PublicKey
from partners.signature_errors import (
    ContentEncodingUnsupported,
    DigestMalformed,
    DigestMismatch,
    IdempotencyKeyMalformed,
    IdempotencyKeyRequired,
    MisdirectedRequest,
    SignatureAmbiguous,
    SignatureInsufficient,
    SignatureInvalid,
    SignatureMalformed,
    SignatureRequired,
    SignatureStale,
    TargetMalformed,
    UnexpectedContent,
)
from partners.signature_fields import (
    COVERED_FIELDS,
    REQUEST_TAG,
    RESPONSE_TAG,
    Presented,
    parse_answer_signature,
    parse_signature,
    quote_component,
)

__all__ = [
    "FIELDS_READ",
    "AnswerUnverified",
    "Message",
    "Presented",
    "Verified",
    "check_digest",
    "content_digest",
    "parse_signature",
    "sign_request",
    "sign_response",
    "signature_base",
    "verify_request",
    "verify_response",
]

SECONDS_BACK: Final = 60
SECONDS_AHEAD: Final = 10

# Every header that signing and verifying read; an adapter need not carry over any other.
FIELDS_READ: Final = ("signature-input", "signature", "content-encoding", *COVERED_FIELDS)

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS_WITHOUT_CONTENT: Final = frozenset({"GET", "HEAD", "DELETE"})
_DEFAULT_PORTS: Final = {"https": ":443", "http": ":80"}

# Path segments of unreserved ASCII, none of them empty, "." or "..": there is one way to read
# such a path, for proxies, routers and client libraries alike. The query is RFC 3986's.
_TARGET: Final = re.compile(
    r"(?:/(?!/|\.{1,2}(?:[/?]|\Z))[A-Za-z0-9._~-]*)+"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
_IDEMPOTENCY_KEY: Final = re.compile(r'("?)([A-Za-z0-9_-]{16,64})\1')
_DIGEST: Final = re.compile(
    r"sha-(?:256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|512=:[A-Za-z0-9+/]{85}[AQgw]==):"
)

# An unknown key costs as long as a bad signature: this key stands in for it, and its private
# half is gone.
_NOBODY: Final = PrivateKey.generate().public_key


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it came over the wire.

    `target` is the raw request target: path and query, undecoded. `headers` has lower-case
    names, stripped values, and at least those of FIELDS_READ that the request carries.
    """

    method: str
    target: str
    authority: str
    headers: Mapping[str, str]
    body: bytes = b""


class Verified(NamedTuple):
    """A request that the holder of a key made for this host, within the last minute.

    Whether the nonce is new is for the business transaction to find out. `base` and
    `signature` are the evidence: with the public key, they prove the request to anyone.
    """

    key_id: str
    nonce: str
    created: int
    expires: int | None
    idempotency_key: str | None  # Without quotes. None only on methods that change nothing.
    content_digest: str | None
    components: tuple[tuple[str, str], ...]  # Name and value, in the order they were signed.
    base: bytes
    signature: bytes


class AnswerUnverified(Exception):  # noqa: N818 - it says what is known, which is nothing
    """An answer that the hub cannot be shown to have given to this very request."""


def verify_request(
    message: Message, presented: Presented, key: PublicKey | None, *, origin: str, now: int
) -> Verified:
    """Establish that the holder of `key` made this request for this host just now.

    `key` is what the registry holds for `presented.key_id`: None when it is unknown, revoked
    or not yet in force. `origin` is the configured public one, such as `https://hub.example`.

    Raises MisdirectedRequest, TargetMalformed, ContentEncodingUnsupported, UnexpectedContent,
    IdempotencyKeyRequired, SignatureInsufficient, SignatureMalformed (a covered value that
    cannot stand in a signature base), SignatureInvalid, SignatureStale, DigestMalformed,
    DigestMismatch, IdempotencyKeyMalformed, in this order.
    """
    _check_shape(message, origin)
    _check_coverage(message, presented.components)
    components = _request_values(message, presented.components, origin)
    base = signature_base(components, presented.parameters)
    genuine = (key or _NOBODY).verifies(presented.signature, base)
    if not genuine or key is None or presented.algorithm not in (None, key.algorithm):
        raise SignatureInvalid
    _check_time(presented, now)
    digest = message.headers.get("content-digest")
    if digest is not None:
        check_digest(digest, message.body)
    return Verified(
        presented.key_id,
        presented.nonce,
        presented.created,
        presented.expires,
        _idempotency_key(message),
        digest,
        components,
        base,
        presented.signature,
    )


def sign_request(
    message: Message,
    *,
    origin: str,
    key_id: str,
    key: PrivateKey,
    nonce: str,
    created: int,
    expires: int | None = None,
    label: str = "cpx",
    tag: str = REQUEST_TAG,
) -> dict[str, str]:
    """The headers that sign `message`: Content-Digest if it has content, and the signature.

    `message.headers` holds the content type and the idempotency key; a content digest that is
    already among them is signed as it stands.
    """
    headers = dict(message.headers)
    if message.body:
        headers.setdefault("content-digest", content_digest(message.body))
    message = Message(message.method, message.target, message.authority, headers, message.body)
    names = ("@method", "@target-uri", *(name for name in COVERED_FIELDS if name in headers))
    added = _signed(
        _request_values(message, names, origin),
        _parameters(created, expires, nonce, key_id, tag),
        key,
        label,
    )
    if "content-digest" in headers:
        added["Content-Digest"] = headers["content-digest"]
    return added


def sign_response(
    request: Verified,
    *,
    status: int,
    content_type: str | None,
    body: bytes,
    key_id: str,
    key: PrivateKey,
    created: int,
    label: str = "cpx",
) -> dict[str, str]:
    """The headers that bind an answer to the request it answers.

    Every component of the request is covered again with `;req`, and the nonce comes back, so
    that no other answer of the hub can be passed off as this one.
    """
    digest = content_digest(body)
    components = (
        *_answer_values(status, content_type, digest),
        *((f"{name};req", value) for name, value in request.components),
    )
    parameters = _parameters(created, None, request.nonce, key_id, RESPONSE_TAG)
    return {"Content-Digest": digest, **_signed(components, parameters, key, label)}


def verify_response(
    request: Message,
    request_signature: Presented,
    *,
    origin: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    hub_keys: Mapping[str, PublicKey],
) -> None:
    """Establish that the hub gave this answer to this request; the caller's half of the profile.

    `headers` has lower-case names. The echoed nonce makes the answer as fresh as the request,
    so there is no clock to compare.

    Raises AnswerUnverified.
    """
    try:
        presented = parse_answer_signature(headers)
    except (SignatureRequired, SignatureAmbiguous, SignatureMalformed) as refusal:
        raise AnswerUnverified(refusal.detail) from refusal
    digest = headers.get("content-digest", "")
    asked = _request_values(request, request_signature.components, origin)
    components = (
        *_answer_values(status, headers.get("content-type"), digest),
        *((f"{name};req", value) for name, value in asked),
    )
    if presented.components != tuple(name for name, _ in components):
        raise AnswerUnverified("the answer's signature covers something else than it must")
    if presented.nonce != request_signature.nonce:
        raise AnswerUnverified("the answer was given to another request")
    key = hub_keys.get(presented.key_id)
    if key is None or presented.algorithm not in (None, key.algorithm):
        raise AnswerUnverified("the answer is signed with a key that is not the hub's")
    if not key.verifies(presented.signature, signature_base(components, presented.parameters)):
        raise AnswerUnverified("the signature of the answer does not verify")
    # An answer to HEAD has the headers of GET's, and no content to hold against the digest.
    if request.method != "HEAD":
        try:
            check_digest(digest, body)
        except (DigestMalformed, DigestMismatch) as refusal:
            raise AnswerUnverified(refusal.detail) from refusal


def content_digest(body: bytes) -> str:
    """The Content-Digest (RFC 9530) that this profile writes."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def check_digest(digest: str, body: bytes) -> None:
    """Raises DigestMalformed, DigestMismatch."""
    if not _DIGEST.fullmatch(digest):
        raise DigestMalformed
    made = sha256(body) if digest.startswith("sha-256") else sha512(body)
    if digest[9:-1] != b64encode(made.digest()).decode():
        raise DigestMismatch


def _check_shape(message: Message, origin: str) -> None:
    """What must hold of any request, signed well or not."""
    scheme, _, authority = origin.partition("://")
    if message.authority != authority:
        named = message.authority.lower().removesuffix(_DEFAULT_PORTS[scheme])
        if named != authority:
            raise MisdirectedRequest
    if not _TARGET.fullmatch(message.target):
        raise TargetMalformed
    if not message.method.isupper():  # Methods are told apart by case; ours have capitals alone.
        raise TargetMalformed("The method must be written in capitals.")
    if message.headers.get("content-encoding", "identity").lower() != "identity":
        raise ContentEncodingUnsupported
    if message.body and message.method in _METHODS_WITHOUT_CONTENT:
        raise UnexpectedContent(f"{message.method} takes no content.")


def _check_coverage(message: Message, covered: tuple[str, ...]) -> None:
    """Require every part of the request that has a meaning to be under the signature.

    A field that is there must be covered, even where it could be left out: what an attacker
    can add unseen would change what the request says.
    """
    headers = message.headers
    if "idempotency-key" not in headers and message.method not in _SAFE_METHODS:
        raise IdempotencyKeyRequired
    if "@method" not in covered or "@target-uri" not in covered:
        raise SignatureInsufficient("The signature must cover @method and @target-uri.")
    for name in COVERED_FIELDS:
        if name in headers and name not in covered:
            raise SignatureInsufficient(f"The signature must cover {name}.")
        if name in covered and name not in headers:
            raise SignatureInsufficient(f"The signature covers {name}, which was not sent.")
    if message.body and not ("content-type" in covered and "content-digest" in covered):
        raise SignatureInsufficient("Content needs content-type and content-digest, covered.")


def _check_time(presented: Presented, now: int) -> None:
    if not now - SECONDS_BACK <= presented.created <= now + SECONDS_AHEAD:
        raise SignatureStale
    if presented.expires is not None and presented.expires < now:
        raise SignatureStale


def _idempotency_key(message: Message) -> str | None:
    """The key, written bare or as a string; the signature covers it as it was written."""
    if message.method in _SAFE_METHODS:
        return None
    found = _IDEMPOTENCY_KEY.fullmatch(message.headers["idempotency-key"])
    if found is None:
        raise IdempotencyKeyMalformed
    return found[2]


def _request_values(
    message: Message, names: tuple[str, ...], origin: str
) -> tuple[tuple[str, str], ...]:
    values = {
        "@method": message.method,
        "@target-uri": origin + message.target,
        **message.headers,
    }
    return tuple((name, values[name]) for name in names)


def _answer_values(
    status: int, content_type: str | None, digest: str
) -> tuple[tuple[str, str], ...]:
    """What an answer covers of itself; one without content has no type to cover."""
    typed = () if content_type is None else (("content-type", content_type),)
    return (("@status", str(status)), *typed, ("content-digest", digest))


def signature_base(components: tuple[tuple[str, str], ...], parameters: str) -> bytes:
    """The signature base (RFC 9421, 2.5): one line per component, the parameters last.

    A value with a line break could forge a line, so nothing but printable ASCII may stand in
    one. Raises SignatureMalformed.
    """
    values = "".join([value for _, value in components])
    if not (values.isascii() and values.isprintable()):
        raise SignatureMalformed("A covered value holds characters other than printable ASCII.")
    lines = [f"{quote_component(name)}: {value}" for name, value in components]
    lines.append(f'"@signature-params": {parameters}')
    return "\n".join(lines).encode()


def _parameters(created: int, expires: int | None, nonce: str, key_id: str, tag: str) -> str:
    until = "" if expires is None else f";expires={expires}"
    return f';created={created}{until};nonce="{nonce}";keyid="{key_id}";tag="{tag}"'


def _signed(
    components: tuple[tuple[str, str], ...], parameters: str, key: PrivateKey, label: str
) -> dict[str, str]:
    listed = " ".join([quote_component(name) for name, _ in components])
    signature = key.sign(signature_base(components, f"({listed}){parameters}"))
    return {
        "Signature-Input": f"{label}=({listed}){parameters}",
        "Signature": f"{label}=:{b64encode(signature).decode()}:",
    }
