"""Settlement through the signed API, on a running hub."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from settlement import closing
from tests.factories import build_sealer
from tests.server import Coalition, Partner, coalition  # noqa: F401 - the fixture

KEY = build_sealer()


def close(hub: Coalition, window: str, next_name: str) -> None:
    closing.close(
        hub.database,
        window=window,
        next_name=next_name,
        currency="CNY",
        by="mei",
        now=datetime.now(UTC),
        signer=replace(KEY, heads=build_sealer().heads),
    )


@pytest.fixture
def partners(coalition: Coalition) -> tuple[Partner, Partner]:  # noqa: F811 - the fixture
    """Market's points spent at Fuel, in a window that has closed: 2026-11."""
    close(coalition, "window 1", "2026-11")
    market, fuel = coalition.partner("market"), coalition.partner("fuel", accept_price=900_000)
    member = market.enrol()
    market.accrue(member, 1000)
    fuel.redeem(fuel.link(market, member), 600, "R-1")
    close(coalition, "2026-11", "2026-12")
    return market, fuel


class TestWindows:
    def test_list(self, partners: tuple[Partner, Partner]) -> None:
        market, _ = partners
        answer = market.call("GET", "/v1/windows?limit=2")
        assert answer.status == 200
        assert [(each["name"], each["state"]) for each in answer.body["windows"]] == [
            ("2026-12", "open"),
            ("2026-11", "closed"),
        ]
        assert "cursor=2026-11" in answer.headers["link"]
        assert answer.body["windows"][0]["closed_at"] is None

    def test_one(self, partners: tuple[Partner, Partner]) -> None:
        market, fuel = partners
        body = fuel.call("GET", "/v1/windows/2026-11").body
        assert body["state"] == "closed"
        assert [(due["party"]["name"], due["kind"], due["amount"]) for due in _dues(body)] == [
            ("Market", "spent", 540)
        ]
        assert body["figures"]["net"] == 540 - 6
        assert body["figures"]["statement"].startswith("ST-2026-11-")
        assert market.call("GET", "/v1/windows/2026-12").body["figures"] is None

    def test_unknown(self, partners: tuple[Partner, Partner]) -> None:
        answer = partners[0].call("GET", "/v1/windows/2031-01")
        assert (answer.status, answer.body["code"]) == (404, "window-not-found")

    def test_needs_the_scope(self, coalition: Coalition) -> None:  # noqa: F811
        till = coalition.partner(scopes=("till",))
        for path in ("/v1/windows", "/v1/statements", "/v1/position"):
            assert till.call("GET", path).body["code"] == "scope-missing"


class TestStatements:
    def test_are_the_bytes_that_were_signed(self, partners: tuple[Partner, Partner]) -> None:
        _, fuel = partners
        line = fuel.call("GET", "/v1/statements").body["statements"][0]
        body = fuel.call("GET", f"/v1/statements/{line['number']}").body
        plain = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        document = plain.encode() + b"\n"
        assert KEY.private.public_key.verifies(bytes.fromhex(line["signature"]), document)
        assert (body["net"], line["settles"], line["window"]) == (534, 534, "2026-11")
        assert (body["revision"], body["replaces"]) == (1, None)

    def test_csv(self, partners: tuple[Partner, Partner]) -> None:
        _, fuel = partners
        number = fuel.call("GET", "/v1/statements").body["statements"][0]["number"]
        answer = fuel.call("GET", f"/v1/statements/{number}/csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.body.startswith(b"\xef\xbb\xbfstatement,window")

    def test_of_another_are_not_found(self, partners: tuple[Partner, Partner]) -> None:
        market, fuel = partners
        number = fuel.call("GET", "/v1/statements").body["statements"][0]["number"]
        theirs = market.call("GET", f"/v1/statements/{number}")
        missing = market.call("GET", "/v1/statements/ST-2026-11-999999")
        assert theirs.status == missing.status == 404
        assert theirs.body["code"] == missing.body["code"] == "statement-not-found"


class TestPosition:
    def test_of_the_open_window(self, partners: tuple[Partner, Partner]) -> None:
        market, _ = partners
        body = market.call("GET", "/v1/position").body
        assert (body["window"], body["currency"]) == ("2026-12", "CNY")
        assert (body["outstanding"], body["net"], body["points"]["issued"]) == (400, 0, 0)
        assert body["exposure"] == {"points": 400, "owed": 600, "amount": 1000, "cap": None}


def _dues(body: dict[str, Any]) -> list[dict[str, Any]]:
    return list(body["figures"]["owed"])
