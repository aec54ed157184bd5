"""Which layer a stack's time belongs to."""

import pytest

from bench.profile import by_layer

ROUTE = ["_runner (granian/wsgi.py:57)", "Front.__call__ (partners/api/routes.py:83)"]


@pytest.mark.parametrize(
    ("frames", "layer"),
    [
        (["PublicKey.verifies (partners/public_keys.py:138)"], "parse and verify"),
        (["sign_response (partners/signing.py:216)", "_signed (partners/signing.py:374)",
          "PrivateKey.sign (partners/public_keys.py:195)"], "render and sign"),
        (["_load (partners/api/answers.py:90)", "load (kit/schemas.py:138)",
          "from_text (kit/ids.py:30)"], "schema"),
        (["_render (partners/api/answers.py:224)", "dump (kit/schemas.py:154)"],
         "render and sign"),
        (["_post (partners/api/answers.py:113)", "Funnel.post (exchange/funnel.py:60)",
          "wait (threading.py:320)"], "funnel and database"),
        (["redeem (exchange/acceptance.py:44)", "uuid7 (kit/ids.py:15)"], "make the order"),
        (["_read (partners/api/routes.py:155)"], "server"),
    ],
)  # fmt: skip
def test_the_innermost_telling_frame_decides(frames: list[str], layer: str) -> None:
    assert by_layer([([*ROUTE, *frames], 3)]) == {layer: 1.0}


def test_time_spent_waiting_for_requests_is_nobodys() -> None:
    idle = (["_bootstrap (threading.py:1002)", "_runner (granian/wsgi.py:57)"], 100)
    served = ([*ROUTE, "PublicKey.verifies (partners/public_keys.py:138)"], 1)
    assert by_layer([idle, served]) == {"parse and verify": 1.0}
