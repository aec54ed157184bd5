"""From the net figure to signed requests, over real HTTP: it adds up, and who is told what."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from partners.public_keys import PublicKey
from settlement import closing
from settlement.sealing.sealer import Sealer
from tests.factories import build_sealer
from tests.server import Coalition, Partner, coalition  # noqa: F401 - the fixture

PATH = "/v1/windows/2026-11/explanation"


def close(hub: Coalition, sealer: Sealer, window: str, next_name: str) -> None:
    closing.close(
        hub.database,
        window=window,
        next_name=next_name,
        currency="CNY",
        by="calendar",
        now=datetime.now(UTC),
        signer=sealer,
    )


class Trade:
    """Market issues (a third prepaid), Fuel and Sushi accept; three sales, one refunded in part."""

    def __init__(self, hub: Coalition) -> None:
        sealer = build_sealer()
        close(hub, sealer, "window 1", "2026-11")
        self.market = hub.partner("market", prefunded_ppm=333_333, issue_price=1_010_001)
        self.fuel = hub.partner("fuel", accept_price=900_001, fee_ppm=20_001)
        self.sushi = hub.partner("sushi")
        member = self.market.enrol()
        self.accrual = self.market.accrue(member, 1000).body["id"]
        at_fuel = self.fuel.link(self.market, member)
        self.sales = [self.fuel.redeem(at_fuel, 100 + n, f"R-{n}").body["id"] for n in range(3)]
        refund = {"transaction": self.sales[0], "reference": "B-1", "points": 7}
        assert self.fuel.call("POST", "/v1/refunds", refund).status == 201
        self.sushi.redeem(self.sushi.link(self.market, member), 50, "S-1")
        close(hub, sealer, "2026-11", "2026-12")


@pytest.fixture
def trade(coalition: Coalition) -> Trade:  # noqa: F811 - the fixture
    return Trade(coalition)


def exact(text: str) -> int:
    """In 10^-18 of a minor unit."""
    whole, _, decimals = text.partition(".")
    return int(whole + decimals.ljust(18, "0"))


def pages(partner: Partner, query: str, limit: int) -> Iterator[dict[str, Any]]:
    """Every line, however many pages there are."""
    path = f"{PATH}/lines?{query}&limit={limit}"
    while True:
        answer = partner.call("GET", path)
        assert answer.status == 200, answer.body
        assert len(answer.body["lines"]) <= limit
        yield from answer.body["lines"]
        if "link" not in answer.headers:
            return
        path = answer.headers["link"].partition("<")[2].partition(">")[0]


class TestExplanation:
    def test_adds_up_for_everybody(self, trade: Trade) -> None:
        for partner in (trade.market, trade.fuel, trade.sushi):
            body = partner.call("GET", PATH).body
            figures = partner.call("GET", "/v1/windows/2026-11").body["figures"]
            assert (body["net"], body["settles"]["amount"]) == (
                figures["net"],
                figures["settles"]["amount"],
            )
            assert body["net"] == sum(each["left"] for each in body["across"]) + body["cover"]
            owed = sum(each["amount"] for each in body["reasons"] if each["side"] == "owed")
            owes = sum(each["amount"] for each in body["reasons"] if each["side"] == "owes")
            assert body["net"] == owed - owes
            for reason in body["reasons"]:
                causes = reason["causes"]
                assert sum(exact(each["exact"]) for each in causes) == exact(reason["exact"])
                for each in causes:
                    factors = each["points"] * each["price"] * each["share_ppm"] * each["part_ppm"]
                    assert exact(each["exact"]) == factors
                side = reason["amount"] * 10**18 - exact(reason["exact"])
                assert reason["rounding"] == (
                    "exact" if side == 0 else "up" if side > 0 else "down"
                )

    def test_sees_its_own_row_and_column_alone(self, trade: Trade) -> None:
        body = trade.sushi.call("GET", PATH).body
        assert {each["party"]["name"] for each in body["reasons"]} == {"Market", "Hub", "Float"}
        assert "Fuel" not in str(body)

    def test_of_a_window_that_is_open_or_unknown(self, trade: Trade) -> None:
        for window, code in (("2026-12", "window-not-closed"), ("2031-01", "window-not-found")):
            answer = trade.fuel.call("GET", f"/v1/windows/{window}/explanation")
            assert answer.body["code"] == code


class TestLines:
    def test_an_acceptors_add_up_to_what_it_is_owed(self, trade: Trade) -> None:
        body = trade.fuel.call("GET", PATH).body
        [spent] = [
            each
            for each in body["reasons"]
            if each["kind"] == "spent" and each["party"]["name"] == "Market"
        ]
        query = f"kind=spent&counterparty={spent['party']['id']}"
        for limit in (1, 2, 100):
            lines = list(pages(trade.fuel, query, limit))
            assert [each["journal"] for each in lines[:3]] == trade.sales
            assert [each["reference"] for each in lines] == ["R-0", "R-1", "R-2", "B-1"]
            signed = [e["points"] * (-1 if e["movement"] == "refunded" else 1) for e in lines]
            assert sum(signed) == spent["points"] == 296
            assert not any("lots" in each for each in lines)

    def test_an_issuers_tell_neither_till_nor_receipt(self, trade: Trade) -> None:
        told = {"journal", "at", "movement", "points", "issuer", "left_out", "lots"}
        for limit in (1, 100):
            lines = list(pages(trade.market, "kind=spent&side=owes", limit))
            assert len(lines) == 5
            for each in lines:
                assert set(each) == told
            [issued] = pages(trade.market, "kind=prefunded&side=owes&counterparty=float", limit)
            assert (issued["journal"], issued["points"]) == (trade.accrual, 1000)

    def test_an_issuers_are_not_told_by_acceptor(self, trade: Trade) -> None:
        body = trade.market.call("GET", PATH).body
        acceptors = [
            each["party"]["id"]
            for each in body["reasons"]
            if each["kind"] == "spent" and each["side"] == "owes"
        ]
        assert len(acceptors) == 2
        for acceptor in acceptors:
            query = f"?kind=spent&side=owes&counterparty={acceptor}"
            answer = trade.market.call("GET", f"{PATH}/lines{query}")
            assert (answer.status, answer.body["code"]) == (403, "lines-not-told")

    @pytest.mark.parametrize(
        "query", ["kind=breakage", f"kind=spent&counterparty=ptr_{'0' * 26}", "kind=fee&side=owed"]
    )
    def test_of_nothing(self, trade: Trade, query: str) -> None:
        assert list(pages(trade.fuel, query, 100)) == []

    def test_of_everything(self, trade: Trade) -> None:
        assert len(list(pages(trade.fuel, "", 2))) == 4
        assert len(list(pages(trade.market, "", 2))) == 6

    def test_of_a_window_before_ones_time(self, trade: Trade, coalition: Coalition) -> None:  # noqa: F811
        late = coalition.partner("late", valid_from=datetime.now(UTC) + timedelta(days=1))
        answer = late.call("GET", PATH)
        assert (answer.status, answer.body["code"]) == (404, "nothing-to-explain")


class TestEvidence:
    def test_proves_the_request_to_anybody(self, trade: Trade) -> None:
        body = trade.fuel.call("GET", f"/v1/transactions/{trade.sales[0]}/evidence").body
        request = body["request"]
        assert (body["kind"], request["key_id"]) == ("redemption", trade.fuel.key_id)
        assert request["verified"] is True
        public = PublicKey.from_text(request["public_key"])
        signed = request["signature_base"].encode()
        assert public == trade.fuel.private.public_key
        assert public.verifies(bytes.fromhex(request["signature"]), signed)
        digest = b64encode(sha256(request["body"].encode()).digest()).decode()
        assert f'"content-digest": sha-256=:{digest}:' in request["signature_base"]
        assert '"reference":"R-0"' in request["body"].replace(" ", "")

    def test_of_a_line_of_a_batch_is_the_batch(self, trade: Trade) -> None:
        member = trade.market.enrol()
        orders = [
            {"kind": "accrual", "member": member, "reference": f"N-{n}", "points": 5}
            for n in range(2)
        ]
        done = trade.market.call("POST", "/v1/batches", {"orders": orders}).body
        journal = next(
            value for value in str(done).replace('"', "'").split("'") if value.startswith("jrn_")
        )
        request = trade.market.call("GET", f"/v1/transactions/{journal}/evidence").body["request"]
        assert (request["operation"], request["verified"]) == ("batch", True)
        assert "N-1" in request["body"]

    @pytest.mark.corrupts_books
    def test_says_when_it_does_not_fit(self, trade: Trade, coalition: Coalition) -> None:  # noqa: F811
        coalition.books.owner.execute(
            "UPDATE exchange.claim SET evidence = jsonb_set(evidence, '{body}', '\"{}\"')"
        )
        body = trade.fuel.call("GET", f"/v1/transactions/{trade.sales[0]}/evidence").body
        assert body["request"]["verified"] is False

    def test_of_anothers_is_not_found(self, trade: Trade) -> None:
        answer = trade.market.call("GET", f"/v1/transactions/{trade.sales[0]}/evidence")
        assert (answer.status, answer.body["code"]) == (404, "transaction-not-found")
