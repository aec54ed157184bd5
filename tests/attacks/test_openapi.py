"""The API's description of itself: valid, complete, with examples that it would take itself."""

import json
import re
import urllib.request
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from kit.schemas import load
from tests.attacks.scene import Scene
from tests.attacks.wire import Wire, hub_keys, unsigned
from tests.server import Coalition, Server
from web.app import OPERATIONS
from web.openapi import refusals


def fetch(server: Server, path: str) -> tuple[Any, bytes]:
    with urllib.request.urlopen(server.origin + path, timeout=10) as response:  # noqa: S310
        return response.headers, response.read()


@pytest.fixture
def document(coalition: Coalition, server: Server) -> dict[str, Any]:
    headers, body = fetch(server, "/openapi.json")
    assert headers["content-type"] == "application/json"
    return dict(json.loads(body))


def test_it_is_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_it_describes_every_operation(document: dict[str, Any], server: Server) -> None:
    assert document["servers"] == [{"url": server.origin}]
    described = {
        one["operationId"]: one
        for methods in document["paths"].values()
        for one in methods.values()
    }
    assert set(described) == {one.name for one in OPERATIONS}
    for operation in OPERATIONS:
        page = described[operation.name]
        assert page["summary"]
        assert str(operation.status) in page["responses"]
        codes = {
            code
            for response in page["responses"].values()
            for content in response.get("content", {}).values()
            for code in content.get("examples", {})
        }
        # What the tests beside this one met is held against this same list (wire.refused).
        assert codes == {one.code for one in refusals(operation)}
        in_path = {p["name"] for p in page["parameters"] if p["in"] == "path"}
        assert in_path == set(re.findall(r"<(?:\w+:)?(\w+)>", operation.path))


def test_examples_are_what_they_are_examples_of(document: dict[str, Any]) -> None:
    for operation in OPERATIONS:
        schema = operation.schema("body")
        if schema is not None:
            assert operation.example is not None, f"{operation.name} shows no example"
            load(schema, operation.example)


def test_examples_of_problems_are_what_the_hub_sends(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for page in methods.values():
            for status, response in page["responses"].items():
                examples = response.get("content", {}).get("application/problem+json", {})
                for code, example in examples.get("examples", {}).items():
                    value = example["value"]
                    assert (str(value["status"]), value["code"]) == (status, code)
                    assert value["type"].endswith(f"/{code}")
                    assert value["title"]


class Page(HTMLParser):
    """What a page loads, and what it would run or paint by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in ("script", "style"):
            self.inline += [tag] if not found.get("src") else []
        self.inline += [name for name in found if name.startswith("on") or name == "style"]
        self.loads += [str(found[name]) for name in ("src", "href", "action") if name in found]
        if found.get("id"):
            self.anchors.add(str(found["id"]))


def test_the_page_is_whole_and_its_own(coalition: Coalition, server: Server) -> None:
    headers, body = fetch(server, "/docs")
    page = Page()
    page.feed(body.decode())
    assert page.inline == []
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    for url in page.loads:
        parts = urlsplit(url)
        assert not parts.netloc, f"{url} is of another host"
        if parts.path:
            assert fetch(server, parts.path)[1]
        else:
            assert parts.fragment in page.anchors
    assert {one.name for one in OPERATIONS} <= page.anchors
    style = fetch(server, "/docs.css")[1].decode()
    assert "http" not in style
    assert "@import" not in style
    for operation in OPERATIONS:
        for one in refusals(operation):
            assert one.code in body.decode()


def test_published_keys_verify_answers(scene: Scene, wire: Wire, server: Server) -> None:
    """`wire` verifies with these keys and no others; here is the proof that it does."""
    headers, body = fetch(server, "/.well-known/tongbao-keys")
    assert headers["content-type"] == "application/jwk-set+json"
    published = json.loads(body)["keys"]
    assert {key["kid"] for key in published} == set(hub_keys(server))
    assert not any("d" in key for key in published), "a private key is published"
    answer = wire.ask(scene.shop, "GET", "/v1/rates")
    assert answer.signed
    assert any(f'keyid="{key["kid"]}"' in answer.headers["signature-input"] for key in published)


def test_pages_without_a_signature_say_nothing_of_anybody(scene: Scene, server: Server) -> None:
    told = "".join(
        fetch(server, path)[1].decode()
        for path in (
            "/openapi.json",
            "/docs",
            "/health/live",
            "/health/ready",
            "/.well-known/tongbao-keys",
        )
    )
    for secret in (
        scene.shop.slug,
        scene.shop.key_id,
        scene.objects["member"],
        "postgres",
        "Traceback",
    ):
        assert secret not in told


def test_answers_are_not_kept_by_anyone_on_the_way(scene: Scene, wire: Wire) -> None:
    good = wire.ask(scene.shop, "GET", "/v1/rates")
    bad = wire.send(unsigned(wire.server, "GET", "/v1/rates"))
    nothing = wire.send(unsigned(wire.server, "GET", "/nothing"))
    for answer in (good, bad, nothing):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
