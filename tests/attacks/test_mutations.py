"""One byte of a signed request changed on its way: never carried out, whichever byte it was (T2).

1,200 changes here, seeded; HUB_FULL=1 makes it 12,000.
"""

import os
from dataclasses import replace
from random import Random

import pytest

from tests.attacks.wire import Request, Wire, sign, unsigned
from tests.server import Coalition, Partner, Server

ROUNDS = 12_000 if os.environ.get("HUB_FULL") else 1_200
SEED = 20_261_122
HEADERS = ("content-type", "content-digest", "idempotency-key", "signature-input", "signature")
# Any byte that may stand in a header. Not a space at an end: HTTP itself takes that away.
BYTES = [chr(code) for code in (*range(0x21, 0x7F), *range(0xA1, 0x100))]


def changed(text: str, random: Random) -> str:
    """With one character another one."""
    at = random.randrange(len(text))
    other = random.choice([letter for letter in BYTES if letter != text[at]])
    return text[:at] + other + text[at + 1 :]


def mutated(request: Request, random: Random) -> tuple[str, Request]:
    """Which part was changed, and the request with the change."""
    parts = ["method", "target", *(name for name in HEADERS if name in request.headers)]
    if request.body:
        parts += ["body"] * 3
    part = random.choice(parts)
    if part == "method":
        return part, replace(request, method=changed(request.method, random))
    if part == "target":
        return part, replace(request, target="/" + changed(request.target[1:], random))
    if part == "body":
        at = random.randrange(len(request.body))
        flipped = request.body[at] ^ (1 << random.randrange(8))
        body = request.body[:at] + bytes([flipped]) + request.body[at + 1 :]
        return part, replace(request, body=body)
    return part, request.but(**{part: changed(request.headers[part], random)})


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256-sha256"])
def test_no_change_is_let_through(
    algorithm: str, coalition: Coalition, server: Server, wire: Wire
) -> None:
    random = Random(SEED)  # noqa: S311
    shop = coalition.partner(algorithm=algorithm)
    requests = signed_requests(shop, server)
    before = coalition.counts()
    met: dict[str, set[str | None]] = {}
    for _ in range(ROUNDS // 2):
        part, request = mutated(random.choice(requests), random)
        answer = wire.send(request)
        assert 400 <= answer.status < 500, (part, request, answer)
        assert not answer.signed
        assert answer.code != "signature-replayed"
        met.setdefault(part, set()).add(answer.code)
    assert coalition.counts() == before
    assert met["body"] == {"digest-mismatch"}
    assert met["idempotency-key"] == {"signature-invalid", "idempotency-key-required"}
    assert set(met) == {"method", "target", "body", *HEADERS}
    for request in requests:  # They were good: the change alone was refused.
        assert wire.send(request).status < 300


def signed_requests(shop: Partner, server: Server) -> list[Request]:
    """One of each shape: with content, without, with a query, that changes and that does not."""
    member = shop.enrol()
    shop.accrue(member, 100)
    sale = {"member": member, "points": 100, "reference": "R-1"}
    made = [
        unsigned(server, "POST", "/v1/accruals", sale),
        unsigned(server, "POST", "/v1/redemptions", sale),
        unsigned(
            server, "POST", "/v1/batches", {"orders": [{"kind": "accrual", **sale, "points": 5}]}
        ),
        unsigned(server, "GET", "/v1/transactions?limit=5&kind=accrual"),
        unsigned(server, "GET", f"/v1/members/{member}/balance?points=7"),
        unsigned(server, "DELETE", f"/v1/members/{member}"),
    ]
    return [sign(request, shop) for request in made]
