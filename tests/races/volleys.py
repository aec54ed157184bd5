"""Requests that start together: signed before, sent but for the last byte, then let go at once."""

import os
import secrets
from typing import Any

from tests.attacks.wire import Answer, Request, Wire, sign, unsigned
from tests.server import Coalition, Partner

FULL = bool(os.environ.get("HUB_FULL"))


def rounds(gate: int) -> int:
    """How often: every race is run ten times as often with HUB_FULL=1."""
    return gate * 10 if FULL else gate


class Race:
    """A shop and a member of it, ready to be raced for."""

    def __init__(self, coalition: Coalition, wire: Wire) -> None:
        self.coalition, self.wire = coalition, wire
        self.shop = coalition.partner()
        self.member = self.shop.enrol(10**9, shares_balance=True)

    def request(
        self,
        path: str,
        *,
        partner: Partner | None = None,
        key: str | None = None,
        method: str = "POST",
        **content: Any,
    ) -> Request:
        """A signed request to `/v1/…`; a reference of its own, unless one is given."""
        if path in ("accruals", "redemptions", "authorizations"):
            content = {"member": self.member, **content}
        if not path.startswith(("members", "authorizations/")):
            content = {"reference": f"N-{secrets.token_hex(8)}", **content}
        content = {name: value for name, value in content.items() if value is not None}
        body = content if method == "POST" else None
        made = unsigned(self.wire.server, method, f"/v1/{path}", body, key)
        return sign(made, partner or self.shop)

    def one(self, path: str, **content: Any) -> Answer:
        """One request that must succeed."""
        answer = self.wire.send(self.request(path, **content))
        assert answer.status in (200, 201), answer.body
        return answer

    def volley(self, requests: list[Request]) -> list[Answer]:
        """All at once; every answer signed, and none a fault of the hub."""
        answers = self.wire.volley(requests)
        for answer in answers:
            assert answer.signed
            assert answer.status < 500, answer.body
        return answers

    def balance(self) -> tuple[int, int]:
        body = self.shop.call("GET", f"/v1/members/{self.member}/balance").body
        return body["available"], body["held"]


def split(answers: list[Answer]) -> tuple[list[Answer], list[tuple[int, str | None]]]:
    """Those that succeeded, and how the others were refused."""
    won = [answer for answer in answers if answer.status in (200, 201)]
    return won, [(answer.status, answer.code) for answer in answers if answer not in won]
