"""One question to another server, and its answer in JSON: in five seconds, or not at all."""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

SECONDS: Final = 5.0  # for all of it, from connecting to the last byte
LARGEST: Final = 256 * 1024


class NoAnswer(Exception):  # noqa: N818 - what happened, and it may happen to anybody
    """Nobody answered in time, or not in JSON."""


def ask(
    method: str, url: str, headers: Mapping[str, str] | None = None, body: str | None = None
) -> tuple[int, dict[str, Any]]:
    """The status and the object. Redirects are not followed. Raises NoAnswer."""
    place = urlsplit(url)
    host = place.hostname or ""
    connection = (
        http.client.HTTPSConnection(
            host, place.port, timeout=SECONDS, context=ssl.create_default_context()
        )
        if place.scheme == "https"
        else http.client.HTTPConnection(host, place.port, timeout=SECONDS)
    )
    watch = threading.Timer(SECONDS, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        connection.request(
            method,
            path,
            body,
            {"Accept": "application/json", "Connection": "close"} | {**(headers or {})},
        )
        response = connection.getresponse()
        received = response.read(LARGEST + 1)
        if len(received) > LARGEST:
            raise NoAnswer("the answer is too long")
        answer = json.loads(received)
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise NoAnswer(type(error).__name__) from error
    finally:
        watch.cancel()
        connection.close()
    if not isinstance(answer, dict):
        raise NoAnswer("the answer is no object")
    return response.status, answer


def _cut(connection: http.client.HTTPConnection) -> None:
    """A server that sends one byte a second keeps no thread of ours."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
