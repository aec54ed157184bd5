"""Whatever JSON is sent to whichever operation: an answer of the documented kind, never a fault.

Hypothesis makes the content: wild JSON, and good content with wild values in it. 40 examples for
each operation here; HUB_FULL=1 makes it 1,000.
"""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from partners.api.operations import Read
from tests.attacks.scene import Scene, named
from tests.attacks.wire import Wire
from web.app import OPERATIONS
from web.openapi import refusals

EXAMPLES = 1_000 if os.environ.get("HUB_FULL") else 40
WRITES = [one.name for one in OPERATIONS if one.body is not None]

# Half a surrogate pair cannot be written in UTF-8; test_json sends it as an escape.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=70)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([0, 1, -1, 2**31, 2**53, 2**63 - 1, 2**63, 10**12, 10**12 + 1])
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
WILD = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
)


@st.composite
def contents(draw: st.DrawFn, good: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """Good content with some of its fields changed, dropped or added."""
    content = dict(good)
    for name in draw(st.lists(st.sampled_from([*fields, "x"]), max_size=3)):
        if draw(st.booleans()):
            content[name] = draw(WILD)
        else:
            content.pop(name, None)
    return content


def test_no_content_makes_the_hub_fail(scene: Scene, wire: Wire) -> None:
    for name in WRITES:
        fuzz(name, scene, wire)


def fuzz(name: str, scene: Scene, wire: Wire) -> None:
    operation = named(name)
    schema = operation.schema("body")
    assert schema is not None
    fields = sorted(schema.fields) or ["x"]
    documented = {one.code for one in refusals(operation)}
    good = scene.content(name) or {}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.dictionaries(TEXT, WILD, max_size=4) | contents(good, fields))
    def check(content: dict[str, Any]) -> None:
        answer = wire.send(scene.signed(operation, content))
        assert answer.signed
        if answer.status != operation.status:
            assert 400 <= answer.status < 500, (content, answer.body)
            assert answer.code in documented

    check()


def test_no_query_makes_the_hub_fail(scene: Scene, wire: Wire) -> None:
    reads = [one for one in OPERATIONS if one.query is not None and isinstance(one, Read)]
    for operation in reads:
        schema = operation.schema("query")
        assert schema is not None
        plain = scene.path(operation)
        for name in schema.fields:
            for value in (
                "%00",
                "%ff",
                "1e9",
                "-1",
                "0",
                "9" * 40,
                "%d9%a1",
                "'",
                "a",
                "",
                "%20",
                "*",
            ):
                request = scene.request(operation)
                request = type(request)("GET", f"{plain}?{name}={value}", request.headers)
                answer = wire.ask(scene.shop, "GET", request.target)
                assert answer.signed, (request.target, answer.body)
                assert answer.status in (200, 404, 422), (request.target, answer.body)
