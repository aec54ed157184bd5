"""A member earns at the market and pays at the restaurant; some of it comes back."""

from tests.server import Coalition


def test_a_sale_paid_with_points(coalition: Coalition) -> None:
    market, restaurant = coalition.partner(), coalition.partner(algorithm="ecdsa-p256-sha256")
    at_market = market.enrol(reference="C-1", shares_balance=True)
    at_restaurant = restaurant.link(market, at_market)
    assert at_market != at_restaurant

    earned = market.accrue(at_market, 1_000, "B-1")
    assert earned.status == 201
    assert earned.body["points"] == 1_000

    held = restaurant.authorise(at_restaurant, 600, "T-1")
    assert (held.status, held.body["state"]) == (201, "held")
    balance = market.call("GET", f"/v1/members/{at_market}/balance").body
    assert (balance["available"], balance["held"]) == (400, 600)

    captured = restaurant.call(
        "POST", f"/v1/authorizations/{held.body['id']}/capture", {"points": 550}
    )
    assert (captured.body["captured"], captured.body["released"]) == (550, 50)

    refunded = restaurant.call(
        "POST",
        "/v1/refunds",
        {"transaction": captured.body["transaction"], "reference": "RF-1", "points": 100},
    )
    assert refunded.status == 201
    balance = market.call("GET", f"/v1/members/{at_market}/balance?points=550").body
    assert (balance["available"], balance["held"], balance["can_pay"]) == (550, 0, True)

    back = market.call(
        "POST", f"/v1/accruals/{earned.body['id']}/clawbacks", {"reference": "CB-1"}
    ).body
    assert (back["taken"], back["owed"]) == (550, 450)

    listed = restaurant.call("GET", "/v1/transactions?limit=1")
    assert listed.body["transactions"][0]["kind"] == "refund"
    assert 'rel="next"' in listed.headers["link"]


def test_a_payment_code_pays_where_the_member_is_not_known(coalition: Coalition) -> None:
    market, florist = coalition.partner(), coalition.partner()
    member = market.enrol()
    market.accrue(member, 500)
    code = market.call("POST", f"/v1/members/{member}/payment-codes", {"max_points": 300}).body
    paid = florist.call(
        "POST",
        "/v1/redemptions",
        {"payment_code": code["code"], "points": 300, "reference": "F-1"},
    )
    assert paid.status == 201
    assert "member" not in paid.body
    again = florist.call(
        "POST",
        "/v1/redemptions",
        {"payment_code": code["code"], "points": 1, "reference": "F-2"},
    )
    assert again.body["code"] == "payment-code-invalid"


def test_points_of_ones_own_become_shared_ones(coalition: Coalition) -> None:
    market = coalition.partner()
    coalition.rate(market, 10, 3, minimum=100, step=10)
    member = market.enrol()
    quote = market.call("POST", "/v1/quotes", {"member": member, "theirs": 1_000}).body
    assert quote["points"] == 300
    done = market.call(
        "POST", "/v1/imports", {"member": member, "reference": "I-1", "quote": quote["id"]}
    )
    assert (done.status, done.body["points"], done.body["theirs"]) == (201, 300, 1_000)
    again = market.call(
        "POST", "/v1/imports", {"member": member, "reference": "I-2", "quote": quote["id"]}
    )
    assert again.body["code"] == "quote-used"
    plain = market.call(
        "POST", "/v1/imports", {"member": member, "reference": "I-3", "theirs": 110}
    )
    assert plain.body["points"] == 33


def test_a_retry_gets_the_same_answer(coalition: Coalition) -> None:
    market = coalition.partner()
    member = market.enrol()
    sale = {"member": member, "points": 70, "reference": "B-7"}
    key = "the-same-sale-0001"
    first = market.call("POST", "/v1/accruals", sale, idempotency_key=key)
    second = market.call("POST", "/v1/accruals", sale, idempotency_key=key)
    assert (first.status, first.body) == (second.status, second.body)
    assert not first.replayed
    assert second.replayed
    other = market.call("POST", "/v1/accruals", {**sale, "points": 71}, idempotency_key=key)
    assert (other.status, other.body["code"]) == (422, "idempotency-key-reused")
