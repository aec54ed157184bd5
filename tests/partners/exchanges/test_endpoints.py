"""Which endpoints are taken, and which addresses are called."""

import socket
from typing import Any

import pytest

from partners.exchanges import endpoints
from partners.exchanges.calling import Caller, read_answer
from partners.exchanges.errors import EndpointRefused
from partners.public_keys import PrivateKey
from tests.partners.exchanges.conftest import Trade


@pytest.mark.parametrize(
    "url",
    [
        "https://api.shop.example/tongbao",
        "https://api.shop.example",
        "https://shop.example:8443/a/b-c_d~e.f/",
    ],
)
def test_urls_for_production(url: str) -> None:
    assert endpoints.read(url, production=True).url == (url if url.count("/") > 2 else f"{url}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/x",
        "https://localhost/x",
        "https://user@shop.example/x",
        "https://user:secret@shop.example/x",
        "https://shop.example/x?y=1",
        "https://shop.example/x#y",
        "https://shop.example/../x",
        "https://shop.example//x",
        "https://shop.example:0/x",
        "https://shop.example:65536/x",
        "https://[::1]/x",
        "https://SHOP.example/x",
        "https://shop.example/a b",
        "https://shop.example\n/x",
        "https://shöp.example/x",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "",
    ],
)
def test_what_is_no_url_for_production(url: str) -> None:
    with pytest.raises(EndpointRefused):
        endpoints.read(url, production=True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("0.0.0.0", False),  # noqa: S104
        ("10.0.0.7", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_addresses(address: str, *, public: bool) -> None:
    assert endpoints.is_public(address) is public


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "2130706433.example"])
def test_names_that_lead_inside_are_refused(host: str) -> None:
    endpoint = endpoints.read(f"https://{host}/x", production=True)
    with pytest.raises(EndpointRefused):
        endpoints.addresses(endpoint, production=True)


def test_a_name_that_leads_outside_first_and_inside_later_is_not_called(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the address is looked at when the call is made, and it is the one that is used."""
    answers = iter(["93.184.215.14", "127.0.0.1"])

    def rebinding(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    url = f"https://rebinding.example:{trade.programme.port}/exchange"
    endpoints.addresses(endpoints.read(url, production=True), production=True)
    caller = Caller("hub", PrivateKey.generate(), production=True, clock=trade.clock)
    assert caller.ask(url, {"id": "exg_x", "act": "credit"}).said == "maybe"
    assert trade.programme.calls == []
    assert trade.programme.unsigned == []


@pytest.mark.parametrize(
    ("body", "said", "reason"),
    [
        (b'{"id":"a","outcome":"done"}', "done", ""),
        (b'{"id":"a","outcome":"refused","reason":"spent"}', "refused", "spent"),
        (b'{"id":"a","outcome":"refused","reason":"<b>"}', "refused", "other"),
        (b'{"id":"a","outcome":"refused"}', "refused", "other"),
        (b'{"id":"b","outcome":"done"}', "maybe", ""),
        (b'{"outcome":"done"}', "maybe", ""),
        (b'{"id":"a","outcome":"DONE"}', "maybe", ""),
        (b'["done"]', "maybe", ""),
        (b"[" * 60_000, "maybe", ""),
        (b"\xff", "maybe", ""),
        (b"", "maybe", ""),
    ],
)
def test_answers(body: bytes, said: str, reason: str) -> None:
    answer = read_answer(200, body, "a")
    assert (answer.said, answer.reason) == (said, reason)
    assert read_answer(201, body, "a").said == "maybe"


class TestApi:
    def test_what_is_put_is_read(self, trade: Trade) -> None:
        read = trade.airline.call("GET", "/v1/exchange-endpoint")
        assert read.body["url"] == trade.programme.url
        put = trade.airline.call(
            "PUT", "/v1/exchange-endpoint", {"url": "http://127.0.0.1:9/other"}
        )
        assert put.status == 200
        read = trade.airline.call("GET", "/v1/exchange-endpoint")
        assert read.body["url"] == "http://127.0.0.1:9/other"

    def test_each_has_its_own(self, trade: Trade) -> None:
        read = trade.bank.call("GET", "/v1/exchange-endpoint")
        assert (read.status, read.body["code"]) == (404, "endpoint-missing")

    def test_a_till_may_not_say(self, trade: Trade) -> None:
        till = trade.coalition.partner(scopes=("till",))
        put = till.call("PUT", "/v1/exchange-endpoint", {"url": "https://x.example/"})
        assert (put.status, put.body["code"]) == (403, "scope-missing")

    def test_what_is_no_url(self, trade: Trade) -> None:
        put = trade.airline.call("PUT", "/v1/exchange-endpoint", {"url": "ftp://x.example/"})
        assert (put.status, put.body["code"]) == (422, "endpoint-refused")

    def test_exchanges_are_listed_newest_first_and_page_by_page(self, trade: Trade) -> None:
        for _ in range(3):
            trade.done("import", 30)
        trade.quote("import", 30)  # Nobody's business yet.
        first = trade.airline.call("GET", "/v1/exchanges?limit=2")
        following = first.headers["link"].partition(">")[0].removeprefix("<")
        rest = trade.airline.call("GET", following)
        found = first.body["exchanges"] + rest.body["exchanges"]
        assert len(found) == 3
        assert [one["id"] for one in found] == sorted((one["id"] for one in found), reverse=True)
        assert found[0]["state"] == "done"
        assert found[0]["member"] == trade.traveller
        assert (found[0]["points"], found[0]["theirs"]) == (100, 30)
        one = trade.airline.call("GET", f"/v1/exchanges/{found[0]['id']}")
        assert one.body == found[0]
        assert trade.airline.call("GET", "/v1/exchanges?state=asked").body["exchanges"] == []

    def test_others_see_none_of_it(self, trade: Trade) -> None:
        trade.done("import", 30)
        (mine,) = trade.airline.call("GET", "/v1/exchanges").body["exchanges"]
        assert trade.bank.call("GET", "/v1/exchanges").body["exchanges"] == []
        theirs = trade.bank.call("GET", f"/v1/exchanges/{mine['id']}")
        missing = trade.bank.call("GET", "/v1/exchanges/exg_00000000000000000000000000")
        assert theirs.status == missing.status == 404
        assert theirs.body["code"] == missing.body["code"] == "exchange-not-found"
