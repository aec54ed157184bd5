"""Queries and pages: what is not documented is refused, what is documented is bounded."""

from tests.attacks.scene import Scene
from tests.attacks.wire import Answer, Request, Wire, refused, sign, unsigned
from tests.server import Coalition
from web.app import OPERATIONS


def get(scene: Scene, wire: Wire, target: str) -> tuple[Request, Answer]:
    request = sign(unsigned(wire.server, "GET", target), scene.shop)
    return request, wire.send(request)


def test_no_operation_takes_an_unknown_parameter(scene: Scene, wire: Wire) -> None:
    before = scene.coalition.counts()
    for operation in OPERATIONS:
        plain = scene.request(operation)
        for query in ("debug=1", "party=1", "limit[]=1"):
            request = Request(
                operation.method,
                f"{plain.target}{'&' if '?' in plain.target else '?'}{query}",
                plain.headers,
                plain.body,
            )
            request = sign(request, scene.shop)
            code = "target-malformed" if "[" in query else "request-invalid"
            status = 400 if "[" in query else 422
            answer = wire.send(request)
            refused(request, answer, status, code, signed=status == 422)
    assert scene.coalition.counts() == before


def test_parameters_out_of_form(scene: Scene, wire: Wire) -> None:
    transactions, balance = "/v1/transactions", f"/v1/members/{scene.objects['member']}/balance"
    for target in (
        *(
            f"{transactions}?limit={value}"
            for value in ("0", "-1", "1001", "9" * 30, "a", "1.5", "")
        ),
        *(
            f"{transactions}?cursor={value}"
            for value in ("", "1", "jrn_1", scene.objects["member"])
        ),
        *(f"{transactions}?kind={value}" for value in ("", "theft", "Accrual", "accrual,refund")),
        *(f"{transactions}?reference={value}" for value in ("", "%00", "%ff", "a" * 65, "%0a")),
        f"{transactions}?limit=1&limit=2",
        f"{transactions}?limit=1&limit=1",
        f"{transactions}?kind=accrual&kind=refund",
        *(f"{balance}?points={value}" for value in ("0", "-5", "1000000000001", "1e3", "true", "")),
        *(f"/v1/windows?cursor={value}" for value in ("", "%00", "%ff", "a/b", "a" * 65)),
        *(f"/v1/statements?cursor={value}" for value in ("", "%00", "%27%20OR%201=1")),
        "/v1/statements?limit=0",
        "/v1/windows?limit=1001",
    ):
        request, answer = get(scene, wire, target)
        refused(request, answer, 422, "request-invalid", signed=True)


def test_a_cursor_of_nothing(scene: Scene, wire: Wire) -> None:
    request, answer = get(scene, wire, "/v1/windows?cursor=nothing")
    refused(request, answer, 404, "window-not-found", signed=True)
    request, answer = get(scene, wire, "/v1/statements?cursor=nothing")
    refused(request, answer, 404, "statement-not-found", signed=True)


def test_characters_that_no_target_has(scene: Scene, wire: Wire) -> None:
    for target in ("/v1/rates?a=%zz", "/v1/rates?a=%", "/v1/rates?a=%2", "/v1/rates?%=1"):
        request, answer = get(scene, wire, target)
        refused(request, answer, 400, "target-malformed", signed=False)


def test_ids_out_of_form_are_nothing(scene: Scene, wire: Wire) -> None:
    """No route answers them, and nobody is told more than that."""
    member = scene.objects["member"]
    for path in (
        *(f"/v1/members/{value}" for value in ("1", "mbr_", "mbr_1", member.upper(), f"{member}0")),
        *(f"/v1/members/{value}" for value in ("mbr_" + "z" * 26, member.replace("mbr_", "jrn_"))),
        f"/v1/members/{member}/",
        f"/v1/members/{member}/wallet",
        "/v1/transactions/1",
        "/v1/authorizations/aut_0",
        "/v1",
        "/v2/rates",
        "/v1/statements/ST/x",
    ):
        answer = get(scene, wire, path)[1]
        assert (answer.status, answer.code, answer.signed) == (404, "not-found", False), path


def test_pages_lead_through_everything_once(scene: Scene, wire: Wire) -> None:
    whole = get(scene, wire, "/v1/transactions")[1].json["transactions"]
    assert len(whole) == 4
    found, target = [], "/v1/transactions?limit=3"
    while target:
        answer = get(scene, wire, target)[1]
        found += answer.json["transactions"]
        target = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
    assert found == whole


def test_another_partners_cursor_opens_nothing(scene: Scene, wire: Wire) -> None:
    """A cursor is a place in one's own list, wherever it came from."""
    target = f"/v1/transactions?cursor={scene.objects['transaction']}"
    request = sign(unsigned(wire.server, "GET", target), scene.stranger)
    assert wire.send(request).json == {"transactions": []}


def test_a_number_in_a_query_has_digits_alone(coalition: Coalition) -> None:
    market = coalition.partner()
    member = market.enrol()
    for points in ("1_0", "+1", "1.0", "1e3", "%D9%A1", "%201", "0"):
        answer = market.call("GET", f"/v1/members/{member}/balance?points={points}")
        assert (answer.status, answer.body["code"]) == (422, "request-invalid"), points


def test_more_points_than_an_order_may_carry(coalition: Coalition) -> None:
    market = coalition.partner()
    member = market.enrol()
    coalition.rate(market, 1, 10**12)
    for path in ("/v1/imports", "/v1/quotes"):
        body = {"member": member, "theirs": 10**12}
        if path == "/v1/imports":
            body["reference"] = "I-1"
        answer = market.call("POST", path, body)
        assert (answer.status, answer.body["code"]) == (422, "amount-not-convertible")
