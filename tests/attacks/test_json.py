"""Content that is no JSON, or JSON that says too much, too little or two things (T24)."""

import json
from typing import Any

import pytest

from kit.schemas import PublicId, Reference, Whole
from tests.attacks.scene import Scene, named
from tests.attacks.wire import Wire, refused
from web.app import OPERATIONS

WRITES = [one for one in OPERATIONS if one.body is not None]

MALFORMED = [
    b"",
    b" ",
    b"null",
    b"true",
    b"12",
    b'"text"',
    b"[]",
    b"[{}]",
    b"{",
    b"{}}",
    b"{} {}",
    b'{"points":1,}',
    b"{'points':1}",
    b"{points:1}",
    b'{"points":01}',
    b'{"points":+1}',
    b'{"points":.5}',
    b'{"points":0x10}',
    b'{"points":NaN}',
    b'{"points":Infinity}',
    b'{"points":-Infinity}',
    b'{"points":1,"points":2}',
    b'{"points":1,"\\u0070oints":2}',
    b'{"a":{"b":1,"b":1}}',
    b'{"a":"\\ud800"}',
    b'{"\\udc00":1}',
    b'{"a":"\\u0000"}',
    b'{"a":"\x00"}',
    b'{"a":"\n"}',
    b'{"a":"\xff"}',
    b"\xef\xbb\xbf{}",
    '{"points":1}'.encode("utf-16"),
    b"/* */ {}",
    b'{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"points":' + b"9" * 5_000 + b"}",
]

NOT_WHOLE = [-1, 0, 1.5, 1.0, 1e3, 2**63, 10**12 + 1, 10**30, "100", "1", "", True, False, None]
NOT_WHOLE += [[], [1], {}, {"$gt": 0}]

# Names that stand in the books' tables and in what use cases read: none may be set from outside.
INTERNAL = (
    *("id", "party", "party_id", "partner_id", "issuer_id", "wallet", "wallet_id", "to_wallet"),
    *("link", "code", "key", "key_id", "nonce", "fingerprint", "evidence", "state", "status"),
    *("kind", "rate", "rate_id", "price", "cap", "fee", "ours", "expires_on", "expires_at"),
    *("issued_at", "valued_at", "window", "window_id", "at", "moment", "direction", "approval"),
    *("undoes", "hold", "available", "held", "captured", "scope", "__proto__", "constructor"),
)


MAY_BE_NOUGHT = ("daily_limit", "fee_ppm", "tolerance_seconds", "undo_days", "lines")


def test_malformed_content(scene: Scene, wire: Wire) -> None:
    before = scene.coalition.counts()
    for operation in WRITES:
        for body in MALFORMED if operation.name in ("accrue", "enrolMember") else MALFORMED[:22]:
            request = scene.signed(operation, body)
            refused(request, wire.send(request), 400, "json-malformed", signed=True)
    assert scene.coalition.counts() == before


def test_numbers_that_are_no_points(scene: Scene, wire: Wire) -> None:
    """Every whole number of every operation, each with every value that it is not."""
    before, tried = scene.coalition.counts(), 0
    for operation in WRITES:
        schema = operation.schema("body")
        assert schema is not None
        for name, field in schema.fields.items():
            if not isinstance(field, Whole):
                continue
            for value in NOT_WHOLE:
                if value is None and field.allow_none:
                    continue
                if value == 0 and type(value) is int and name in MAY_BE_NOUGHT:
                    continue
                content = {**(scene.content(operation.name) or {}), name: value}
                request = scene.signed(operation, content)
                answer = wire.send(request)
                refused(request, answer, 422, "request-invalid", signed=True)
                assert f"/{name}" in [error["pointer"] for error in answer.json["errors"]]
                tried += 1
    assert tried > 250
    assert scene.coalition.counts() == before


def test_a_whole_number_may_not_be_spelled_otherwise(scene: Scene, wire: Wire) -> None:
    """The same number to a reader of JavaScript, and still not one to us."""
    good = json.dumps(scene.content("accrue"))
    for spelled in ("7.0", "7e0", "70e-1", "0.7e1"):
        request = scene.signed(
            named("accrue"), good.replace('"points": 7', f'"points": {spelled}').encode()
        )
        refused(request, wire.send(request), 422, "request-invalid", signed=True)


def test_texts_that_are_no_reference_or_id(scene: Scene, wire: Wire) -> None:
    member = scene.objects["member"]
    bad_ids = [
        *(
            "",
            "1",
            member[4:],
            member.upper(),
            member + "0",
            member[:-1],
            f" {member}",
            f"{member}\n",
        ),
        *(member.replace("mbr_", "ptr_"), "mbr_" + "z" * 26, "mbr_" + "u" * 26, 5, None, [member]),
    ]
    bad_references = [
        "",
        " ",
        "a" * 65,
        " a",
        "a ",
        "a\tb",
        "a\nb",
        "é",
        "点",
        "\x7f",
        5,
        None,
        ["a"],
    ]
    before, tried = scene.coalition.counts(), 0
    for operation in WRITES:
        schema = operation.schema("body")
        assert schema is not None
        for name, field in schema.fields.items():
            if not isinstance(field, PublicId | Reference):
                continue
            for value in bad_ids if isinstance(field, PublicId) else bad_references:
                content = {**(scene.content(operation.name) or {}), name: value}
                request = scene.signed(operation, content)
                refused(request, wire.send(request), 422, "request-invalid", signed=True)
                tried += 1
    assert tried > 150
    assert scene.coalition.counts() == before


def test_nothing_undocumented_can_be_set(scene: Scene, wire: Wire) -> None:
    before = scene.coalition.counts()
    for operation in WRITES:
        schema = operation.schema("body")
        assert schema is not None
        names = [name for name in INTERNAL if name not in schema.fields]
        good = scene.content(operation.name) or {}
        request = scene.signed(operation, {**good, **dict.fromkeys(names, 1)})
        answer = wire.send(request)
        refused(request, answer, 422, "request-invalid", signed=True)
        assert {error["pointer"] for error in answer.json["errors"]} >= {f"/{n}" for n in names}
    for name in INTERNAL:
        if name not in ("points", "reference", "member"):
            request = scene.signed(named("accrue"), {**(scene.content("accrue") or {}), name: 1})
            refused(request, wire.send(request), 422, "request-invalid", signed=True)
    assert scene.coalition.counts() == before


def test_nothing_required_can_be_left_out(scene: Scene, wire: Wire) -> None:
    before = scene.coalition.counts()
    for operation in WRITES:
        schema = operation.schema("body")
        assert schema is not None
        good = scene.content(operation.name) or {}
        for name in (name for name, field in schema.fields.items() if field.required):
            rest = {key: value for key, value in good.items() if key != name}
            request = scene.signed(operation, rest)
            refused(request, wire.send(request), 422, "request-invalid", signed=True)
    for name in ("authorize", "redeem"):
        rest = {k: v for k, v in (scene.content(name) or {}).items() if k != "member"}
        request = scene.signed(named(name), rest)
        refused(request, wire.send(request), 422, "request-invalid", signed=True)
    for change in ({"quote": scene.objects["quote"]}, {"theirs": None}):
        content = {**(scene.content("importPoints") or {}), **change}
        request = scene.signed(named("importPoints"), content)
        refused(request, wire.send(request), 422, "request-invalid", signed=True)
    assert scene.coalition.counts() == before


@pytest.mark.parametrize("name", ["accrue", "redeem", "importPoints", "refund", "clawBack"])
def test_times_that_are_none(name: str, scene: Scene, wire: Wire) -> None:
    times: list[Any] = [
        *("", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z"),
        *("2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z", "20260101T000000Z", 1767225600, None),
        *("9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z", "2026-01-01T00:00:00.1234567Z"),
    ]
    before = scene.coalition.counts()
    for value in times:
        content = {**(scene.content(name) or {}), "occurred_at": value}
        request = scene.signed(named(name), content)
        refused(request, wire.send(request), 422, "request-invalid", signed=True)
    assert scene.coalition.counts() == before
