"""Requests signed before they are measured, by two processes beside this one; answers verified."""

import secrets
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Self

from bench.asking import Ask
from bench.place import Hub, Place
from partners.public_keys import PrivateKey, PublicKey
from partners.signing import Message, parse_signature, sign_request, verify_response

PROCESSES = 2
_Keys = dict[tuple[int, str], tuple[str, PrivateKey]]

_keys: _Keys = {}  # of a signing process: by till and algorithm, the id and the private half


class Signer:
    """Signs for the tills of a place, just before sending: a signature is good for a minute."""

    def __init__(self, place: Place, hub: Hub) -> None:
        self._hub = hub
        pems = {
            (number, algorithm): (key.id, key.pem)
            for number, till in enumerate(place.tills)
            for algorithm, key in till.keys.items()
        }
        self._pool = ProcessPoolExecutor(
            PROCESSES, get_context("spawn"), initializer=_begin, initargs=(pems,)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def begin(self, asks: Sequence[Ask]) -> list[Future[list[bytes]]]:
        """Start signing; the bytes to send are the results, one after another."""
        share = -(-len(asks) // PROCESSES) or 1
        return [
            self._pool.submit(_sign_all, asks[at : at + share], self._hub.authority)
            for at in range(0, len(asks), share)
        ]

    def sign(self, asks: Sequence[Ask]) -> list[bytes]:
        """The bytes to send, in the order asked."""
        return [request for part in self.begin(asks) for request in part.result()]


def _begin(pems: dict[tuple[int, str], tuple[str, str]]) -> None:
    for name, (key_id, pem) in pems.items():
        _keys[name] = (key_id, PrivateKey.from_pem(pem))


def _sign_all(asks: Sequence[Ask], authority: str) -> list[bytes]:
    return [_sign(ask, authority) for ask in asks]


def _sign(ask: Ask, authority: str) -> bytes:
    key_id, private = _keys[ask.till, ask.algorithm]
    headers: dict[str, str] = {}
    if ask.method == "POST":
        headers = {
            "content-type": "application/json",
            "idempotency-key": secrets.token_urlsafe(18),
        }
    signature = sign_request(
        Message(ask.method, ask.target, authority, headers, ask.body),
        origin=f"http://{authority}",
        key_id=key_id,
        key=private,
        nonce=secrets.token_urlsafe(18),
        created=int(time.time()),
    )
    if ask.body:
        headers["content-length"] = str(len(ask.body))
    headers |= signature
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{ask.method} {ask.target} HTTP/1.1\r\nhost: {authority}\r\n{lines}\r\n"
    return head.encode() + ask.body


def verify(hub: Hub, request: bytes, answer: bytes) -> bytes:
    """The answer's content, which the hub signed over this very request.

    Raises AnswerUnverified.
    """
    first, headers, body = _parts(request)
    method, target, _ = first.split(" ")
    message = Message(method, target, hub.authority, headers, body)
    status, answered, content = _parts(answer)
    verify_response(
        message,
        parse_signature(headers),
        origin=hub.origin,
        status=int(status.split(" ")[1]),
        headers=answered,
        body=content,
        hub_keys={
            name: PublicKey.from_raw("ed25519", key.public_bytes_raw())
            for name, key in hub.keys.items()
        },
    )
    return content


def _parts(message: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}, body
