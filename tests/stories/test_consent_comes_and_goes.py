"""A member is let go and comes back; what opens a wallet is never kept where it can be read."""

from exchange import store
from tests.server import Coalition


def test_a_customer_who_left_may_come_back(coalition: Coalition) -> None:
    market, florist = coalition.partner(), coalition.partner()
    member = market.enrol(reference="C-1")
    there = florist.link(market, member, reference="F-1")
    assert florist.call("DELETE", f"/v1/members/{there}").status == 200
    assert florist.call("GET", f"/v1/members/{there}").status == 404
    again = florist.link(market, member, reference="F-1")
    assert again == there  # The same member under the same name.
    assert florist.call("DELETE", f"/v1/members/{there}").status == 200
    assert florist.link(market, member, reference="F-2") == there


def test_codes_and_tokens_are_kept_sealed(coalition: Coalition) -> None:
    market = coalition.partner()
    member = market.enrol()
    asked = {
        "payment-codes": ({"max_points": 5}, "code"),
        "link-tokens": ({}, "token"),
    }
    for path, (content, name) in asked.items():
        key = f"the-key-of-{path}-01"
        path = f"/v1/members/{member}/{path}"
        first = market.call("POST", path, content, idempotency_key=key)
        again = market.call("POST", path, content, idempotency_key=key)
        assert again.replayed
        assert again.body == first.body
        with coalition.database.transaction() as session:
            kept = store._all(session, "SELECT facts::text FROM exchange.claim")
        assert not any(first.body[name] in row["facts"] for row in kept)


def test_a_refusal_is_replayed_to_the_letter(coalition: Coalition) -> None:
    market = coalition.partner()
    member = market.enrol()
    coalition.rate(market, 10, 3, minimum=100, step=10)
    asked = {"member": member, "theirs": 5}
    key = "the-key-of-a-refusal"
    first = market.call("POST", "/v1/quotes", asked, idempotency_key=key)
    again = market.call("POST", "/v1/quotes", asked, idempotency_key=key)
    assert first.status == 422
    assert again.replayed
    assert again.headers["content-digest"] == first.headers["content-digest"]
