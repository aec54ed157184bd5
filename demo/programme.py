"""The points programmes of two brands, as the hub finds them: one answers, one is being mended.

A real server that verifies each call by the client library, as a brand's own would. It keeps its
members' points in memory: each has 2,000 of them to begin with.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sdk.python.tongbao_client import PublicKey, UnverifiedCall, verify_hub_call

ANSWERS, SILENT = "northway", "crane"
_BEGINS_WITH = 2_000
_LONGEST = 64 * 1024
_SIGNS = {"credit": 1, "give-back": 1, "debit": -1, "take-back": -1}


@dataclass
class Programme:
    """What the brand keeps: points by member, and what it answered, which it answers again."""

    origin: str
    hub_keys: Mapping[str, PublicKey] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: _BEGINS_WITH))
    answered: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, slug: str) -> str:
        """Where the hub asks this brand."""
        return f"{self.origin}/{slug}/exchange"

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Do what is asked once, and say the same ever after."""
        once = (asked["id"], asked["act"])
        with self.lock:
            if once not in self.answered:
                change = _SIGNS[asked["act"]] * asked["theirs"]
                said = {"id": asked["id"], "outcome": "done"}
                if self.points[asked["member"]] + change < 0:
                    said |= {"outcome": "refused", "reason": "not-enough"}
                else:
                    self.points[asked["member"]] += change
                self.answered[once] = said
            return self.answered[once]


@contextmanager
def running() -> Iterator[Programme]:
    """The server, until the block ends; it believes nobody before it has the hub's keys."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing: it speaks when it is asked."""

        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _LONGEST))
            if self.path != f"/{ANSWERS}/exchange":
                return self._say(503, {"error": "closed until tomorrow"})
            try:
                url, headers = made.url(ANSWERS), dict(self.headers.items())
                asked = verify_hub_call("POST", url, headers, body, made.hub_keys)
            except UnverifiedCall as why:
                return self._say(401, {"error": str(why)})
            return self._say(200, made.answer(asked))

        def _say(self, status: int, content: dict[str, Any]) -> None:
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Programme(f"http://localhost:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
