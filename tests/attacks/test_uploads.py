"""Files that are sent as they are: nothing in them makes the hub fail, or is taken unsigned."""

import os
import time
from datetime import UTC, datetime

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from partners import registry
from partners.api.operations import Upload
from tests.attacks.scene import Scene
from tests.attacks.wire import Wire, refused, sign, unsigned
from web.app import OPERATIONS
from web.openapi import refusals

EXAMPLES = 1_000 if os.environ.get("HUB_FULL") else 40
UPLOADS = [one for one in OPERATIONS if isinstance(one, Upload)]

# What a reader of tables, of lines or of pictures might stumble over.
PIECES = st.sampled_from(
    [
        *(b"reference,kind,points\n", b'"', b",", b"\n", b"\r", b"\x00", b"\xff\xfe"),
        *(b"\xef\xbb\xbf", b'{"reference":', b"[" * 5_000, b"9" * 5_000, b"\\u0000"),
        *(b"R-1,spent,5\n", b"%PDF-1.7\n"),
    ]
)


def test_there_are_some() -> None:
    assert UPLOADS


def test_no_file_makes_the_hub_fail(scene: Scene, wire: Wire) -> None:
    for operation in UPLOADS:
        fuzz(operation, scene, wire)


def fuzz(operation: Upload, scene: Scene, wire: Wire) -> None:
    documented = {one.code for one in refusals(operation)}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.binary(max_size=300) | st.lists(PIECES, max_size=6).map(b"".join),
        st.sampled_from(operation.types),
        st.sampled_from(["", "; charset=gbk", "; charset=utf-8", ";charset", "; charset=no"]),
    )
    def check(body: bytes, kind: str, charset: str) -> None:
        request = scene.request(operation).with_body(body).but(content_type=kind + charset)
        answer = wire.send(sign(request, scene.shop))
        assert answer.signed, (body, answer.body)
        if answer.status != operation.status:
            assert 400 <= answer.status < 500, (body, answer.body)
            assert answer.code in documented, (body, answer.body)

    check()


def test_a_file_changed_on_its_way(scene: Scene, wire: Wire) -> None:
    for operation in UPLOADS:
        request = scene.signed(operation)
        changed = request.with_body(request.body[:-1] + b"x")
        refused(changed, wire.send(changed), 400, "digest-mismatch", signed=False)
        other = next((one for one in operation.types if one not in request.headers.values()), "")
        renamed = request.but(content_type=other or "text/plain")
        refused(renamed, wire.send(renamed), 401, "signature-invalid", signed=False)


def test_other_types_and_no_content(scene: Scene, wire: Wire) -> None:
    for operation in UPLOADS:
        for kind in ("application/json", "text/html", "application/x-www-form-urlencoded", "*/*"):
            request = sign(scene.request(operation).but(content_type=kind), scene.shop)
            answer = wire.send(request)
            refused(request, answer, 415, "content-type-unsupported", signed=True)
            assert answer.json["takes"] == list(operation.types)
        empty = unsigned(wire.server, operation.method, scene.path(operation), b"")
        request = sign(empty.but(content_type=operation.types[0]), scene.shop)
        answer = wire.send(request)
        refused(request, answer, 422, "request-invalid", signed=True)
        assert answer.json["errors"] == [{"pointer": "", "detail": "Content is wanted."}]


def test_a_file_larger_than_the_operation_takes(scene: Scene, wire: Wire) -> None:
    for operation in UPLOADS:
        request = scene.request(operation).with_body(b"x" * (operation.max_body + 1))
        request = sign(request, scene.shop)
        refused(request, wire.send(request), 413, "content-too-large", signed=False)


def test_a_suspended_partner_still_reconciles(scene: Scene, wire: Wire) -> None:
    with scene.coalition.database.transaction() as session:
        registry.move(session, slug=scene.shop.slug, to="suspended", now=datetime.now(UTC))
    time.sleep(2.1)  # The edge remembers a key for two seconds.
    for operation in UPLOADS:
        request = scene.signed(operation)
        answer = wire.send(request)
        if operation.when_suspended:
            assert answer.status == operation.status, answer.body
        else:
            refused(request, answer, 403, "partner-not-active", signed=True)
