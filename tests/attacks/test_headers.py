"""What stands in the head of every answer, whether the API gave it or a page."""

import pytest

from kit.secure_headers import SECURE_HEADERS
from tests.attacks.wire import Wire, sign, unsigned
from tests.server import Coalition, Server

TARGETS = ("/docs", "/health/live", "/openapi.json", "/nowhere", "/v1/rates", "/v1/nowhere")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD"])
def test_every_answer_carries_the_secure_headers(
    method: str, target: str, server: Server, wire: Wire
) -> None:
    answer = wire.send(unsigned(server, method, target))
    for name, value in SECURE_HEADERS:
        assert answer.headers[name.lower()] == value


def test_a_head_has_the_headers_of_the_get(
    coalition: Coalition, server: Server, wire: Wire
) -> None:
    shop = coalition.partner()
    get, head = (
        wire.send(sign(unsigned(server, method, "/v1/rates"), shop)) for method in ("GET", "HEAD")
    )
    assert (get.status, head.status, head.body) == (200, 200, b"")
    assert set(get.headers) == set(head.headers)
    for name in ("content-length", "content-digest", "content-type"):
        assert get.headers[name] == head.headers[name]
