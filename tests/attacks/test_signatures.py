"""What a signature must be: fresh, whole, of one key, over everything that has a meaning.

One fault at a time, on a request that would otherwise succeed.
"""

import gzip
import time
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from partners.public_keys import PrivateKey
from tests.attacks.wire import Request, Wire, new_key, refused, sign, sign_freely, unsigned
from tests.server import Coalition, Partner, Server

COMPONENTS = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")


@pytest.fixture
def shop(coalition: Coalition) -> Partner:
    return coalition.partner()


@pytest.fixture
def sale(shop: Partner, server: Server) -> Request:
    """An accrual, not signed yet."""
    content = {"member": shop.enrol(), "points": 100, "reference": "A-1"}
    return unsigned(server, "POST", "/v1/accruals", content)


@pytest.fixture(autouse=True)
def nothing_is_written(coalition: Coalition, sale: Request) -> Any:
    before = coalition.counts()
    yield
    assert coalition.counts() == before


class TestTime:
    def test_too_old_or_from_the_future(self, sale: Request, shop: Partner, wire: Wire) -> None:
        for seconds in [-61, -65, -3_600, -(10**9), 12, 60, 3_600, 10**9]:
            request = sign(sale, shop, created=int(time.time()) + seconds)
            refused(request, wire.send(request), 401, "signature-stale", signed=False)

    def test_expired(self, sale: Request, shop: Partner, wire: Wire) -> None:
        request = sign(sale, shop, expires=int(time.time()) - 1)
        refused(request, wire.send(request), 401, "signature-stale", signed=False)

    def test_a_forgery_is_not_told_that_it_is_stale(
        self, sale: Request, shop: Partner, wire: Wire
    ) -> None:
        request = sign(sale, shop, created=1, private=PrivateKey.generate())
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)


class TestKeys:
    def test_no_oracle(
        self, sale: Request, shop: Partner, coalition: Coalition, wire: Wire
    ) -> None:
        """An unknown, a revoked and a wrong key get the same bytes."""
        other = coalition.partner()
        coalition.books.owner.execute(
            "UPDATE partners.key SET revoked_at = now() WHERE id = %s", (other.key_id,)
        )
        faults = {
            "unknown": sign(sale, shop, key_id="key_00000000000000000000"),
            "revoked": sign(sale, other),
            "forged": sign(sale, shop, private=PrivateKey.generate()),
            "another's": sign(sale, shop, private=other.private),
        }
        bodies = set()
        for request in faults.values():
            answer = wire.send(request)
            refused(request, answer, 401, "signature-invalid", signed=False)
            bodies.add((answer.body, tuple(sorted(set(answer.headers) - {"date"}))))
        assert len(bodies) == 1

    @pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256-sha256"])
    @pytest.mark.parametrize(
        "named", ["hmac-sha256", "rsa-pss-sha512", "ed25519", "ecdsa-p256-sha256", "none"]
    )
    def test_the_algorithm_is_the_key_records(
        self, named: str, algorithm: str, sale: Request, coalition: Coalition, wire: Wire
    ) -> None:
        other = coalition.partner(algorithm=algorithm)
        parameters = (
            f'created={int(time.time())};nonce="{new_key()}";keyid="{other.key_id}"'
            f';alg="{named}";tag="cpx-request-1"'
        )
        request = sign_freely(sale, other, COMPONENTS, parameters)
        if named == algorithm:  # Authentic; the member is only not this partner's.
            refused(request, wire.send(request), 404, "member-not-found", signed=True)
        else:
            refused(request, wire.send(request), 401, "signature-invalid", signed=False)

    def test_a_signature_of_the_other_kind_of_key(
        self, sale: Request, shop: Partner, wire: Wire
    ) -> None:
        request = sign(sale, shop, private=PrivateKey.generate("ecdsa-p256-sha256"))
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)


class TestCoverage:
    def test_every_part_that_means_something(
        self, sale: Request, shop: Partner, wire: Wire
    ) -> None:
        for left_out in COMPONENTS:
            request = sign_freely(sale, shop, tuple(c for c in COMPONENTS if c != left_out))
            refused(request, wire.send(request), 401, "signature-insufficient", signed=False)

    def test_nothing_else(self, sale: Request, shop: Partner, wire: Wire) -> None:
        for unknown in ["@path", "@authority", "host", "@signature-params", "date"]:
            request = sign_freely(sale, shop, (*COMPONENTS, unknown))
            refused(request, wire.send(request), 400, "signature-malformed", signed=False)

    def test_no_part_twice(self, sale: Request, shop: Partner, wire: Wire) -> None:
        request = sign_freely(sale, shop, (*COMPONENTS, "@method"))
        refused(request, wire.send(request), 400, "signature-malformed", signed=False)

    def test_what_was_not_sent(self, shop: Partner, server: Server, wire: Wire) -> None:
        request = unsigned(server, "GET", "/v1/rates")
        request = sign_freely(request, shop, ("@method", "@target-uri", "idempotency-key"))
        refused(request, wire.send(request), 401, "signature-insufficient", signed=False)

    def test_an_idempotency_key_added_on_the_way(
        self, shop: Partner, server: Server, wire: Wire
    ) -> None:
        request = sign(unsigned(server, "GET", "/v1/rates"), shop).but(idempotency_key=new_key())
        refused(request, wire.send(request), 401, "signature-insufficient", signed=False)

    def test_an_idempotency_key_is_wanted(self, sale: Request, shop: Partner, wire: Wire) -> None:
        request = sign(sale.but(idempotency_key=None), shop)
        refused(request, wire.send(request), 400, "idempotency-key-required", signed=False)

    def test_an_idempotency_key_has_a_form(self, sale: Request, shop: Partner, wire: Wire) -> None:
        for key in ["short", "a" * 65, "spaces are not for keys", '"half-quoted-key-1']:
            request = sign(sale.but(idempotency_key=key), shop)
            refused(request, wire.send(request), 400, "idempotency-key-malformed", signed=False)


GOOD = 'created={now};nonce="{nonce}";keyid="{key}";tag="cpx-request-1"'


class TestForm:
    def test_parameters(self, sale: Request, shop: Partner, wire: Wire) -> None:
        for parameters in [
            'nonce="{nonce}";keyid="{key}";tag="cpx-request-1"',
            'created={now};keyid="{key}";tag="cpx-request-1"',
            'created={now};nonce="{nonce}";tag="cpx-request-1"',
            'created="{now}";nonce="{nonce}";keyid="{key}";tag="cpx-request-1"',
            'created=-{now};nonce="{nonce}";keyid="{key}";tag="cpx-request-1"',
            'created={now}.5;nonce="{nonce}";keyid="{key}";tag="cpx-request-1"',
            'created={now};nonce="short";keyid="{key}";tag="cpx-request-1"',
            'created={now};nonce="{nonce}{nonce}{nonce}{nonce}";keyid="{key}";tag="cpx-request-1"',
            'created={now};nonce="{nonce}";keyid="{key} ";tag="cpx-request-1"',
            GOOD + ";purpose=1",
            GOOD + ';created=1;x="y"',
            'created={now};created={now};nonce="{nonce}";keyid="{key}";tag="cpx-request-1"',
        ]:
            filled = parameters.format(now=int(time.time()), nonce=new_key(), key=shop.key_id)
            request = sign_freely(sale, shop, COMPONENTS, filled)
            refused(request, wire.send(request), 400, "signature-malformed", signed=False)

    def test_another_tag_is_no_signature_for_us(
        self, sale: Request, shop: Partner, wire: Wire
    ) -> None:
        for tag in ["cpx-response-1", "cpx-request-2", "web-bot-auth"]:
            parameters = f'created={int(time.time())};nonce="{new_key()}";keyid="{shop.key_id}"'
            request = sign_freely(sale, shop, COMPONENTS, f'{parameters};tag="{tag}"')
            refused(request, wire.send(request), 401, "signature-required", signed=False)

    def test_fields(self, sale: Request, shop: Partner, wire: Wire) -> None:
        for fields, code in [
            ({"signature": "cpx=:AAAA:"}, "signature-malformed"),
            ({"signature": "cpx=?1"}, "signature-malformed"),
            ({"signature": "other=:AAAA:"}, "signature-malformed"),
            ({"signature": "cpx=:not base64:"}, "signature-malformed"),
            ({"signature-input": "cpx"}, "signature-required"),
            ({"signature-input": "cpx=1"}, "signature-required"),
            ({"signature-input": '("@method"'}, "signature-malformed"),
            ({"signature-input": 'cpx="text";tag="cpx-request-1"'}, "signature-malformed"),
            ({"signature-input": "x" * 5_000}, "signature-malformed"),
            ({"signature": "x" * 5_000}, "signature-malformed"),
        ]:
            request = sign(sale, shop).but(**fields)
            status = 401 if code == "signature-required" else 400
            refused(request, wire.send(request), status, code, signed=False)

    def test_two_signatures_that_could_be_meant(
        self, sale: Request, shop: Partner, coalition: Coalition, wire: Wire
    ) -> None:
        first, second = (
            sign(sale, shop),
            sign_freely(sale, coalition.partner(), COMPONENTS, label="b"),
        )
        both = {
            name: f"{first.headers[name]}, {second.headers[name]}"
            for name in ("signature-input", "signature")
        }
        twice = {name: f"{first.headers[name]}, {first.headers[name]}" for name in both}
        for fields in (both, twice):
            request = first.but(**fields)
            refused(request, wire.send(request), 400, "signature-ambiguous", signed=False)

    def test_a_signature_for_somebody_else_stands_by_untrusted(
        self, sale: Request, shop: Partner, coalition: Coalition, wire: Wire
    ) -> None:
        """The stranger's is genuine, but not for us: ours decides, and it is forged."""
        ours = sign(sale, shop, private=PrivateKey.generate())
        parameters = f'created={int(time.time())};nonce="{new_key()}";keyid="x";tag="other"'
        theirs = sign_freely(sale, coalition.partner(), COMPONENTS, parameters, "other")
        request = ours.but(
            **{
                name: f"{theirs.headers[name]}, {ours.headers[name]}"
                for name in ("signature-input", "signature")
            }
        )
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)


class TestContent:
    def test_another_content_under_the_digest(
        self, sale: Request, shop: Partner, wire: Wire
    ) -> None:
        for alter in [
            lambda body: b"",
            lambda body: body[:-1],
            lambda body: body + b" ",
            lambda body: body + b"\n",
            lambda body: body.replace(b"100", b"900"),
            lambda body: b"\xef\xbb\xbf" + body,
            lambda body: gzip.compress(body),
            lambda body: b"{}",
            lambda body: b"\x00" * len(body),
            lambda body: body[::-1],
        ]:
            request = sign(sale, shop)
            request = request.with_body(alter(request.body))
            refused(request, wire.send(request), 400, "digest-mismatch", signed=False)

    def test_another_content_and_its_digest(self, sale: Request, shop: Partner, wire: Wire) -> None:
        body = sale.body.replace(b"100", b"900")
        digest = f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"
        request = sign(sale, shop).with_body(body).but(content_digest=digest)
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)

    def test_a_digest_that_is_none(self, sale: Request, shop: Partner, wire: Wire) -> None:
        for digest in [
            "",
            "md5=:AAAA:",
            "sha-256=AAAA",
            "sha-256=:AAAA:",
            "{good}, {good}",
            "{good};x=1",
            "{bare}",
        ]:
            bare = b64encode(sha256(sale.body).digest()).decode()
            value = digest.format(good=f"sha-256=:{bare}:", bare=bare)
            request = sign(sale.but(content_digest=value), shop)
            status, code = (400, "digest-malformed") if value else (401, "signature-insufficient")
            refused(request, wire.send(request), status, code, signed=False)

    def test_a_content_coding(self, sale: Request, shop: Partner, wire: Wire) -> None:
        for coding in ["gzip", "deflate", "br", "identity, gzip", "x-unheard-of"]:
            body = gzip.compress(sale.body)
            request = sign(sale.with_body(body), shop).but(content_encoding=coding)
            refused(request, wire.send(request), 415, "content-encoding-unsupported", signed=False)

    def test_content_where_none_belongs(self, shop: Partner, server: Server, wire: Wire) -> None:
        for method in ["GET", "DELETE"]:
            target = f"/v1/members/mbr_{'0' * 26}"
            request = sign(unsigned(server, method, target, {"a": 1}), shop)
            refused(request, wire.send(request), 400, "unexpected-content", signed=False)

    def test_content_added_on_the_way(self, shop: Partner, server: Server, wire: Wire) -> None:
        request = sign(unsigned(server, "GET", "/v1/rates"), shop).with_body(b"{}")
        refused(request, wire.send(request), 400, "unexpected-content", signed=False)

    def test_another_content_type(self, sale: Request, shop: Partner, wire: Wire) -> None:
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "json",
            "*/*",
        ]:
            request = sign(sale.but(content_type=kind), shop)
            answer = wire.send(request)
            refused(request, answer, 415, "content-type-unsupported", signed=True)
            assert answer.json["takes"] == ["application/json"]

    def test_too_much_of_it(self, sale: Request, shop: Partner, wire: Wire) -> None:
        for size in [64 * 1024 + 1, 1_000_000]:
            request = sign(sale.with_body(sale.body.ljust(size)), shop)
            answer = wire.send(request)
            refused(request, answer, 413, "content-too-large", signed=False)
            assert answer.json["limit"] == 64 * 1024


class TestTarget:
    def test_another_authority(
        self, sale: Request, shop: Partner, server: Server, wire: Wire
    ) -> None:
        for host in ["evil.example", "localhost:{port}", "127.0.0.1", "127.0.0.1:1"]:
            host = host.format(port=server.port)
            for origin in (f"http://{host}", server.origin):
                request = sign(sale.but(host=host), shop, origin=origin)
                refused(request, wire.send(request), 421, "misdirected-request", signed=False)

    def test_no_authority(self, sale: Request, shop: Partner, wire: Wire) -> None:
        request = sign(sale, shop).but(host=None)
        refused(request, wire.send(request), 421, "misdirected-request", signed=False)

    def test_signed_for_another_hub(self, sale: Request, shop: Partner, wire: Wire) -> None:
        request = sign(sale, shop, origin="http://sandbox.example")
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)

    def test_forwarded_headers_decide_nothing(
        self, sale: Request, shop: Partner, wire: Wire
    ) -> None:
        forwarded = {
            "x-forwarded-host": "sandbox.example",
            "x-forwarded-proto": "https",
            "x-forwarded-prefix": "/other",
            "forwarded": "host=sandbox.example;proto=https",
            "x-original-url": "/v1/rates",
            "x-http-method-override": "GET",
        }
        request = sign(sale, shop, origin="https://sandbox.example").but(**forwarded)
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)

    def test_another_method_or_route_or_query(
        self, sale: Request, shop: Partner, wire: Wire
    ) -> None:
        good = sign(sale, shop)
        for target in ("/v1/redemptions", "/v1/imports", "/v1/accruals?x=1"):
            request = Request("POST", target, good.headers, good.body)
            refused(request, wire.send(request), 401, "signature-invalid", signed=False)

    def test_roundabout_ways_lead_nowhere(self, shop: Partner, server: Server, wire: Wire) -> None:
        for path in [
            "/v1//rates",
            "/v1/./rates",
            "/v1/x/../rates",
            "/v1/%2e%2e/v1/rates",
            "/v1/rates;a=1",
        ]:
            answer = wire.send(sign(unsigned(server, "GET", path), shop))
            assert answer.status in (400, 404)
            assert not answer.signed
