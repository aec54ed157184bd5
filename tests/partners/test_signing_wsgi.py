"""From environ to message: the raw target, our own Host, and no forwarded header."""

import pytest

from partners.public_keys import PrivateKey
from partners.signature_errors import TargetMalformed
from partners.signing import FIELDS_READ, Message, parse_signature, sign_request, verify_request
from partners.signing_wsgi import message_from_environ

ORIGIN = "https://hub.example"
KEY = PrivateKey.generate()


def build_environ(**extra):
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/v1/holds",
        "QUERY_STRING": "",
        "HTTP_HOST": "hub.example",
        "CONTENT_TYPE": "application/json",
    }
    return environ | extra


class TestMessageFromEnviron:
    def test_carries_every_field_that_signing_reads(self):
        environ = build_environ()
        for name in FIELDS_READ:
            key = name.upper().replace("-", "_")
            environ[key if name == "content-type" else f"HTTP_{key}"] = f" {name}\t"
        message = message_from_environ(environ, b"x")
        assert message.headers == {name: name for name in FIELDS_READ}
        assert message.body == b"x"

    def test_an_empty_content_type_is_none(self):
        assert message_from_environ(build_environ(CONTENT_TYPE=""), b"").headers == {}

    @pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
    def test_takes_the_raw_target(self, name):
        environ = build_environ(PATH_INFO="/v1/a/b", **{name: "/v1/a%2Fb?x=%20"})
        assert message_from_environ(environ, b"").target == "/v1/a%2Fb?x=%20"

    def test_puts_the_target_together(self):
        environ = build_environ(SCRIPT_NAME="/hub", QUERY_STRING="q=%E4&r")
        assert message_from_environ(environ, b"").target == "/hub/v1/holds?q=%E4&r"

    def test_reads_no_forwarded_header(self):
        environ = build_environ(
            HTTP_X_FORWARDED_HOST="evil.example",
            HTTP_X_FORWARDED_PROTO="http",
            HTTP_X_FORWARDED_PREFIX="/x",
            HTTP_X_ORIGINAL_URI="/v1/else",
            HTTP_FORWARDED="host=evil.example",
        )
        assert message_from_environ(environ, b"") == message_from_environ(build_environ(), b"")

    def test_without_host_there_is_no_authority(self):
        environ = build_environ()
        del environ["HTTP_HOST"]
        assert message_from_environ(environ, b"").authority == ""

    def test_a_signed_request_arrives(self):
        asked = Message("DELETE", "/v1/holds?a=%20", "hub.example", {"idempotency-key": "k" * 16})
        added = sign_request(
            asked, origin=ORIGIN, key_id="k", key=KEY, nonce="n" * 22, created=1000
        )
        environ = build_environ(REQUEST_METHOD="DELETE", QUERY_STRING="a=%20", CONTENT_TYPE="") | {
            "HTTP_IDEMPOTENCY_KEY": "k" * 16
        }
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in added.items()}
        message = message_from_environ(environ, b"")
        presented = parse_signature(message.headers)
        verify_request(message, presented, KEY.public_key, origin=ORIGIN, now=1000)
        # What the server decoded beyond unreserved characters cannot be what was signed.
        environ["PATH_INFO"] = "/v1/ä"
        message = message_from_environ(environ, b"")
        with pytest.raises(TargetMalformed):
            verify_request(message, presented, KEY.public_key, origin=ORIGIN, now=1000)
