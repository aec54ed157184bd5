"""A captured request sent again, and a key used again: one effect, whatever comes twice (T5–T16).

HUB_FULL=1 makes every volley ten times as many.
"""

import os
import time

from tests.attacks.scene import Scene, named
from tests.attacks.wire import Wire, new_key, refused, sign, unsigned
from tests.server import Coalition
from web.app import OPERATIONS

ROUNDS = 100 if os.environ.get("HUB_FULL") else 10


def accruals(coalition: Coalition) -> int:
    return coalition.counts()["journal"]


def test_no_operation_takes_a_request_twice(scene: Scene, wire: Wire) -> None:
    ends = [named(name) for name in ("revokeKey", "unlinkMember")]
    for operation in [one for one in OPERATIONS if one not in ends] + ends:
        if operation.name == "void":
            held = scene.shop.authorise(scene.objects["member"], 1)
            scene.objects["authorization"] = held.body["id"]
        request = scene.signed(operation)
        assert wire.send(request).status == operation.status
        before = scene.coalition.counts()
        refused(request, wire.send(request), 401, "signature-replayed", signed=True)
        assert scene.coalition.counts() == before, operation.name


def test_a_nonce_is_used_up_whatever_it_signs(scene: Scene, wire: Wire) -> None:
    nonce = new_key()
    first = scene.signed(named("accrue"), nonce=nonce)
    assert wire.send(first).status == 201
    before = scene.coalition.counts()
    for name in ("accrue", "redeem", "enrolMember", "getMember"):
        request = scene.signed(named(name), nonce=nonce)
        refused(request, wire.send(request), 401, "signature-replayed", signed=True)
    assert scene.coalition.counts() == before
    # Another key's nonces are its own.
    request = sign(unsigned(wire.server, "GET", "/v1/rates"), scene.stranger, nonce=nonce)
    assert wire.send(request).status == 200


def test_a_refused_request_is_used_up_too(scene: Scene, wire: Wire) -> None:
    content = {"member": scene.objects["member"], "points": 10**5, "reference": "R-9"}
    request = scene.signed(named("redeem"), content)
    refused(request, wire.send(request), 422, "insufficient-points", signed=True)
    refused(request, wire.send(request), 401, "signature-replayed", signed=True)


def test_twenty_copies_at_once(scene: Scene, wire: Wire) -> None:
    """Every copy on a socket of its own, the last bytes together: one is carried out."""
    for _ in range(ROUNDS):
        for name in ("accrue", "enrolMember", "getMember"):
            operation = named(name)
            request = scene.signed(operation)
            answers = wire.volley([request] * 20)
            done = [one for one in answers if one.status == operation.status]
            assert len(done) == 1
            others = {(one.status, one.code) for one in answers if one not in done}
            assert others == {(401, "signature-replayed")}
    listed = scene.shop.call("GET", "/v1/transactions?kind=accrual&limit=1000").body
    assert len(listed["transactions"]) == 2 + ROUNDS


def test_one_key_twenty_times_at_once(scene: Scene, wire: Wire) -> None:
    """Signed afresh each time, as a client's retries are: one effect, and one answer for all."""
    before = accruals(scene.coalition)
    for _ in range(ROUNDS):
        request, key = scene.request(named("accrue")), new_key()
        copies = [sign(request.but(idempotency_key=key), scene.shop) for _ in range(20)]
        answers = wire.volley(copies)
        for copy, answer in zip(copies, answers, strict=True):
            if answer.status != 201:
                refused(copy, answer, 409, "request-in-progress", signed=True)
                assert answer.headers["retry-after"]
        saved = {one.body for one in answers if one.status == 201}
        assert len(saved) == 1
        assert [one.replayed for one in answers if one.status == 201].count(False) == 1
        late = wire.send(sign(request.but(idempotency_key=key), scene.shop))
        assert late.replayed
        assert {late.body} == saved
    assert accruals(scene.coalition) == before + ROUNDS


def test_every_answer_is_replayed_byte_for_byte(scene: Scene, wire: Wire) -> None:
    """The key of every operation that changes something; effects and refusals alike."""
    ends = [named(name) for name in ("revokeKey", "unlinkMember")]
    writes = [one for one in OPERATIONS if one.method != "GET" and one not in ends]
    for operation in writes + ends:
        request = scene.request(operation)
        first = wire.send(sign(request, scene.shop))
        before = scene.coalition.counts()
        again = wire.send(sign(request, scene.shop))
        assert (again.status, again.body) == (first.status, first.body), operation.name
        assert (first.replayed, again.replayed) == (False, True)
        assert scene.coalition.counts() == before


def test_a_key_stands_for_one_request(scene: Scene, wire: Wire) -> None:
    content = {"member": scene.objects["member"], "points": 7, "reference": "K-1"}
    first = unsigned(wire.server, "POST", "/v1/accruals", content)
    assert wire.send(sign(first, scene.shop)).status == 201
    key = first.headers["idempotency-key"]
    others = [
        *[
            unsigned(wire.server, "POST", "/v1/accruals", {**content, **change}, key)
            for change in (
                {"points": 8},
                {"reference": "K-2"},
                {"occurred_at": "2026-01-01T00:00:00Z"},
            )
        ],
        first.with_body(first.body + b" "),
        first.but(content_type="application/json; charset=utf-8"),
        unsigned(wire.server, "POST", "/v1/redemptions", content, key),
        unsigned(wire.server, "POST", "/v1/members", {}, key),
        unsigned(wire.server, "DELETE", f"/v1/members/{scene.objects['member']}", None, key),
    ]
    before = scene.coalition.counts()
    for other in others:
        request = sign(other, scene.shop)
        refused(request, wire.send(request), 422, "idempotency-key-reused", signed=True)
    assert scene.coalition.counts() == before
    again = wire.send(sign(first, scene.shop))
    assert (again.status, again.replayed) == (201, True)


def test_quotes_around_a_key_are_not_part_of_it(scene: Scene, wire: Wire) -> None:
    bare = scene.request(named("accrue"))
    first = wire.send(sign(bare, scene.shop))
    quoted = bare.but(idempotency_key=f'"{bare.headers["idempotency-key"]}"')
    again = wire.send(sign(quoted, scene.shop))
    assert (again.body, again.replayed) == (first.body, True)


def test_another_partners_key_is_another_key(scene: Scene, wire: Wire) -> None:
    key = new_key()
    for partner in (scene.shop, scene.stranger):
        answer = wire.ask(partner, "POST", "/v1/members", {"reference": "C-9"}, key=key)
        assert (answer.status, answer.replayed) == (201, False)


def test_what_passes_by_itself_is_not_saved(scene: Scene, wire: Wire) -> None:
    """A request of a wrong shape has no claim on its key: corrected, it may use it."""
    key = new_key()
    content = {"member": scene.objects["member"], "points": 0, "reference": "S-1"}
    answer = wire.ask(scene.shop, "POST", "/v1/accruals", content, key=key)
    assert answer.status == 422
    answer = wire.ask(scene.shop, "POST", "/v1/accruals", {**content, "points": 1}, key=key)
    assert (answer.status, answer.replayed) == (201, False)


def test_a_receipt_is_taken_once_under_any_key(scene: Scene, wire: Wire) -> None:
    """A client that forgot its keys is told which transaction its receipt already has (T17)."""
    member, shop = scene.objects["member"], scene.shop
    sale = {"member": member, "points": 2, "reference": "TILL-1"}
    redeemed = wire.ask(shop, "POST", "/v1/redemptions", sale).json["id"]
    for path, content in {
        "/v1/accruals": sale,
        "/v1/redemptions": sale,
        "/v1/authorizations": sale,
        "/v1/imports": {"member": member, "theirs": 10, "reference": "TILL-1"},
        "/v1/refunds": {"transaction": redeemed, "points": 1, "reference": "TILL-1"},
    }.items():
        if path != "/v1/redemptions":  # References of one kind do not disturb another kind.
            first = wire.ask(shop, "POST", path, content)
            assert first.status == 201, first.body
        request = sign(unsigned(wire.server, "POST", path, content), shop)
        answer = wire.send(request)
        refused(request, answer, 409, "duplicate-reference", signed=True)
        assert answer.json["first"].startswith("aut_" if "authoriz" in path else "jrn_")


def test_an_answer_that_is_no_longer_kept(scene: Scene, wire: Wire) -> None:
    request = scene.request(named("accrue"))
    assert wire.send(sign(request, scene.shop)).status == 201
    scene.coalition.books.owner.execute(
        "UPDATE exchange.claim SET at = at - interval '31 days' WHERE key = %s",
        (request.headers["idempotency-key"],),
    )
    again = sign(request, scene.shop)
    refused(again, wire.send(again), 409, "answer-expired", signed=True)


def test_stale_after_a_minute(scene: Scene, wire: Wire) -> None:
    """A copy kept for longer than its nonce may be remembered is refused by its age."""
    created = int(time.time()) - 56
    request = scene.signed(named("accrue"), created=created)
    assert wire.send(request).status == 201
    refused(request, wire.send(request), 401, "signature-replayed", signed=True)
    time.sleep(created + 61.2 - time.time())
    refused(request, wire.send(request), 401, "signature-stale", signed=False)
