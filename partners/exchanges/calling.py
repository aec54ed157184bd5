"""Calling a partner: one signed request to where it said, and what its answer means.

An answer counts as said only when it is whole and names the exchange it was asked about. Whatever
else happens (nobody answers, a redirect, an error, too much, something unreadable) is `maybe`: the
partner may have done it, and is asked again.
"""

import http.client
import json
import secrets
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from partners.exchanges import endpoints
from partners.exchanges.endpoints import Endpoint
from partners.exchanges.errors import EndpointRefused
from partners.exchanges.machine import Said
from partners.public_keys import PrivateKey
from partners.signature_fields import HUB_TAG
from partners.signing import Message, sign_request

SECONDS: Final = 5.0  # For all of it, from connecting to the last byte.
LARGEST: Final = 64 * 1024
REASONS: Final = frozenset({"unknown-member", "not-enough", "spent", "too-late", "limit", "other"})

log = structlog.get_logger("exchanges")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner said; `reason` is one of REASONS when it refused."""

    said: Said
    reason: str = ""


MAYBE: Final = Answer("maybe")


@dataclass(frozen=True, slots=True)
class Caller:
    """Signs with the hub's key, which partners find under /.well-known/tongbao-keys."""

    key_id: str
    key: PrivateKey = field(repr=False)
    production: bool
    clock: Callable[[], datetime]

    def ask(self, url: str, content: dict[str, Any]) -> Answer:
        """Ask, once. `content` has at least an id and an act; never raises for what others do."""
        try:
            endpoint = endpoints.read(url, production=self.production)
            found = endpoints.addresses(endpoint, production=self.production)
            status, body = self._send(endpoint, found[0], content)
        except EndpointRefused as refused:
            log.warning("exchange-endpoint", host=url.split("/")[2], why=refused.detail)
            return MAYBE
        except (OSError, http.client.HTTPException, ValueError) as error:
            failed = type(error).__name__
            log.info("exchange-call", id=content["id"], act=content["act"], failed=failed)
            return MAYBE
        answer = read_answer(status, body, content["id"])
        log.info("exchange-call", id=content["id"], act=content["act"], status=status,
                 said=answer.said)  # fmt: skip
        return answer

    def _send(self, endpoint: Endpoint, address: str, content: dict[str, Any]) -> tuple[int, bytes]:
        body = json.dumps(content, separators=(",", ":")).encode()
        headers = {
            "content-type": "application/json",
            "idempotency-key": f"{content['id']}-{content['act']}",
        }
        signed = sign_request(
            Message("POST", endpoint.path, endpoint.authority, headers, body),
            origin=endpoint.origin,
            key_id=self.key_id,
            key=self.key,
            nonce=secrets.token_urlsafe(16),
            created=int(self.clock().timestamp()),
            tag=HUB_TAG,
        )
        connection = _Pinned(endpoint, address)
        watch = threading.Timer(SECONDS, connection.cut)
        watch.start()
        try:
            connection.request(
                "POST", endpoint.path, body, {**headers, **signed, "Connection": "close"}
            )
            response = connection.getresponse()  # Redirects are not followed: they are no answer.
            received = response.read(LARGEST + 1)
            if len(received) > LARGEST:
                raise ValueError("the answer is too long")
            return response.status, received
        finally:
            watch.cancel()
            connection.close()


def read_answer(status: int, body: bytes, asked: str) -> Answer:
    """What came back, as far as it can be believed."""
    if status != 200:
        return MAYBE
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return MAYBE
    if not isinstance(said, dict) or said.get("id") != asked:
        return MAYBE
    if said.get("outcome") == "done":
        return Answer("done")
    if said.get("outcome") == "refused":
        reason = said.get("reason")
        return Answer(
            "refused", reason if isinstance(reason, str) and reason in REASONS else "other"
        )
    return MAYBE


class _Pinned(http.client.HTTPConnection):
    """To an address that was looked at, in the name of its host. It can be cut from elsewhere."""

    def __init__(self, endpoint: Endpoint, address: str) -> None:
        super().__init__(endpoint.host, endpoint.port, timeout=SECONDS)
        self._address = address
        self._secure = endpoint.scheme == "https"
        self._open: socket.socket | None = None  # Its own would be forgotten with the headers.
        self._cut = False

    def connect(self) -> None:
        self.sock = self._open = socket.create_connection((self._address, self.port), SECONDS)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = self._open = context.wrap_socket(self.sock, server_hostname=self.host)
        if self._cut:
            raise TimeoutError

    def cut(self) -> None:
        self._cut = True
        if self._open is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._open, socket.SHUT_RDWR)
