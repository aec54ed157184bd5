"""A client for the Tongbao hub in one file: copy it, read it, change it.

It needs Python 3.11 and the package `cryptography`. It signs every request as the profile
cpx-1 asks (RFC 9421), believes no answer that the hub has not signed for that very request,
and repeats a request whose outcome is unknown under the same idempotency key, so that what
should happen once does.

    hub_keys = fetch_hub_keys("https://hub.example")  # once; then keep them with your settings
    client = Client("https://hub.example", "my-key-id", my_private_key_pem, hub_keys)
    answer = client.call("POST", "/v1/accruals", {"points": 120, "reference": "till-7/2041"})
    print(answer.status, answer.body)

A large batch is a call like any other, with time to wait for its answer:

    patient = Client("https://hub.example", "my-key-id", my_private_key_pem, hub_keys, timeout=60)
    answer = patient.call("POST", "/v1/batches", {"orders": lines}, idempotency_key=stored_before)
    for outcome in answer.body["outcomes"]:
        print(outcome["line"], outcome.get("answer") or outcome["problem"]["code"])

A file is bytes with their type, here a part of your own record for reconciliation:

    path = f"/v1/reconciliations/{reconciliation}/lines?part=1"
    answer = patient.call("POST", path, Path("part-1.csv").read_bytes(), content_type="text/csv")
"""

import http.client
import json
import random
import re
import secrets
import threading
import time
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_WAIT = 30.0  # Seconds; a Retry-After beyond it is cut down to it.

_ANSWER_INPUT = re.compile(
    r"([a-z*][a-z0-9_.*-]*)="
    r'(\(([^()]*)\);created=[0-9]{1,15};nonce="([A-Za-z0-9_-]+)";keyid="([^"\\]+)"'
    r';tag="cpx-response-1")'
)
_CALL_INPUT = re.compile(
    r"([a-z*][a-z0-9_.*-]*)="
    r'(\(([^()]*)\);created=([0-9]{1,15});nonce="([A-Za-z0-9_-]+)";keyid="([^"\\]+)"'
    r';tag="cpx-hub-1")'
)
_ANSWER_SIGNATURE = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]{86}==):")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub said; its signature has been checked.

    `body` is the decoded JSON, or the bytes when the content is not JSON. `headers` has
    lower-case names. `replayed` means that this is the answer saved for an earlier request
    with the same idempotency key. A refusal is an answer too: look at `status`, and at
    `body["code"]` of a problem.
    """

    status: int
    body: Any
    headers: Mapping[str, str]
    replayed: bool


class OutcomeUnknown(Exception):  # noqa: N818 - it says what is known, which is nothing
    """The request may or may not have been carried out.

    Call again with the same `idempotency_key` to find out: what was done is not done twice.
    """

    def __init__(self, why: str, idempotency_key: str | None) -> None:
        super().__init__(why)
        self.idempotency_key = idempotency_key


class UnverifiedAnswer(OutcomeUnknown):
    """An answer came that the hub cannot be shown to have given to this request.

    Requests that the hub could not authenticate are answered unsigned as well: `status` and
    `content` are there for a person to read, and for no program to believe.
    """

    def __init__(
        self, why: str, idempotency_key: str | None, status: int = 0, content: bytes = b""
    ) -> None:
        super().__init__(why, idempotency_key)
        self.status = status
        self.content = content


class UnverifiedCall(Exception):  # noqa: N818 - it says what is known, which is nothing
    """A request that the hub cannot be shown to have made to this very URL, just now."""


class Client:
    """One partner's connection to the hub. Threads may share it; each keeps its own socket."""

    def __init__(
        self,
        origin: str,
        key_id: str,
        private_key: PrivateKey | str | bytes,
        hub_keys: Mapping[str, PublicKey],
        *,
        timeout: float = 10.0,
        attempts: int = 4,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`private_key` is a key object or PEM text; `hub_keys` is as `fetch_hub_keys` gives it."""
        self.origin = origin.rstrip("/")
        self.key_id = key_id
        self._private_key = _load_private_key(private_key)
        self._hub_keys = dict(hub_keys)
        self._timeout = timeout
        self._attempts = attempts
        self._sleep = sleep
        self._local = threading.local()
        self._opened: set[http.client.HTTPConnection] = set()

    def call(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        idempotency_key: str | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send one request and return the hub's verified answer.

        `content` is sent as JSON; bytes are sent as they are, with `content_type`. Requests
        that change something get a random idempotency key unless one is given: give one that
        you have stored, if the request must survive a crash of your own program.

        Raises UnverifiedAnswer, OutcomeUnknown.
        """
        body = _encode(content)
        fields = {"content-type": content_type} if body else {}
        if method not in SAFE_METHODS:
            idempotency_key = idempotency_key or secrets.token_urlsafe(18)
            fields["idempotency-key"] = idempotency_key
        else:
            idempotency_key = None
        for attempt in range(1, self._attempts + 1):
            try:
                answer = self._attempt(method, path, fields, body)
                if not _asks_to_wait(answer):
                    return answer
                failure = OutcomeUnknown(f"the hub is busy: {answer.status}", idempotency_key)
                wait = _retry_after(answer.headers)
            except UnverifiedAnswer as unverified:
                unverified.idempotency_key = idempotency_key
                if unverified.status < 500:
                    raise
                failure, wait = unverified, 0.0
            except http.client.InvalidURL:
                raise  # Never sent, and it will not get better.
            except (OSError, http.client.HTTPException) as error:
                self._drop_connection()
                failure = OutcomeUnknown(f"no answer: {error!r}", idempotency_key)
                failure.__cause__ = error
                wait = 0.0
            if attempt < self._attempts:
                # Jitter keeps a thousand tills from coming back in the same instant.
                self._sleep(wait or 0.1 * 2**attempt * random.uniform(0.5, 1.0))  # noqa: S311
        raise failure

    def close(self) -> None:
        """Close the calling thread's connection."""
        self._drop_connection()

    def close_all(self) -> None:
        """Close the connections of all threads, none of which may be in a call any more."""
        while self._opened:
            self._opened.pop().close()

    def _attempt(self, method: str, path: str, fields: Mapping[str, str], body: bytes) -> Answer:
        """One request with a nonce of its own, and its answer, verified."""
        nonce = secrets.token_urlsafe(16)
        components = [("@method", method), ("@target-uri", self.origin + path)]
        headers = dict(fields)
        if body:
            digest = f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"
            headers = {"content-type": fields["content-type"], "content-digest": digest, **fields}
        components += headers.items()
        covered = " ".join([f'"{name}"' for name, _ in components])
        parameters = (
            f"({covered});created={int(time.time())}"
            f';nonce="{nonce}";keyid="{self.key_id}";tag="cpx-request-1"'
        )
        signature = _sign(self._private_key, _signature_base(components, parameters))
        headers["Signature-Input"] = f"cpx={parameters}"
        headers["Signature"] = f"cpx=:{b64encode(signature).decode()}:"

        connection = self._connection()
        connection.request(method, path, body or None, headers)
        with connection.getresponse() as response:  # Closed even when the rest never comes.
            content = response.read()
        received = _joined(response.getheaders())
        asked = [(f'"{name}";req', value) for name, value in components]
        why_not = self._why_unverified(method, response.status, received, content, asked, nonce)
        if why_not:
            raise UnverifiedAnswer(why_not, None, response.status, content)
        return Answer(
            response.status,
            _decode(content, received.get("content-type", "")),
            received,
            received.get("idempotency-replayed") == "?1",
        )

    def _why_unverified(
        self,
        method: str,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
        asked: list[tuple[str, str]],
        nonce: str,
    ) -> str | None:
        """Why this is no answer of the hub to this request; None when it is one."""
        given = _ANSWER_INPUT.fullmatch(headers.get("signature-input", ""))
        signed = _ANSWER_SIGNATURE.fullmatch(headers.get("signature", ""))
        if given is None or signed is None or given[1] != signed[1]:
            return "the answer is not signed"
        _, parameters, covered, echoed, key_id = given.groups()
        if echoed != nonce:
            return "the answer was given to another request"
        key = self._hub_keys.get(key_id)
        if key is None:
            return f"the answer is signed with a key that is not among the hub's: {key_id}"
        lines = [('"@status"', str(status))]
        if "content-type" in headers:
            lines.append(('"content-type"', headers["content-type"]))
        lines.append(('"content-digest"', headers.get("content-digest", "")))
        lines += asked
        if covered != " ".join([name for name, _ in lines]):
            return "the signature of the answer covers something else than it must"
        base = "\n".join([f"{name}: {value}" for name, value in lines])
        base += f'\n"@signature-params": {parameters}'
        if not _verifies(key, b64decode(signed[2]), base.encode()):
            return "the signature of the answer does not verify"
        # An answer to HEAD has no content to hold against the digest.
        if method != "HEAD" and not _digest_fits(headers.get("content-digest", ""), content):
            return "the content of the answer is not the content that was signed"
        return None

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self.origin, self._timeout)
            self._opened.add(connection)
        return connection

    def _drop_connection(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            self._opened.discard(connection)
            connection.close()


def fetch_hub_keys(origin: str, *, timeout: float = 10.0) -> dict[str, PublicKey]:
    """The hub's public keys by key id.

    They are as trustworthy as the TLS connection they came over: fetch them once, compare
    them with what you were told on another way, and keep them.
    """
    connection = _connect(origin, timeout)
    try:
        connection.request("GET", "/.well-known/tongbao-keys")
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise OSError(f"the hub's keys are not to be had: status {response.status}")
    return {key["kid"]: _load_jwk(key) for key in json.loads(content)["keys"]}


def verify_hub_call(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes,
    hub_keys: Mapping[str, PublicKey],
    *,
    now: float | None = None,
) -> Any:
    """The decoded content of a call that the hub made to this `url` within the last minute.

    `url` is the one that you registered, `headers` are those of the request. The hub repeats a
    call until it is answered: do each id and act once, and answer the same again.

    Raises UnverifiedCall: then do nothing, and answer 401.
    """
    received = _joined(list(headers.items()))
    given = _CALL_INPUT.fullmatch(received.get("signature-input", ""))
    signed = _ANSWER_SIGNATURE.fullmatch(received.get("signature", ""))
    if given is None or signed is None or given[1] != signed[1]:
        raise UnverifiedCall("the call is not signed by the hub")
    _, parameters, covered, created, _, key_id = given.groups()
    key = hub_keys.get(key_id)
    if key is None:
        raise UnverifiedCall(f"the call is signed with a key that is not among the hub's: {key_id}")
    fields = ("content-type", "content-digest", "idempotency-key")
    lines = [("@method", method), ("@target-uri", url)]
    lines += [(name, received.get(name, "")) for name in fields]
    if covered != " ".join([f'"{name}"' for name, _ in lines]):
        raise UnverifiedCall("the signature covers something else than it must")
    try:
        base = _signature_base(lines, parameters)
    except UnicodeEncodeError as error:
        raise UnverifiedCall("a signed header is not ASCII") from error
    if not _verifies(key, b64decode(signed[2]), base):
        raise UnverifiedCall("the signature does not verify")
    if not -60 <= int(created) - (time.time() if now is None else now) <= 60:
        raise UnverifiedCall("the call was signed at another time")
    if not _digest_fits(received["content-digest"], content):
        raise UnverifiedCall("the content is not the content that was signed")
    return json.loads(content)


def _connect(origin: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(origin)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=timeout)


def _encode(content: Any) -> bytes:
    if content is None:
        return b""
    if isinstance(content, bytes):
        return content
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _decode(content: bytes, content_type: str) -> Any:
    is_json = content_type.partition(";")[0].strip().endswith(("/json", "+json"))
    return json.loads(content) if is_json and content else content


def _joined(fields: list[tuple[str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in fields:
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _asks_to_wait(answer: Answer) -> bool:
    if answer.status == 409 and isinstance(answer.body, dict):
        return bool(answer.body.get("code") == "request-in-progress")
    return answer.status == 503


def _retry_after(headers: Mapping[str, str]) -> float:
    seconds = headers.get("retry-after", "")
    return min(float(seconds), LONGEST_WAIT) if seconds.isdecimal() else 0.0


def _signature_base(components: list[tuple[str, str]], parameters: str) -> bytes:
    lines = [f'"{name}": {value}' for name, value in components]
    lines.append(f'"@signature-params": {parameters}')
    return "\n".join(lines).encode("ascii")


def _sign(key: PrivateKey, data: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def _verifies(key: PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _digest_fits(digest: str, content: bytes) -> bool:
    algorithm, _, value = digest.partition("=")
    made = {"sha-256": sha256, "sha-512": sha512}.get(algorithm)
    return made is not None and value == f":{b64encode(made(content).digest()).decode()}:"


def _load_private_key(key: PrivateKey | str | bytes) -> PrivateKey:
    loaded: object = key
    if isinstance(key, str | bytes):
        pem = key.encode() if isinstance(key, str) else key
        loaded = serialization.load_pem_private_key(pem, None)
    if not isinstance(loaded, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("a signing key is Ed25519 or P-256")
    return loaded


def _load_jwk(key: Mapping[str, str]) -> PublicKey:
    kind = (key["kty"], key["crv"])
    if kind == ("OKP", "Ed25519"):
        return ed25519.Ed25519PublicKey.from_public_bytes(_base64url(key["x"]))
    if kind == ("EC", "P-256"):
        point = b"\x04" + _base64url(key["x"]) + _base64url(key["y"])
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    raise ValueError(f"a hub key of a kind this client does not know: {kind}")


def _base64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
