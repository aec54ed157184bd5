"""Batches: what is refused of a single order is refused of a line, and a line too many of them all.

The kinds of line are the application's own list: an operation that is added is tried here too.
"""

import json
import secrets
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from marshmallow import fields

from kit.schemas import PublicId, Reference, Whole
from partners.api.batches import ERRORS, MAX_BODY, PART
from partners.api.operations import Bulk
from tests.attacks.scene import Scene, missing, named
from tests.attacks.test_foreign_objects import same_but_for_the_id
from tests.attacks.test_fuzz import EXAMPLES, TEXT, WILD, contents
from tests.attacks.test_json import INTERNAL, NOT_WHOLE
from tests.attacks.wire import Answer, Wire, new_key, refused, sign, unsigned
from tests.server import Coalition, Partner
from web.app import OPERATIONS
from web.openapi import document, refusals

BATCH = named("postBatch")
assert isinstance(BATCH, Bulk)
KINDS = BATCH.kinds
NAMES = [kind.posting.name for kind in KINDS.values()]
Line = dict[str, Any]


def sent(wire: Wire, partner: Partner, lines: list[Any], key: str | None = None) -> Answer:
    return wire.ask(partner, "POST", "/v1/batches", {"orders": lines}, key=key)


def refuses(scene: Scene, wire: Wire, lines: Any, pointers: set[str]) -> None:
    """The whole batch, with these faults and no others; nothing was changed."""
    before = scene.coalition.counts()
    request = scene.signed(BATCH, {"orders": lines})
    answer = wire.send(request)
    refused(request, answer, 422, "request-invalid", signed=True)
    assert {error["pointer"] for error in answer.json["errors"]} == pointers
    assert scene.coalition.counts() == before


def accrual(member: str, points: int = 1, **other: Any) -> Line:
    reference = f"N-{secrets.token_hex(6)}"
    return {"kind": "accrual", "member": member, "points": points, "reference": reference, **other}


def test_every_kind_does_what_its_operation_does(scene: Scene, wire: Wire) -> None:
    """Without this, the refusals below would prove nothing."""
    lines = [scene.line(name) for name in NAMES if name != "void"]
    held = scene.shop.authorise(scene.objects["member"], 1).body["id"]
    lines.append(scene.line("void", authorization=held))
    answer = sent(wire, scene.shop, lines)
    assert (answer.status, answer.json["done"], answer.json["refused"]) == (200, len(lines), 0)
    for line, outcome in zip(lines, answer.json["outcomes"], strict=True):
        posting = KINDS[line["kind"]].posting
        assert outcome["status"] == posting.status
        schema = posting.schema("answer")
        assert schema is not None
        assert set(outcome["answer"]) <= {
            field.data_key or name for name, field in schema.dump_fields.items()
        }


def test_requests_and_answers_are_as_described(scene: Scene, wire: Wire) -> None:
    described = json.loads(json.dumps(document(OPERATIONS, "https://hub.example")))

    def check(schema: str, value: Any) -> None:
        Draft202012Validator(
            {"$ref": f"#/components/schemas/{schema}", "components": described["components"]}
        ).validate(value)

    lines = [scene.line(name) for name in NAMES]
    check("BatchBody", {"orders": lines})
    answer = sent(wire, scene.shop, [*lines, scene.line("capture")]).json
    assert answer["refused"] == 2  # The hold was captured by the first of three.
    check("BatchAnswer", answer)
    for outcome in answer["outcomes"]:
        assert len({"answer", "problem"} & set(outcome)) == 1
        if "problem" in outcome:
            check("Problem", outcome["problem"])


class TestSize:
    def test_from_one_line_to_ten_thousand(self, scene: Scene, wire: Wire) -> None:
        line = accrual(scene.objects["member"])
        refuses(scene, wire, [], {"/orders"})
        refuses(scene, wire, [line] * 10_001, {"/orders"})
        answer = sent(wire, scene.shop, [line] * 10_000)  # One receipt, again and again.
        assert (answer.status, answer.json["done"], answer.json["refused"]) == (200, 1, 9_999)

    def test_no_more_bytes_than_it_takes(self, scene: Scene, wire: Wire) -> None:
        content = json.dumps({"orders": [accrual(scene.objects["member"])]}).encode()
        full = content + b" " * (MAX_BODY - len(content))
        before = scene.coalition.counts()
        request = scene.signed(BATCH, full + b" ")
        refused(request, wire.send(request), 413, "content-too-large", signed=False)
        assert scene.coalition.counts() == before
        assert wire.send(scene.signed(BATCH, full)).status == 200

    def test_other_operations_take_no_more_than_before(self, scene: Scene, wire: Wire) -> None:
        content = json.dumps(scene.content("accrue")).encode()
        request = scene.signed(named("accrue"), content + b" " * 65_536)
        refused(request, wire.send(request), 413, "content-too-large", signed=False)

    def test_a_million_of_nothing(self, scene: Scene, wire: Wire) -> None:
        refuses(scene, wire, [1] * 1_000_000, {"/orders"})


class TestShape:
    """One wrong line, and nothing of the batch is done."""

    @pytest.mark.parametrize("orders", [None, {}, "x", 5, True])
    def test_orders_that_are_no_list(self, orders: Any, scene: Scene, wire: Wire) -> None:
        refuses(scene, wire, orders, {"/orders"})

    @pytest.mark.parametrize("line", [None, [], "accrual", 5, True, [["kind", "accrual"]]])
    def test_lines_that_are_no_objects(self, line: Any, scene: Scene, wire: Wire) -> None:
        refuses(scene, wire, [accrual(scene.objects["member"]), line], {"/orders/1"})

    @pytest.mark.parametrize(
        "kind",
        ["", "Accrual", "accrue", "authorisation", "lot-expiry", "adjustment", "transfer", "batch",
         "hold-expiry", None, 5, ["accrual"], {"accrual": 1}],
    )  # fmt: skip
    def test_kinds_that_are_none(self, kind: Any, scene: Scene, wire: Wire) -> None:
        good = accrual(scene.objects["member"])
        refuses(scene, wire, [good, {**good, "kind": kind}], {"/orders/1/kind"})

    def test_a_line_without_a_kind(self, scene: Scene, wire: Wire) -> None:
        line = accrual(scene.objects["member"])
        del line["kind"]
        refuses(scene, wire, [line], {"/orders/0/kind"})

    def test_a_wrong_line_at_the_very_end(self, scene: Scene, wire: Wire) -> None:
        lines = [accrual(scene.objects["member"]) for _ in range(3 * PART)]
        refuses(scene, wire, [*lines, {**lines[0], "points": 0}], {f"/orders/{3 * PART}/points"})

    def test_the_first_hundred_faults_are_told(self, scene: Scene, wire: Wire) -> None:
        line = accrual(scene.objects["member"], points=0)
        refuses(scene, wire, [line] * 5_000, {f"/orders/{n}/points" for n in range(ERRORS)})

    def test_every_fault_of_a_line_is_told(self, scene: Scene, wire: Wire) -> None:
        line = {"kind": "clawback", "transaction": "jrn_1", "points": 1.5, "note": "x"}
        places = ("transaction", "points", "note", "reference")
        refuses(scene, wire, [line], {f"/orders/0/{place}" for place in places})

    def test_every_field_of_every_kind(self, scene: Scene, wire: Wire) -> None:
        """Numbers, ids and references of each line, each with what it is not."""
        for name in NAMES:
            good = scene.line(name)
            kind = KINDS[good["kind"]]
            lines: list[Line] = []
            pointers: set[str] = set()
            for place, field in kind.schema.fields.items():
                for value in _wrong(field):
                    pointers.add(f"/orders/{len(lines)}/{place}")
                    lines.append({**good, place: value})
            for place in (one for one, field in kind.schema.fields.items() if field.required):
                pointers.add(f"/orders/{len(lines)}/{place}")
                lines.append({key: value for key, value in good.items() if key != place})
            for place in (one for one in INTERNAL if one not in kind.schema.fields):
                pointers.add(f"/orders/{len(lines)}/{place}")
                lines.append({**good, place: 1})
            assert len(lines) >= 40
            for start in range(0, len(lines), 50):
                some = {p for p in pointers if start <= int(p.split("/")[2]) < start + 50}
                moved = {f"/orders/{int(p.split('/')[2]) - start}/{p.split('/')[3]}" for p in some}
                refuses(scene, wire, lines[start : start + 50], moved)


def _wrong(field: fields.Field[Any]) -> list[Any]:
    match field:
        case Whole():
            return NOT_WHOLE
        case PublicId():
            return ["", "x", "mbr_", f"{field.prefix}_1", f"{field.prefix}_" + "u" * 26, 5, None]
        case Reference():
            return ["", " a", "a ", "x" * 65, "a\nb", "é", 5, None, ["a"]]
        case _:
            return []


class TestScope:
    def test_a_key_does_no_line_that_it_may_not_do_alone(
        self, coalition: Coalition, scene: Scene, wire: Wire
    ) -> None:
        before = coalition.counts()
        tried = 0
        for scope in ("till", "issue"):
            partner = coalition.partner(scopes=(scope,))
            may = [n for n in NAMES if scope in named(n).scopes]
            assert 0 < len(may) < len(NAMES)
            for name in (one for one in NAMES if one not in may):
                request = scene.signed(
                    BATCH, {"orders": [scene.line(may[0]), scene.line(name)]}, partner=partner
                )
                answer = wire.send(request)
                refused(request, answer, 403, "scope-missing", signed=True)
                assert answer.json["needs"] == sorted(named(name).scopes)
                tried += 1
        assert tried == len(NAMES)
        assert coalition.counts() == before

    def test_the_scope_comes_before_the_shape(self, scene: Scene, wire: Wire) -> None:
        till = scene.coalition.partner(scopes=("till",))
        request = scene.signed(BATCH, {"orders": [{"kind": "accrual"}]}, partner=till)
        refused(request, wire.send(request), 403, "scope-missing", signed=True)


def test_anothers_object_is_a_missing_object(scene: Scene, wire: Wire) -> None:
    """Every id of every kind of line: one that is the shop's, one that is nobody's."""
    own = scene.stranger.enrol()
    scene.coalition.rate(scene.stranger, 10, 3)
    before, tried = scene.coalition.counts(), 0
    for name in NAMES:
        good = scene.line(name)
        if "member" in good:
            good["member"] = own
        for place, field in KINDS[good["kind"]].schema.fields.items():
            if not isinstance(field, PublicId):
                continue
            instead = {"quote": "theirs", "approval": "member"}.get(place)
            line = {key: value for key, value in good.items() if key != instead}
            foreign = good.get(place) if place != "member" else None
            foreign, nobodys = str(foreign or scene.objects[place]), missing(place)
            answers = [
                sent(wire, scene.stranger, [{**line, place: id_}]) for id_ in (foreign, nobodys)
            ]
            for answer in answers:
                assert answer.status == 200
                told = answer.json["outcomes"][0]
                status = 422 if place == "approval" else 404  # As a payment code is refused.
                assert told["status"] == status, answer.body
            assert same_but_for_the_id(answers[0], foreign, answers[1], nobodys), answers
            tried += 1
    assert tried >= 9
    assert scene.coalition.counts() == before


class TestKeys:
    def test_one_nonce(self, scene: Scene, wire: Wire) -> None:
        request = scene.signed(BATCH)
        assert wire.send(request).status == 200
        before = scene.coalition.counts()
        refused(request, wire.send(request), 401, "signature-replayed", signed=True)
        assert scene.coalition.counts() == before

    def test_one_key_for_one_content(self, scene: Scene, wire: Wire) -> None:
        """Also where another batch begins with the same lines, or ends with them."""
        member, key = scene.objects["member"], new_key()
        lines = [accrual(member) for _ in range(PART + 1)]
        assert sent(wire, scene.shop, lines, key).json["done"] == PART + 1
        before = scene.coalition.counts()
        for other in (lines[:PART], lines[PART:], [*lines, accrual(member)], lines[::-1]):
            request = sign(
                unsigned(wire.server, "POST", "/v1/batches", {"orders": other}, key), scene.shop
            )
            refused(request, wire.send(request), 422, "idempotency-key-reused", signed=True)
        assert scene.coalition.counts() == before

    def test_a_key_is_a_batchs_or_an_orders(self, scene: Scene, wire: Wire) -> None:
        content = scene.content("accrue")
        key, other = new_key(), new_key()
        assert wire.ask(scene.shop, "POST", "/v1/accruals", content, key=key).status == 201
        assert sent(wire, scene.shop, [scene.line("accrue")], other).status == 200
        before = scene.coalition.counts()
        for request in (
            unsigned(wire.server, "POST", "/v1/batches", {"orders": [scene.line("accrue")]}, key),
            unsigned(wire.server, "POST", "/v1/accruals", scene.content("accrue"), other),
        ):
            signed = sign(request, scene.shop)
            refused(signed, wire.send(signed), 422, "idempotency-key-reused", signed=True)
        assert scene.coalition.counts() == before

    def test_nobody_writes_a_later_parts_key(self, scene: Scene, wire: Wire) -> None:
        """A key with a slash is none: what a later part claims cannot be claimed before it."""
        request = scene.request(named("accrue")).but(idempotency_key=f"{new_key()}/1")
        signed = sign(request, scene.shop)
        refused(signed, wire.send(signed), 400, "idempotency-key-malformed", signed=False)

    def test_a_wrong_shape_leaves_the_key_free(self, scene: Scene, wire: Wire) -> None:
        key, line = new_key(), accrual(scene.objects["member"])
        assert sent(wire, scene.shop, [{**line, "points": 0}], key).status == 422
        answer = sent(wire, scene.shop, [line], key)
        assert (answer.status, answer.replayed, answer.json["done"]) == (200, False, 1)

    def test_refused_lines_are_replayed_too(self, scene: Scene, wire: Wire) -> None:
        key = new_key()
        lines = [scene.line("redeem", points=10**9), accrual(scene.objects["member"], 5)]  # type: ignore[arg-type]
        first = sent(wire, scene.shop, lines, key)
        again = sent(wire, scene.shop, lines, key)
        assert [one["status"] for one in first.json["outcomes"]] == [422, 201]
        assert (again.replayed, again.body) == (True, first.body)


class TestOneMemberManyTimes:
    def test_the_lines_of_a_member_are_done_in_their_order(self, scene: Scene, wire: Wire) -> None:
        shop = scene.shop
        member = shop.enrol(10**9, shares_balance=True)
        spend = {"kind": "redemption", "member": member, "points": 60}
        lines = [
            {**spend, "reference": "O-1"},
            accrual(member, 100),
            {**spend, "reference": "O-2"},
            {**spend, "reference": "O-3"},
            accrual(member, 20),
            {**spend, "reference": "O-3"},
        ]
        answer = sent(wire, shop, lines)
        statuses = [one["status"] for one in answer.json["outcomes"]]
        assert statuses == [422, 201, 201, 422, 201, 201]
        problem = answer.json["outcomes"][3]["problem"]
        assert (problem["code"], problem["available"], problem["requested"]) == (
            "insufficient-points",
            40,
            60,
        )
        assert balance(shop, member) == (0, 0)

    def test_never_more_than_there_is(self, scene: Scene, wire: Wire) -> None:
        """Twelve hundred redemptions and holds of one point, of a wallet that has a thousand."""
        member = scene.shop.enrol(10**9, shares_balance=True)
        scene.shop.accrue(member, 1_000)
        lines = [
            {
                "kind": ("redemption", "authorization")[n % 2],
                "member": member,
                "points": 1,
                "reference": f"M-{n}",
            }
            for n in range(1_200)
        ]
        answer = sent(wire, scene.shop, lines)
        statuses = [one["status"] for one in answer.json["outcomes"]]
        assert statuses == [201] * 1_000 + [422] * 200
        assert balance(scene.shop, member) == (0, 500)

    def test_never_more_than_the_mandate_of_a_day(self, scene: Scene, wire: Wire) -> None:
        member = scene.shop.enrol(50, shares_balance=True)
        scene.shop.accrue(member, 1_000)
        lines = [
            {"kind": "redemption", "member": member, "points": 20, "reference": f"D-{n}"}
            for n in range(4)
        ]
        answer = sent(wire, scene.shop, lines)
        codes = [one.get("problem", {}).get("code") for one in answer.json["outcomes"]]
        assert codes == [None, None, "mandate-limit", "mandate-limit"]

    def test_one_end_for_one_hold(self, scene: Scene, wire: Wire) -> None:
        hold = scene.objects["authorization"]
        kinds = ["capture", "void", "capture", "void"]
        answer = sent(wire, scene.shop, [{"kind": k, "authorization": hold} for k in kinds])
        assert [one["status"] for one in answer.json["outcomes"]] == [200, 409, 409, 409]

    def test_refunded_and_clawed_back_once(self, scene: Scene, wire: Wire) -> None:
        sale, accrued = scene.objects["redemption"], scene.objects["transaction"]
        lines = [
            {"kind": kind, "transaction": id_, "reference": f"U-{n}", "points": points}
            for kind, id_, points in (("refund", sale, 4), ("clawback", accrued, 40))
            for n in range(4)
        ]
        answer = sent(wire, scene.shop, lines)
        statuses = [one["status"] for one in answer.json["outcomes"]]
        assert statuses == [201, 201, 422, 422] * 2


def balance(shop: Partner, member: str) -> tuple[int, int]:
    body = shop.call("GET", f"/v1/members/{member}/balance").body
    return body["available"], body["held"]


@pytest.mark.parametrize("apart", [1, PART])
def test_one_receipt_twice_in_a_batch(apart: int, scene: Scene, wire: Wire) -> None:
    """In one part and in two: the first is taken, and the second names it."""
    member = scene.objects["member"]
    lines = [accrual(member) for _ in range(PART + 1)]
    lines[apart]["reference"] = lines[0]["reference"]
    outcomes = sent(wire, scene.shop, lines).json["outcomes"]
    assert [n for n, one in enumerate(outcomes) if one["status"] != 201] == [apart]
    problem = outcomes[apart]["problem"]
    assert problem["code"] == "duplicate-reference"
    assert problem["first"] == outcomes[0]["answer"]["id"]


class TestCaps:
    def test_a_cap_is_reached_and_not_passed(self, coalition: Coalition, wire: Wire) -> None:
        """Over two parts, some lines too large and some that still fit."""
        issuer = coalition.partner(cap=10_000)
        members = [issuer.enrol() for _ in range(20)]
        lines = [accrual(members[n % 20], 30) for n in range(PART)]
        lines[100]["points"] = 9_000
        answer = sent(wire, issuer, lines)
        exposure = coalition.books.exposure(issuer.party)
        given = sum(o["answer"]["points"] for o in answer.json["outcomes"] if "answer" in o)
        assert given == exposure
        assert 10_000 - 30 < exposure <= 10_000
        codes = {o["problem"]["code"] for o in answer.json["outcomes"] if "problem" in o}
        assert codes == {"position-limit"}
        more = sent(wire, issuer, [accrual(members[0], 30) for _ in range(PART)])
        assert more.json["done"] == 0
        assert coalition.books.exposure(issuer.party) == exposure

    def test_clawing_back_makes_room_within_the_batch(
        self, coalition: Coalition, wire: Wire
    ) -> None:
        issuer = coalition.partner(cap=100)
        member = issuer.enrol()
        accrued = issuer.accrue(member, 100).body["id"]
        lines = [
            accrual(member, 50),
            {"kind": "clawback", "transaction": accrued, "points": 50, "reference": "C-1"},
            accrual(member, 50),
            accrual(member, 1),
        ]
        answer = sent(wire, issuer, lines)
        assert [one["status"] for one in answer.json["outcomes"]] == [422, 201, 201, 422]
        assert coalition.books.exposure(issuer.party) == 100

    def test_a_rates_daily_cap(self, coalition: Coalition, wire: Wire) -> None:
        issuer = coalition.partner()
        coalition.rate(issuer, 10, 3, daily_cap=1_000)
        member = issuer.enrol()
        lines = [
            {"kind": "import", "member": member, "theirs": 100, "reference": f"I-{n}"}
            for n in range(15)
        ]
        answer = sent(wire, issuer, lines)
        assert (answer.json["done"], answer.json["refused"]) == (10, 5)


class TestCodes:
    def test_a_payment_code_pays_once(self, scene: Scene, wire: Wire) -> None:
        code = scene.shop.call(
            "POST", f"/v1/members/{scene.objects['member']}/payment-codes", {"max_points": 10}
        ).body["code"]
        lines = [
            {"kind": "redemption", "payment_code": code, "points": 1, "reference": f"P-{n}"}
            for n in range(3)
        ]
        answer = sent(wire, scene.stranger, lines)
        codes = [one.get("problem", {}).get("code") for one in answer.json["outcomes"]]
        assert codes == [None, "payment-code-invalid", "payment-code-invalid"]

    def test_a_batch_guesses_no_codes(self, scene: Scene, wire: Wire) -> None:
        """Two thousand tries in one request are as many as the limit of a minute allows."""
        lines = [
            {
                "kind": "redemption",
                "payment_code": f"80{n:016d}",
                "points": 1,
                "reference": f"G-{n}",
            }
            for n in range(2_000)
        ]
        outcomes = sent(wire, scene.stranger, lines).json["outcomes"]
        tried = [o for o in outcomes if o["problem"]["code"] == "payment-code-invalid"]
        rest = {o["problem"]["code"] for o in outcomes if o not in tried}
        assert len(tried) < 100
        assert rest == {"too-many-codes"}


def test_a_suspended_partner_may_only_undo(scene: Scene, wire: Wire) -> None:
    scene.coalition.books.owner.execute(
        "UPDATE exchange.party SET state = 'suspended' WHERE id = %s", (scene.shop.party,)
    )
    names = [name for name in NAMES if name != "capture"]
    outcomes = sent(wire, scene.shop, [scene.line(name) for name in names]).json["outcomes"]
    done = {name for name, one in zip(names, outcomes, strict=True) if "answer" in one}
    assert done == {"void", "refund", "clawBack"}
    codes = {one["problem"]["code"] for one in outcomes if "problem" in one}
    assert codes == {"partner-not-active"}


def test_no_line_makes_the_hub_fail(scene: Scene, wire: Wire) -> None:
    documented = {one.code for one in refusals(BATCH)}
    for name in NAMES:
        good = scene.line(name)
        kind = KINDS[good["kind"]]

        @settings(
            max_examples=EXAMPLES // 2,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.lists(
                st.dictionaries(TEXT, WILD, max_size=3)
                | contents(good, sorted(kind.schema.fields)),
                min_size=1,
                max_size=3,
            )
        )
        def check(lines: list[Line]) -> None:
            answer = sent(wire, scene.shop, lines)
            assert answer.signed
            if answer.status != 200:
                assert answer.status in (400, 422), (lines, answer.body)
                assert answer.code in documented
                return
            for line, outcome in zip(lines, answer.json["outcomes"], strict=True):
                if "problem" in outcome:
                    codes = {one.code for one in KINDS[line["kind"]].posting.refusals}
                    assert outcome["problem"]["code"] in codes

        check()
