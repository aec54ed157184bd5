"""Another partner's object is a missing object, to the byte (T10).

Every id that an operation takes, in its path or in its content, is tried with an object that
another partner owns, and with one that nobody owns. The answers may differ in that id alone.
"""

from typing import Any

import pytest

from kit.schemas import PublicId
from partners.api.operations import Operation
from tests.attacks.scene import Scene, missing, named
from tests.attacks.wire import Answer, Wire, refused, sign
from web.app import OPERATIONS

# What a window is called and when it closed, every partner may know; its figures are one's own.
SHARED = {"window"}


def place_names(operation: Operation) -> list[str]:
    """The ids in the operation's path."""
    found = [step.partition(":")[2] or step for step in _steps(operation.path)]
    return [name for name in found if name not in SHARED]


def _steps(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("<")]


def same_but_for_the_id(one: Answer, its: str, other: Answer, others: str) -> bool:
    return (one.status, one.body.replace(its.encode(), b"*")) == (
        other.status,
        other.body.replace(others.encode(), b"*"),
    ) and sorted(one.headers) == sorted(other.headers)


def test_ids_in_paths(scene: Scene, wire: Wire) -> None:
    """The stranger has every scope, and asks for what is the shop's."""
    before, tried = scene.coalition.counts(), 0
    for operation in OPERATIONS:
        for name in place_names(operation):
            foreign, nobodys = scene.objects[name], missing(name)
            answers = []
            for id_ in (foreign, nobodys):
                request = sign(scene.request(operation, **{name: id_}), scene.stranger)
                answer = wire.send(request)
                refused(request, answer, 404, str(answer.code), signed=True)
                answers.append(answer)
            assert same_but_for_the_id(answers[0], foreign, answers[1], nobodys), answers
            tried += 1
    assert tried >= 13
    assert scene.coalition.counts() == before


def test_ids_in_content(scene: Scene, wire: Wire) -> None:
    own = scene.stranger.enrol()
    scene.coalition.rate(scene.stranger, 10, 3)
    before, tried = scene.coalition.counts(), 0
    for operation in OPERATIONS:
        schema = operation.schema("body")
        names = [] if schema is None else list(schema.fields.items())
        for name, field in names:
            if not isinstance(field, PublicId):
                continue
            foreign = scene.objects["redemption" if name == "transaction" else name]
            nobodys = missing(name)
            answers = []
            for id_ in (foreign, nobodys):
                content = filled(scene, operation.name, name, id_, own)
                request = sign(scene.request(operation, content), scene.stranger)
                answer = wire.send(request)
                status = 422 if name == "approval" else 404  # As a payment code is refused.
                refused(request, answer, status, str(answer.code), signed=True)
                assert answer.code != "request-invalid"
                answers.append(answer)
            assert same_but_for_the_id(answers[0], foreign, answers[1], nobodys), answers
            tried += 1
    assert tried >= 6
    assert scene.coalition.counts() == before


def filled(scene: Scene, operation: str, name: str, id_: str, own: str) -> dict[str, Any]:
    """Good content of the stranger's, but for the one id."""
    content = {**(scene.content(operation) or {})}
    if "member" in content:
        content["member"] = own
    if name == "quote":
        del content["theirs"]
    if name == "approval":
        del content["member"]
    return {**content, name: id_}


def test_a_link_ended_is_no_link(scene: Scene, wire: Wire) -> None:
    """A member whom the shop let go of is missing to the shop as well, everywhere."""
    assert wire.send(scene.signed(named("unlinkMember"))).status == 200
    for operation in OPERATIONS:
        if "member" in place_names(operation) or "member" in (scene.content(operation.name) or {}):
            request = scene.signed(operation)
            refused(request, wire.send(request), 404, "member-not-found", signed=True)


def test_what_is_ones_own_of_the_wrong_kind(scene: Scene, wire: Wire) -> None:
    """A redemption cannot be clawed back, an accrual not refunded, a refund not refunded."""
    shop, objects = scene.shop, scene.objects
    refund = {"transaction": objects["redemption"], "reference": "RF-1", "points": 1}
    refunded = wire.ask(shop, "POST", "/v1/refunds", refund).json["id"]
    before = scene.coalition.counts()
    for transaction in (objects["transaction"], refunded):
        request = scene.signed(
            named("refund"), {"transaction": transaction, "reference": "RF-2", "points": 1}
        )
        refused(request, wire.send(request), 404, "transaction-not-found", signed=True)
    for transaction in (objects["redemption"], refunded):
        request = sign(scene.request(named("clawBack"), transaction=transaction), shop)
        refused(request, wire.send(request), 404, "transaction-not-found", signed=True)
    assert scene.coalition.counts() == before


def test_lists_hold_ones_own(scene: Scene, wire: Wire) -> None:
    stranger = scene.stranger
    for name in ("transactions", "rates"):
        assert wire.ask(stranger, "GET", f"/v1/{name}").json[name] == []
        assert wire.ask(scene.shop, "GET", f"/v1/{name}").json[name] != []
    statements = wire.ask(stranger, "GET", "/v1/statements").json["statements"]
    assert scene.objects["statement"] not in [each["number"] for each in statements]
    assert wire.ask(stranger, "GET", "/v1/invoices").json["invoices"] == []
    reference = wire.ask(scene.shop, "GET", "/v1/transactions").json["transactions"][0]["reference"]
    found = wire.ask(stranger, "GET", f"/v1/transactions?reference={reference}").json
    assert found == {"transactions": []}
    keys = wire.ask(stranger, "GET", "/v1/keys").json["keys"]
    assert [key["id"] for key in keys] == [stranger.key_id]


def test_no_id_is_seen_by_two_partners(scene: Scene, wire: Wire) -> None:
    """Two brands that put together all they were told of one member find nothing in common."""
    shop, stranger = scene.shop, scene.stranger
    here = scene.objects["member"]
    there = stranger.link(shop, here, shares_balance=True)
    stranger.redeem(there, 5)
    stranger.accrue(there, 5)
    seen = []
    for partner, member in ((shop, here), (stranger, there)):
        texts = [
            wire.ask(partner, "GET", path).body.decode()
            for path in (
                f"/v1/members/{member}",
                f"/v1/members/{member}/balance",
                "/v1/transactions",
                "/v1/statements",
            )
        ]
        words = set("".join(texts).replace('"', " ").replace(",", " ").split())
        seen.append({word for word in words if "_" in word and any(map(str.isdigit, word))})
    assert all(seen)
    assert not seen[0] & seen[1]


@pytest.mark.parametrize("used", [False, True])
def test_link_tokens_say_nothing(used: bool, scene: Scene, wire: Wire) -> None:
    token = "A" * 32
    if used:
        token = scene.objects["token"]
        answer = wire.ask(scene.shop, "POST", "/v1/members/links", {"token": token})
        assert answer.status == 201
    third = scene.coalition.partner()
    request = sign(scene.request(named("linkMember"), {"token": token}), third)
    refused(request, wire.send(request), 422, "link-token-invalid", signed=True)
