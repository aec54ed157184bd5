"""Requests as bytes, so that they may be anything; answers held to the profile.

A client library refuses to send what these tests are about. Here a request is a value that can be
changed in any place after it was signed, and an answer says whether the hub signed it for that very
request.
"""

import json
import re
import secrets
import socket
import time
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from http.client import HTTPResponse
from typing import Any, Self

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from partners.api.operations import Operation
from partners.public_keys import PrivateKey, PublicKey
from partners.signing import Message, parse_signature, sign_request, verify_response
from tests.server import Partner, Server
from web.app import OPERATIONS
from web.openapi import refusals

JSON = "application/json"
PROBLEM = "application/problem+json"
_ID = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Request:
    """A request as it will stand on the wire; `headers` has lower-case names."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    def __bytes__(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body

    def but(self, **headers: str | None) -> Self:
        """With other headers (`content_type=…`); None takes one away."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {**self.headers, **named}
        return replace(self, headers={n: v for n, v in merged.items() if v is not None})

    def with_body(self, body: bytes) -> Self:
        """Another body with its length, under the headers of the first."""
        return replace(self, body=body).but(content_length=str(len(body)))


@dataclass(frozen=True)
class Answer:
    """What came back. `signed`: by the hub, for this request; a wrong signature raises."""

    status: int
    headers: dict[str, str]
    body: bytes
    signed: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The code of a problem."""
        if self.headers.get("content-type") != PROBLEM:
            return None
        return str(self.json["code"])

    @property
    def replayed(self) -> bool:
        return self.headers.get("idempotency-replayed") == "?1"


def new_key() -> str:
    """An idempotency key, or a nonce."""
    return secrets.token_urlsafe(18)


def unsigned(
    server: Server, method: str, target: str, content: Any = None, key: str | None = None
) -> Request:
    """A request without a signature. `content` is sent as JSON, bytes as they are."""
    if content is None:
        body = b""
    else:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {"host": server.origin.partition("://")[2]}
    if content is not None:
        headers |= {"content-type": JSON, "content-length": str(len(body))}
    if method != "GET":
        headers["idempotency-key"] = key or new_key()
    return Request(method, target, headers, body)


def sign(
    request: Request,
    partner: Partner,
    *,
    origin: str | None = None,
    created: int | None = None,
    expires: int | None = None,
    nonce: str | None = None,
    key_id: str | None = None,
    private: PrivateKey | None = None,
) -> Request:
    """Sign as the profile asks, but for what the arguments change."""
    origin = origin or partner.client.origin
    message = Message(
        request.method, request.target, request.headers["host"], request.headers, request.body
    )
    added = sign_request(
        message,
        origin=origin,
        key_id=key_id or partner.key_id,
        key=private or partner.private,
        nonce=nonce or new_key(),
        created=int(time.time()) if created is None else created,
        expires=expires,
    )
    return replace(request, headers={**request.headers, **{k.lower(): v for k, v in added.items()}})


def sign_freely(
    request: Request,
    partner: Partner,
    components: tuple[str, ...],
    parameters: str | None = None,
    label: str = "cpx",
) -> Request:
    """Sign any components under any parameters: what a careless or clever signer would send.

    A second implementation, so that these tests do not ask the code under test how to sign.
    """
    if parameters is None:
        parameters = (
            f'created={int(time.time())};nonce="{new_key()}";keyid="{partner.key_id}"'
            ';tag="cpx-request-1"'
        )
    headers = request.headers
    if request.body and "content-digest" not in headers:
        digest = b64encode(sha256(request.body).digest()).decode()
        headers = {**headers, "content-digest": f"sha-256=:{digest}:"}
    values = {
        "@method": request.method,
        "@target-uri": partner.client.origin + request.target,
        "@authority": headers["host"],
        "@path": request.target.partition("?")[0],
        **headers,
    }
    listed = "(" + " ".join(f'"{name}"' for name in components) + f");{parameters}"
    lines = [f'"{name}": {values.get(name, "")}' for name in components]
    base = "\n".join([*lines, f'"@signature-params": {listed}']).encode()
    made = b64encode(partner.private.sign(base)).decode()
    signature = {"signature-input": f"{label}={listed}", "signature": f"{label}=:{made}:"}
    return replace(request, headers={**headers, **signature})


class Wire:
    """A connection to the hub that sends whatever it is told, once."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._socket: socket.socket | None = None
        self._hub_keys = hub_keys(server)

    def send(self, request: Request) -> Answer:
        """The hub's answer to these bytes."""
        connection, self._socket = self._socket, None
        try:
            if connection is not None:
                connection.sendall(bytes(request))
                answer, keep = receive(connection, request.method)
        except (BrokenPipeError, ConnectionResetError):  # Closed by the hub while it lay idle.
            assert connection is not None
            connection.close()
            connection = None
        if connection is None:
            connection = connect(self.server)
            connection.sendall(bytes(request))
            answer, keep = receive(connection, request.method)
        if keep:
            self._socket = connection
        else:
            connection.close()
        return verified(request, answer, self._hub_keys, self.server.origin)

    def ask(
        self, partner: Partner, method: str, target: str, content: Any = None, **signing: Any
    ) -> Answer:
        """Sign and send."""
        key = signing.pop("key", None)
        return self.send(
            sign(unsigned(self.server, method, target, content, key), partner, **signing)
        )

    def volley(self, requests: Iterable[Request]) -> list[Answer]:
        """All at once: every request but its last byte on a socket of its own, then the bytes."""
        requests = list(requests)
        connections = [connect(self.server) for _ in requests]
        try:
            for connection, request in zip(connections, requests, strict=True):
                connection.sendall(bytes(request)[:-1])
            for connection, request in zip(connections, requests, strict=True):
                connection.sendall(bytes(request)[-1:])
            answers = [
                receive(connection, request.method)[0]
                for connection, request in zip(connections, requests, strict=True)
            ]
        finally:
            for connection in connections:
                connection.close()
        return [
            verified(request, answer, self._hub_keys, self.server.origin)
            for request, answer in zip(requests, answers, strict=True)
        ]

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()


def connect(server: Server) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def receive(connection: socket.socket, method: str = "GET") -> tuple[Answer, bool]:
    """One answer, and whether the connection stays open. Raises what http.client raises."""
    response = HTTPResponse(connection, method=method)
    try:
        response.begin()
        body = response.read()
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, body), not response.will_close


def verified(request: Request, answer: Answer, keys: dict[str, PublicKey], origin: str) -> Answer:
    """The answer, its signature checked. Raises AnswerUnverified if it carries a wrong one."""
    if "signature" not in answer.headers:
        return answer
    verify_response(
        Message(request.method, request.target, "", request.headers, request.body),
        parse_signature(request.headers),
        origin=origin,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        hub_keys=keys,
    )
    return replace(answer, signed=True)


def hub_keys(server: Server) -> dict[str, PublicKey]:
    """The hub's published keys, as the profile's own code reads them."""
    return {
        name: PublicKey.from_pem(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        for name, key in server.keys.items()
    }


def operation_of(request: Request) -> Operation:
    """The operation that answers a request."""
    path = request.target.partition("?")[0]
    for pattern, operation in _routes():
        if operation.method == request.method and pattern.fullmatch(path):
            return operation
    raise LookupError(f"no operation answers {request.method} {path}")


@cache
def _routes() -> list[tuple[re.Pattern[str], Operation]]:
    # The plain paths first: /v1/members/links is no member.
    ordered = sorted(OPERATIONS, key=lambda one: one.path.count("<"))
    return [(re.compile(_ID.sub("[^/]+", one.path)), one) for one in ordered]


def refused(request: Request, answer: Answer, status: int, code: str, *, signed: bool) -> None:
    """The answer is this documented problem, whole, and signed when the request was authentic."""
    assert (answer.status, answer.code) == (status, code), (answer.status, answer.body)
    assert answer.signed is signed
    problem = answer.json
    assert problem["status"] == status
    assert problem["type"].endswith(f"/{code}")
    assert problem["instance"] == request.target.partition("?")[0]
    assert problem["title"]
    assert type(problem["retryable"]) is bool
    documented = {one.code for one in refusals(operation_of(request))}
    assert code in documented, f"{operation_of(request).name} does not document {code}"
