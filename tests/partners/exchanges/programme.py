"""A partner's own programme: a real HTTP server with accounts, which does as it is told to.

It verifies every call as a partner would, with the client library, and does each act once for each
id, whatever it then answers.
"""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sdk.python.tongbao_client import PublicKey, UnverifiedCall, verify_hub_call

SIGNS = {"credit": +1, "debit": -1, "take-back": -1, "give-back": +1}


@dataclass
class Call:
    """What came in, and how it was signed."""

    content: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Programme:
    """`mood` is how it answers from now on; `moods` come before it, one each."""

    hub_keys: dict[str, PublicKey]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    balance: int = 0
    mood: str = "done"
    moods: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    done: dict[tuple[str, str], int] = field(default_factory=dict)
    unsigned: list[str] = field(default_factory=list)
    port: int = 0
    tls: ssl.SSLContext | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}/exchange"

    def acts(self) -> list[str]:
        """What was asked, in order."""
        return [call.content["act"] for call in self.calls]

    def do(self, content: dict[str, Any]) -> None:
        """Once for each id and act."""
        name = (content["id"], content["act"])
        if name not in self.done:
            self.done[name] = SIGNS[content["act"]] * content["theirs"]
            self.balance += self.done[name]


@contextmanager
def programme(hub_keys: dict[str, PublicKey], **options: Any) -> Iterator[Programme]:
    made = Programme(hub_keys, **options)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            made.unsigned.append("GET")
            self.send_error(405)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                content = verify_hub_call(
                    "POST",
                    f"{'https' if made.tls else 'http'}://{headers['host']}{self.path}",
                    headers,
                    body,
                    made.hub_keys,
                    now=made.clock().timestamp(),
                )
            except UnverifiedCall as why:
                made.unsigned.append(str(why))
                self.send_error(401)
                return
            with made.lock:
                made.calls.append(Call(content, headers))
                mood = made.moods.pop(0) if made.moods else made.mood
                if mood not in ("refused", "500", "hangs"):
                    made.do(content)
            self._answer(mood, content)

        def _answer(self, mood: str, content: dict[str, Any]) -> None:
            said: dict[str, Any] = {"id": content["id"], "outcome": "done", "reference": "X-1"}
            status = 200
            if mood.startswith("refused"):
                said = {"id": content["id"], "outcome": "refused", "reason": "not-enough"}
            if mood == "lies":
                said["id"] = "exg_00000000000000000000000000"
            if mood == "hangs":
                time.sleep(7)
            if mood == "closes":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if mood == "202":
                status = 202
            if mood == "500":
                status, said = 500, {"error": "broken"}
            if mood == "redirects":
                self.send_response(302)
                self.send_header("Location", made.url)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            sent = json.dumps(said).encode()
            if mood == "floods":
                sent = sent[:-1] + b" " * 100_000 + b"}"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            if mood == "drips":
                for byte in sent:
                    time.sleep(0.5)
                    self.wfile.write(bytes([byte]))
                return
            self.wfile.write(sent)

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Who hangs up in the middle is part of the play."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if made.tls:
        server.socket = made.tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
