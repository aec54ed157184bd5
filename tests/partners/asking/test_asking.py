"""Asking by the signed API, and what an approval is good for: one sale, as it was approved."""

from datetime import UTC, datetime, timedelta

import pytest

from exchange.errors import InsufficientPoints, WalletFrozen
from partners.asking import asking
from partners.asking.errors import ApprovalClosed
from tests.attacks.wire import Wire, refused, sign, unsigned
from tests.partners.asking.conftest import ORIGIN, Asking


class TestReturnOrigins:
    def test_what_is_put_replaces_what_was(self, asking_shop: Asking) -> None:
        shop = asking_shop.shop
        wanted = ["https://b.example", "https://a.example:8443", "https://b.example"]
        put = shop.call("PUT", "/v1/return-origins", {"origins": wanted})
        assert put.body == {"origins": ["https://a.example:8443", "https://b.example"]}
        assert shop.call("GET", "/v1/return-origins").body == put.body
        assert asking_shop.ask().body["code"] == "return-origin-unknown"
        assert shop.call("PUT", "/v1/return-origins", {"origins": []}).body == {"origins": []}

    def test_they_are_the_partners_own(self, asking_shop: Asking) -> None:
        assert asking_shop.bank.call("GET", "/v1/return-origins").body == {"origins": []}
        assert asking_shop.ask(asking_shop.bank).body["code"] == "return-origin-unknown"

    @pytest.mark.parametrize("origin", ["http://shop.example", "https://shop.example/", "shop"])
    def test_what_is_no_origin_changes_nothing(self, asking_shop: Asking, origin: str) -> None:
        shop = asking_shop.shop
        put = shop.call("PUT", "/v1/return-origins", {"origins": ["https://c.example", origin]})
        assert (put.status, put.body["code"]) == (422, "origin-refused")
        assert put.body["origin"] == origin
        assert shop.call("GET", "/v1/return-origins").body == {"origins": [ORIGIN]}

    def test_a_till_may_not_say(self, asking_shop: Asking) -> None:
        till = asking_shop.coalition.partner(scopes=("till",))
        put = till.call("PUT", "/v1/return-origins", {"origins": [ORIGIN]})
        assert (put.status, put.body["code"]) == (403, "scope-missing")


class TestAsking:
    def test_tells_where_to_send_the_member(self, asking_shop: Asking) -> None:
        answer = asking_shop.ask(points=7, reference="TR-1")
        assert answer.status == 201
        id_ = answer.body["id"]
        assert answer.body["url"] == f"{asking_shop.coalition.server.origin}/pay/approve/{id_}"
        assert asking_shop.shop.call("GET", f"/v1/approvals/{id_}").body == answer.body
        assert answer.body["state"] == "asked"
        assert (answer.body["points"], answer.body["reference"]) == (7, "TR-1")
        until = datetime.fromisoformat(answer.body["expires_at"])
        assert timedelta(minutes=9) < until - datetime.now(UTC) <= timedelta(minutes=10)

    def test_once_for_each_idempotency_key(self, asking_shop: Asking) -> None:
        body = {
            "points": 1,
            "reference": "TR-2",
            "description": "x",
            "return_url": f"{ORIGIN}/",
        }
        key = "k" * 24
        first, again = (
            asking_shop.shop.call("POST", "/v1/approvals", body, idempotency_key=key)
            for _ in range(2)
        )
        assert again.replayed
        assert first.body == again.body

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/checkout",
            "https://travel.example.evil.example/",
            "https://travel.example:8443/checkout",
            "http://travel.example/checkout",
            "https://eviltravel.example/",
        ],
    )
    def test_back_to_no_other_site(self, asking_shop: Asking, url: str) -> None:
        answer = asking_shop.ask(return_url=url)
        assert (answer.status, answer.body["code"]) == (422, "return-origin-unknown")

    @pytest.mark.parametrize(
        "url",
        [
            "//evil.example/",
            "https://travel.example@evil.example/",
            "https://travel.example./checkout",
            "https://trаvel.example/",
            "https://travel.example\\evil",
            "https://travel.example/#a",
            "https://travel.example/?outcome=approved",
            "javascript:alert(1)",
        ],
    )
    def test_back_to_nothing_but_a_plain_url(self, asking_shop: Asking, url: str) -> None:
        answer = asking_shop.ask(return_url=url)
        if url == "https://travel.example./checkout":
            assert answer.body["code"] == "return-origin-unknown"
        else:
            assert answer.body["code"] == "request-invalid"
            assert answer.body["errors"][0]["pointer"] == "/return_url"

    @pytest.mark.parametrize("words", ["", " a", "a\nb", "a\u202eb", "a" * 141, "a\u200bb"])
    def test_an_order_is_one_plain_line(self, asking_shop: Asking, words: str) -> None:
        answer = asking_shop.ask(description=words)
        assert answer.body["code"] == "request-invalid"
        assert answer.body["errors"][0]["pointer"] == "/description"

    def test_a_member_of_somebody_else_is_not_there(self, asking_shop: Asking) -> None:
        answer = asking_shop.ask(member=asking_shop.member)
        assert (answer.status, answer.body["code"]) == (404, "member-not-found")

    def test_only_so_many_may_wait(self, asking_shop: Asking) -> None:
        first = asking_shop.asked()
        owner, shop = asking_shop.coalition.books.owner, asking_shop.shop
        owner.execute(
            "INSERT INTO partners.approval (id, party_id, points, reference, description,"
            " return_url, asked_at, expires_at) SELECT gen_random_uuid(), party_id, points,"
            " reference, description, return_url, asked_at, expires_at"
            " FROM partners.approval, generate_series(2, %s)",
            (asking.OPEN_AT_MOST,),
        )
        body = {"points": 1, "reference": "T", "description": "x", "return_url": f"{ORIGIN}/"}
        server = asking_shop.coalition.server
        request = sign(unsigned(server, "POST", "/v1/approvals", body), shop)
        wire = Wire(server)
        refused(request, wire.send(request), 429, "too-many-approvals", signed=True)
        wire.close()
        asking_shop.expire(first)
        assert asking_shop.ask().status == 201

    def test_of_others_nothing_is_told(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked()
        answer = asking_shop.bank.call("GET", f"/v1/approvals/{id_}")
        assert (answer.status, answer.body["code"]) == (404, "approval-not-found")


class TestDeciding:
    def test_the_member_it_names_alone_decides(self, asking_shop: Asking) -> None:
        shop = asking_shop.shop
        member = shop.link(asking_shop.bank, asking_shop.member)
        other = asking_shop.bank.enrol()
        asking_shop.bank.accrue(other, 5_000)
        id_ = asking_shop.asked(member=member)
        with pytest.raises(ApprovalClosed):
            asking_shop.approve(id_, asking_shop.decider(member=other))
        with pytest.raises(ApprovalClosed):
            asking_shop.refuse(id_, asking_shop.decider(member=other))
        asking_shop.approve(id_)
        assert asking_shop.state(id_) == "approved"

    def test_no_is_no(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked()
        asking_shop.refuse(id_)
        asking_shop.refuse(id_)
        assert asking_shop.state(id_) == "refused"
        with pytest.raises(ApprovalClosed):
            asking_shop.approve(id_)
        assert asking_shop.spend(id_).body["code"] == "payment-code-invalid"

    def test_yes_twice_is_yes_once(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked()
        asking_shop.approve(id_)
        asking_shop.approve(id_)
        with pytest.raises(ApprovalClosed):
            asking_shop.refuse(id_)
        assert asking_shop.spend(id_).status == 201
        assert asking_shop.spend(id_).body["code"] == "payment-code-invalid"

    def test_not_after_ten_minutes(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked()
        asking_shop.expire(id_)
        assert asking_shop.state(id_) == "expired"
        with pytest.raises(ApprovalClosed):
            asking_shop.approve(id_)

    def test_a_frozen_wallet_approves_nothing(self, asking_shop: Asking) -> None:
        id_, owner = asking_shop.asked(), asking_shop.coalition.books.owner
        owner.execute("UPDATE exchange.wallet SET frozen = true")
        with pytest.raises(WalletFrozen):
            asking_shop.approve(id_)
        owner.execute("UPDATE exchange.wallet SET frozen = false")
        assert asking_shop.state(id_) == "asked"

    def test_nobody_approves_more_than_there_is(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked(points=5_001)
        with pytest.raises(InsufficientPoints) as refused:
            asking_shop.approve(id_)
        assert refused.value.facts == {"requested": 5_001, "available": 5_000}


class TestSpending:
    @pytest.mark.parametrize("path", ["/v1/authorizations", "/v1/redemptions"])
    def test_once_as_approved_and_names_no_member(self, asking_shop: Asking, path: str) -> None:
        id_ = asking_shop.asked()
        assert asking_shop.spend(id_, path=path).body["code"] == "payment-code-invalid"
        asking_shop.approve(id_)
        done = asking_shop.spend(id_, path=path)
        assert done.status == 201
        assert "member" not in done.body
        assert asking_shop.available() == 4_000
        assert asking_shop.state(id_) == "used"
        again = asking_shop.spend(id_, path=path)
        assert (again.status, again.body["code"]) == (422, "payment-code-invalid")

    def test_less_may_be_taken_and_captured(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked()
        asking_shop.approve(id_)
        hold = asking_shop.spend(id_, points=900, online=True).body["id"]
        shop = asking_shop.shop
        captured = shop.call("POST", f"/v1/authorizations/{hold}/capture", {"points": 800})
        assert (captured.body["captured"], captured.body["released"]) == (800, 100)
        assert asking_shop.available() == 4_200

    def test_more_may_not(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked()
        asking_shop.approve(id_)
        assert asking_shop.spend(id_, points=1_001).body["code"] == "payment-code-invalid"
        assert asking_shop.spend(id_).status == 201

    def test_not_by_another(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked()
        asking_shop.approve(id_)
        stolen = asking_shop.spend(id_, asking_shop.bank)
        assert (stolen.status, stolen.body["code"]) == (422, "payment-code-invalid")
        assert asking_shop.available() == 5_000

    def test_not_later(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked()
        asking_shop.approve(id_)
        asking_shop.expire(id_, code=True)
        assert asking_shop.state(id_) == "expired"
        assert asking_shop.spend(id_).body["code"] == "payment-code-invalid"

    @pytest.mark.parametrize(
        "besides", [{"payment_code": "80" + "1" * 16}, {"member": "mbr_" + "0" * 26}]
    )
    def test_beside_nothing_else(self, asking_shop: Asking, besides: dict[str, str]) -> None:
        answer = asking_shop.spend(asking_shop.asked(), **besides)
        assert (answer.status, answer.body["code"]) == (422, "request-invalid")

    def test_as_a_line_of_a_batch(self, asking_shop: Asking) -> None:
        id_ = asking_shop.asked()
        asking_shop.approve(id_)
        line = {"kind": "redemption", "approval": id_, "points": 1_000}
        orders = [{**line, "reference": f"B-{n}"} for n in range(2)]
        answer = asking_shop.shop.call("POST", "/v1/batches", {"orders": orders})
        assert (answer.body["done"], answer.body["refused"]) == (1, 1)


def test_old_ones_are_dropped(asking_shop: Asking) -> None:
    old, new = asking_shop.asked(), asking_shop.asked()
    asking_shop.approve(new)
    owner = asking_shop.coalition.books.owner
    owner.execute(
        "UPDATE partners.approval SET expires_at = expires_at - interval '25 hours' WHERE id = %s",
        (Asking.id(old),),
    )
    with asking_shop.coalition.database.transaction() as session:
        assert asking.forget(session, datetime.now(UTC)) == 1
    gone = asking_shop.shop.call("GET", f"/v1/approvals/{old}")
    assert (gone.status, gone.body["code"]) == (404, "approval-not-found")
    assert asking_shop.state(new) == "approved"
