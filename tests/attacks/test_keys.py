"""Keys that cannot be relied on, proofs that prove nothing, and the end of a key (T9, T11).

The public keys to refuse are the small-order points of Ed25519, under
which OpenSSL verifies forgeries, and every spelling of a point that is not the canonical one.
"""

import time
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from partners import keys, registry
from partners.public_keys import PrivateKey
from tests.attacks.scene import key_content
from tests.attacks.wire import Wire, new_key, refused, sign, unsigned
from tests.server import Coalition, Partner, base64url

EFFECTIVE_WITHIN = 5.0  # seconds: the promise of the documentation
PRIME = 2**255 - 19

SMALL_ORDER = [
    "01" + 31 * "00",
    "ec" + 30 * "ff" + "7f",
    32 * "00",
    31 * "00" + "80",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


def not_canonical() -> list[str]:
    """Every y from the prime to 2²⁵⁵, with either sign."""
    found = []
    for y in range(PRIME, 2**255):
        for sign_bit in (0, 1 << 255):
            found.append((y | sign_bit).to_bytes(32, "little").hex())
    return found


def not_on_the_curve() -> list[str]:
    """Some bytes that are no point: 2 is not the y of one."""
    return [(2).to_bytes(32, "little").hex()]


@pytest.fixture
def shop(coalition: Coalition) -> Partner:
    return coalition.partner(scopes=("admin", "issue"))


def register(wire: Wire, shop: Partner, content: dict[str, Any]) -> tuple[Any, Any]:
    request = sign(unsigned(wire.server, "POST", "/v1/keys", content), shop)
    return request, wire.send(request)


def number_of_keys(coalition: Coalition) -> int:
    return int(coalition.books.rows("SELECT count(*) AS n FROM partners.key")[0].n)


class TestPublicKeys:
    def test_points_that_verify_forgeries(
        self, shop: Partner, coalition: Coalition, wire: Wire
    ) -> None:
        """With the signature that OpenSSL would take for one: R the identity, S zero."""
        before = number_of_keys(coalition)
        forged = base64url(bytes.fromhex("01" + 31 * "00") + bytes(32))
        for raw in (*SMALL_ORDER, *not_canonical(), *not_on_the_curve()):
            content = key_content(shop, PrivateKey.generate(), ["till"])
            content |= {"public_key": f"ed25519:{base64url(bytes.fromhex(raw))}", "proof": forged}
            request, answer = register(wire, shop, content)
            refused(request, answer, 422, "key-unacceptable", signed=True)
        assert number_of_keys(coalition) == before

    def test_no_forgery_verifies_even_so(self, shop: Partner, wire: Wire) -> None:
        """R = identity and S = 0 under a good key: a signature of nobody."""
        forged = "A" + "Q" + "A" * 84 + "=="
        request = sign(unsigned(wire.server, "GET", "/v1/keys"), shop)
        request = request.but(signature=f"cpx=:{forged}:")
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)

    def test_texts_that_hold_no_key(self, shop: Partner, coalition: Coalition, wire: Wire) -> None:
        private = PrivateKey.generate()
        good = private.public_key.to_text()
        point = base64url(bytes([4]) + bytes(64))
        for text in (
            *("x", "ed25519:", "ed25519:AAAA", f"p256:{good[8:]}", f"p256:{point}", f"{good}="),
            *(good.upper(), good.replace("ed25519", "ed448"), "hmac-sha256:" + good[8:]),
            *(good[:-1] + "_", private.to_pem(), "-----BEGIN PUBLIC KEY-----", "-----BEGIN é"),
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        ):
            content = key_content(shop, private, ["till"], text=text)
            request, answer = register(wire, shop, content)
            refused(request, answer, 422, "key-unacceptable", signed=True)
            assert "PRIVATE" not in answer.body.decode()
        assert number_of_keys(coalition) == 1


class TestProof:
    def test_it_must_be_this_partners_of_this_key_and_fresh(
        self, shop: Partner, coalition: Coalition, wire: Wire
    ) -> None:
        private, other = PrivateKey.generate(), coalition.partner()
        good, now = key_content(shop, private, ["till"]), int(time.time())
        stranger = keys.public_id(other.partner_id)
        for content in (
            {**good, "proof": "A" * 86},
            {**good, "created": good["created"] - 1},
            {**good, "proof": key_content(shop, PrivateKey.generate(), ["till"])["proof"]},
            {**good, "public_key": PrivateKey.generate().public_key.to_text()},
            key_content(shop, private, ["till"], proof_of=stranger),
        ):
            request, answer = register(wire, shop, content)
            refused(request, answer, 422, "key-proof-invalid", signed=True)
        for created in (now - 611, now + 30, 1, 10**12):
            content = key_content(shop, private, ["till"], created=created)
            request, answer = register(wire, shop, content)
            refused(request, answer, 422, "key-proof-stale", signed=True)
            assert answer.json["retryable"] is False
        for content in (
            {**good, "proof": good["proof"] + "=="},
            {**good, "proof": ""},
            {**good, "scopes": []},
            {**good, "scopes": ["root"]},
            {**good, "scopes": ["till"] * 5},
            {**good, "scopes": "till"},
        ):
            request, answer = register(wire, shop, content)
            refused(request, answer, 422, "request-invalid", signed=True)
        assert number_of_keys(coalition) == 2
        assert register(wire, shop, good)[1].status == 201

    def test_a_key_belongs_to_one_partner_once(
        self, shop: Partner, coalition: Coalition, wire: Wire
    ) -> None:
        private, other = PrivateKey.generate(), coalition.partner()
        assert register(wire, shop, key_content(shop, private, ["till"]))[1].status == 201
        for partner in (shop, other):
            content = key_content(partner, private, ["settle"])
            request, answer = register(wire, partner, content)
            refused(request, answer, 409, "key-exists", signed=True)


class TestRotation:
    def test_two_at_a_time(self, shop: Partner, wire: Wire) -> None:
        second = PrivateKey.generate()
        answer = register(wire, shop, key_content(shop, second, ["issue"]))[1]
        assert answer.status == 201
        content = key_content(shop, PrivateKey.generate(), ["issue"])
        request, answer = register(wire, shop, content)
        refused(request, answer, 409, "too-many-keys", signed=True)
        assert answer.json["scope"] == "issue"

    def test_the_old_key_lives_on_for_a_while(self, shop: Partner, wire: Wire) -> None:
        scopes = ["admin", "issue"]
        made = register(wire, shop, key_content(shop, new := PrivateKey.generate(), scopes))[1].json
        listed = wire.ask(shop, "GET", "/v1/keys").json["keys"]
        expires = datetime.fromisoformat(listed[0]["expires_at"])
        assert 13.9 < (expires - datetime.now(UTC)).total_seconds() / 86_400 < 14
        for key_id, private in ((shop.key_id, shop.private), (made["id"], new)):
            answer = wire.ask(shop, "GET", "/v1/rates", key_id=key_id, private=private)
            assert answer.status == 200

    def test_the_last_key_stays(self, shop: Partner, wire: Wire) -> None:
        request = sign(unsigned(wire.server, "DELETE", f"/v1/keys/{shop.key_id}"), shop)
        refused(request, wire.send(request), 409, "last-key", signed=True)
        assert wire.ask(shop, "GET", "/v1/rates").status == 200


class TestTheEnd:
    """Effective everywhere within five seconds: many fresh connections reach both processes."""

    def ends(self, wire: Wire, partner: Partner, end: float, **signing: Any) -> None:
        """From five seconds after `end` on, no process takes the key; before, some may."""
        taken = 0.0
        while time.monotonic() < end + EFFECTIVE_WITHIN + 0.5:
            requests = [
                sign(unsigned(wire.server, "GET", "/v1/rates"), partner, **signing)
                for _ in range(8)
            ]
            answers = wire.volley(requests)
            if any(answer.status == 200 for answer in answers):
                taken = time.monotonic() - end
            time.sleep(0.1)
        assert taken < EFFECTIVE_WITHIN
        for request, answer in zip(requests, answers, strict=True):
            refused(request, answer, 401, "signature-invalid", signed=False)

    def test_of_a_revoked_key_and_of_a_closed_partner(
        self, shop: Partner, coalition: Coalition, wire: Wire
    ) -> None:
        """Both at once, as waiting is what takes the time; used until the end by both processes."""
        spare = PrivateKey.generate()
        key_id = register(wire, shop, key_content(shop, spare, ["till"]))[1].json["id"]
        closed = coalition.partner()
        signing = {"key_id": key_id, "private": spare}
        warm = [
            sign(unsigned(wire.server, "GET", "/v1/rates"), partner, **options)
            for partner, options in ((shop, signing), (closed, {}))
            for _ in range(16)
        ]
        assert {answer.status for answer in wire.volley(warm)} == {200}
        assert wire.ask(shop, "DELETE", f"/v1/keys/{key_id}").json["active"] is False
        with coalition.database.transaction() as session:
            registry.move(session, slug=closed.slug, to="closed", now=datetime.now(UTC))
        end = time.monotonic()
        self.ends(wire, shop, end, **signing)
        answer = wire.ask(closed, "GET", "/v1/rates")
        assert answer.status == 401
        # Its answers are still to be had, by the key that remains.
        assert wire.ask(shop, "GET", "/v1/keys").status == 200

    def test_of_a_key_that_expired(self, shop: Partner, coalition: Coalition, wire: Wire) -> None:
        """A date is looked at anew with every request: nothing has to be read again."""
        partner = coalition.partner()
        coalition.books.owner.execute(
            "UPDATE partners.key SET expires_at = now() WHERE id = %s", (partner.key_id,)
        )
        request = sign(unsigned(wire.server, "GET", "/v1/rates"), partner)
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)

    def test_before_the_beginning(self, coalition: Coalition, wire: Wire) -> None:
        applied = coalition.partner(active=False)
        request = sign(unsigned(wire.server, "GET", "/v1/rates"), applied)
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)


def test_random_signatures_are_nobodys(shop: Partner, wire: Wire) -> None:
    random = Random(7)  # noqa: S311
    for _ in range(50):
        request = sign(unsigned(wire.server, "GET", "/v1/rates"), shop, nonce=new_key())
        raw = random.randbytes(64)
        text = base64url(raw).replace("-", "+").replace("_", "/") + "=="
        request = request.but(signature=f"cpx=:{text}:")
        refused(request, wire.send(request), 401, "signature-invalid", signed=False)
