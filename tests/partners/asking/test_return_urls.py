"""Where a member may be sent back to: whatever a browser could read otherwise is refused."""

import pytest

from partners.asking.return_urls import host_of, is_origin, origin_of, with_outcome


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example",
        "https://shop.example:8443",
        "https://xn--bcher-kva.example",
        "https://a.b-c.d9.example",
    ],
)
def test_an_origin_is_a_host_with_a_name(origin):
    assert is_origin(origin, production=True)


@pytest.mark.parametrize(
    "origin",
    [
        "http://shop.example",
        "https://shop.example/",
        "https://shop.example.",
        "https://shop",
        "https://SHOP.example",
        "https://shop.example:0",
        "https://shop.example:99999",
        "https://shop.example:",
        "https://user@shop.example",
        "https://10.0.0.1",
        "https://[::1]",
        "https://bücher.example",
        "https://-shop.example",
        "https://shop..example",
        "https://shop.example\n",
        "https://127.0.0.1:8000",
        "http://localhost",
        "javascript://shop.example",
        "",
    ],
)
def test_nothing_else_is_in_production(origin):
    assert not is_origin(origin, production=True)


@pytest.mark.parametrize(
    ("origin", "is_one"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://shop.example", False),
        ("http://127.0.0.2", False),
        ("http://localhost.evil.example", False),
    ],
)
def test_this_machine_is_a_place_in_development(origin, is_one):
    assert is_origin(origin, production=False) is is_one


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/a/b?c=d%20e", "https://shop.example"),
        ("https://shop.example:8443/", "https://shop.example:8443"),
        ("https://shop.example//evil.example", "https://shop.example"),
        ("https://shop.example?x=1", "https://shop.example"),
    ],
)
def test_a_plain_url_has_an_origin(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "//shop.example/",
        "/checkout",
        "shop.example",
        "https:/shop.example",
        "https:shop.example",
        "https:\\\\shop.example",
        "https://shop.example\\@evil.example",
        "https://shop.example@evil.example/",
        "https://shop.example:x@evil.example/",
        "https://SHOP.example/",
        "HTTPS://shop.example/",
        "https://shop.example/#top",
        "https://shop.example/a b",
        "https://shop.example/\t",
        "https://shop.example/\n",
        " https://shop.example/",
        "https://shop.example/ä",
        "https://ѕhop.example/",
        "https://shop.example／",
        "https://shop.example/%",
        "https://shop.example/%zz",
        "https://shop.example/?approval=apv_1",
        "https://shop.example/?a=1&outcome=approved",
        "https://shop.example/?%6futcome=approved",
        "javascript:alert(1)//https://shop.example/",
        "data:text/html,x",
        "ftp://shop.example/",
        "https://shop.example/" + "a" * 1000,
        "",
    ],
)
def test_what_could_be_read_in_two_ways_has_none(url):
    assert origin_of(url) is None


def test_the_outcome_goes_to_the_end_of_the_query():
    for url, expected in {
        "https://a.example": "https://a.example?approval=apv_1&outcome=approved",
        "https://a.example/x?y=1": "https://a.example/x?y=1&approval=apv_1&outcome=approved",
        "https://a.example/x?": "https://a.example/x?approval=apv_1&outcome=approved",
        "https://a.example/x?y&": "https://a.example/x?y&approval=apv_1&outcome=approved",
    }.items():
        assert with_outcome(url, "apv_1", "approved") == expected


def test_the_host_is_told_with_its_port():
    assert host_of("https://shop.example:8443/x?y=1") == "shop.example:8443"
