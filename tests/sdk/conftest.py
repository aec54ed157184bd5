"""A tiny hub: a real HTTP server that signs with partners.signing and misbehaves on demand."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kit.errors import Refusal
from partners.public_keys import PrivateKey, PublicKey
from partners.signing import Message, Verified, parse_signature, sign_response, verify_request

Reply = tuple[int, dict[str, str], bytes]


class TinyHub:
    """Counts effects by idempotency key; `mischief` sees every signed reply before it leaves."""

    def __init__(self) -> None:
        self.keys = {"hub-1": PrivateKey.generate()}
        self.partners: dict[str, PublicKey] = {}
        self.seen: list[Verified] = []
        self.effects: dict[str, int] = {}
        self.refusals: list[str] = []
        self.sent: list[Reply] = []
        self.mischief: Callable[[Reply], Reply | None] = lambda reply: reply
        self.status_plan: list[tuple[int, str, dict[str, str]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, message: Message) -> Reply:
        if message.target == "/.well-known/tongbao-keys":
            keys = [key.public_key.to_jwk(key_id) for key_id, key in self.keys.items()]
            return 200, {"Content-Type": "application/json"}, json.dumps({"keys": keys}).encode()
        try:
            presented = parse_signature(message.headers)
            key = self.partners.get(presented.key_id)
            now = int(time.time())
            verified = verify_request(message, presented, key, origin=self.origin, now=now)
        except Refusal as refusal:
            self.refusals.append(refusal.code)
            body = json.dumps({"code": refusal.code}).encode()
            return refusal.kind.value, {"Content-Type": "application/problem+json"}, body
        return self.sign(verified, *self.act(message, verified))

    def act(self, message: Message, verified: Verified) -> Reply:
        self.seen.append(verified)
        headers = {"Content-Type": "application/json"}
        if self.status_plan:
            status, code, extra = self.status_plan.pop(0)
            problem = json.dumps({"code": code}).encode()
            return status, {"Content-Type": "application/problem+json", **extra}, problem
        if verified.idempotency_key is not None:
            if verified.idempotency_key in self.effects:
                headers["Idempotency-Replayed"] = "?1"
            else:
                self.effects[verified.idempotency_key] = len(self.effects) + 1
        echo = {
            "method": message.method,
            "target": message.target,
            "content": message.body.decode(),
            "effect": self.effects.get(verified.idempotency_key or ""),
        }
        return 200, headers, json.dumps(echo, ensure_ascii=False).encode()

    def sign(self, verified: Verified, status: int, headers: dict[str, str], body: bytes) -> Reply:
        key_id, key = next(iter(self.keys.items()))
        signature = sign_response(
            verified,
            status=status,
            content_type=headers["Content-Type"],
            body=body,
            key_id=key_id,
            key=key,
            created=int(time.time()),
        )
        return status, headers | signature, body

    def _handler(hub):  # noqa: N805 - `self` is the handler's below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            timeout = 5

            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                message = Message(self.command, self.path, headers["host"], headers, body)
                reply = hub.answer(message)
                hub.sent.append(reply)
                reply = hub.mischief(reply)
                if reply is None:
                    self.close_connection = True
                    return
                status, fields, content = reply
                self.send_response(status)
                for name, value in {**fields, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_DELETE = respond  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def hub():
    hub = TinyHub()
    yield hub
    hub.close()


@pytest.fixture(params=["ed25519", "ecdsa-p256-sha256"])
def partner_key(request, hub):
    key = PrivateKey.generate(request.param)
    hub.partners["till-1"] = key.public_key
    return key
