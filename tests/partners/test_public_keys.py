"""Keys that would verify forgeries never get in, and a proof of possession proves it."""

import itertools

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from partners.public_keys import (
    ED25519,
    P256,
    PrivateKey,
    PublicKey,
    check_proof,
    proof_of_possession,
)
from partners.signature_errors import KeyProofInvalid, KeyProofStale, KeyUnacceptable

FIELD_PRIME = 2**255 - 19
NOW = 1_767_225_600

ORDER_8 = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
SMALL_ORDER = (
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "00" * 32,
    "00" * 31 + "80",
    *ORDER_8,
    "01" + "00" * 30 + "80",  # The identity once more, with a sign that zero does not have.
    "ec" + "ff" * 31,
)
NOT_CANONICAL = tuple(
    (y | sign << 255).to_bytes(32, "little").hex()
    for y, sign in itertools.product(range(FIELD_PRIME, 2**255), (0, 1))
)


class TestEdwardsPoints:
    @pytest.mark.parametrize("encoded", SMALL_ORDER)
    def test_refuses_small_order(self, encoded):
        with pytest.raises(KeyUnacceptable, match="small order"):
            PublicKey.from_raw(ED25519, bytes.fromhex(encoded))

    @pytest.mark.parametrize("encoded", NOT_CANONICAL)
    def test_refuses_what_is_not_canonical(self, encoded):
        with pytest.raises(KeyUnacceptable, match="canonical"):
            PublicKey.from_raw(ED25519, bytes.fromhex(encoded))

    def test_refuses_bytes_that_are_no_point(self):
        """Half of all y have no x; y = 2 is the first."""
        with pytest.raises(KeyUnacceptable, match="not a point"):
            PublicKey.from_raw(ED25519, (2).to_bytes(32, "little"))

    @pytest.mark.parametrize("length", [0, 31, 33, 64])
    def test_refuses_another_length(self, length):
        with pytest.raises(KeyUnacceptable):
            PublicKey.from_raw(ED25519, b"\x05" * length)

    def test_accepts_every_real_key(self):
        for _ in range(200):
            raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
            assert PublicKey.from_raw(ED25519, raw).raw == raw

    def test_the_forgery_behind_it(self):
        """R = identity, S = 0 is a signature of any message under the identity as key.

        OpenSSL accepts it, which is why such a key may not become a PublicKey. By every road
        that leads to one it is refused, and under a good key the forgery is worthless.
        """
        forgery = bytes.fromhex(SMALL_ORDER[0]) + bytes(32)
        accepted = 0
        for encoded in (*SMALL_ORDER, *NOT_CANONICAL):
            raw = bytes.fromhex(encoded)
            loaded = ed25519.Ed25519PublicKey.from_public_bytes(raw)
            accepted += self.forgeries(loaded, forgery)
            pem = loaded.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            for road in (
                lambda raw=raw: PublicKey.from_raw(ED25519, raw),
                lambda pem=pem: PublicKey.from_text(pem.decode()),
            ):
                with pytest.raises(KeyUnacceptable):
                    road()
        assert accepted > 0, "the library has learnt to refuse: this refusal may go"
        good = PrivateKey.generate().public_key
        assert not any(good.verifies(forgery, bytes([n])) for n in range(64))

    @staticmethod
    def forgeries(loaded, forgery):
        def verifies(message):
            try:
                loaded.verify(forgery, message)
            except Exception:
                return False
            return True

        return sum(verifies(bytes([n])) for n in range(64))


class TestP256Points:
    def point(self):
        return ec.generate_private_key(ec.SECP256R1()).public_key()

    def encoded(self, point, form=serialization.PublicFormat.UncompressedPoint):
        return point.public_bytes(serialization.Encoding.X962, form)

    def test_compressed_and_uncompressed_are_one_key(self):
        point = self.point()
        short = self.encoded(point, serialization.PublicFormat.CompressedPoint)
        key = PublicKey.from_raw(P256, short)
        assert key == PublicKey.from_raw(P256, self.encoded(point))
        assert len(key.raw) == 65

    @pytest.mark.parametrize(
        "change",
        [
            lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
            lambda raw: raw[:-1],
            lambda raw: raw + b"\0",
            lambda raw: b"\x05" + raw[1:],
            lambda raw: b"\x04" + bytes(64),
            lambda raw: b"\x04" + b"\xff" * 64,
            lambda raw: b"\0",
            lambda raw: b"",
        ],
    )
    def test_refuses_what_is_not_on_the_curve(self, change):
        with pytest.raises(KeyUnacceptable):
            PublicKey.from_raw(P256, change(self.encoded(self.point())))

    def test_signs_64_bytes(self):
        key = PrivateKey.generate(P256)
        for number in range(50):
            signature = key.sign(bytes([number]))
            assert len(signature) == 64
            assert key.public_key.verifies(signature, bytes([number]))
            assert not key.public_key.verifies(signature, b"x")

    @pytest.mark.parametrize("signature", [b"", bytes(64), b"\xff" * 64, bytes(63), bytes(72)])
    def test_worthless_signatures(self, signature):
        assert not PrivateKey.generate(P256).public_key.verifies(signature, b"x")
        assert not PrivateKey.generate(ED25519).public_key.verifies(signature, b"x")


class TestText:
    @pytest.mark.parametrize("algorithm", [ED25519, P256])
    def test_text_pem_and_raw_are_one_key(self, algorithm):
        private = PrivateKey.generate(algorithm)
        key = private.public_key
        assert PublicKey.from_text(key.to_text()) == key
        assert PublicKey.from_text(f"\n{key.to_pem()}\n") == key
        assert PublicKey.from_raw(key.algorithm, key.raw) == key
        assert PrivateKey.from_pem(private.to_pem()).public_key == key

    def test_the_rfcs_key(self):
        pem = (
            "-----BEGIN PUBLIC KEY-----\n"
            "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
            "-----END PUBLIC KEY-----\n"
        )
        key = PublicKey.from_pem(pem)
        assert key.to_text() == "ed25519:JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"
        assert key.to_jwk("test-key-ed25519") == {
            "kty": "OKP",
            "crv": "Ed25519",
            "kid": "test-key-ed25519",
            "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
        }

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "ed25519",
            "ed25519:",
            "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
            "rsa:JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
            "ed25519:JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs=",
            "ed25519:JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs",
            "ed25519:JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bt",  # Spare bits that are not zero.
            "ed25519:JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0",
            "p256:JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        ],
    )
    def test_refuses_what_cannot_be_read(self, text):
        with pytest.raises(KeyUnacceptable):
            PublicKey.from_text(text)

    @pytest.mark.parametrize(
        "private",
        [
            rsa.generate_private_key(65537, 2048),
            ec.generate_private_key(ec.SECP384R1()),
            ec.generate_private_key(ec.SECP256K1()),
        ],
        ids=["rsa", "p384", "secp256k1"],
    )
    def test_refuses_keys_of_other_kinds(self, private):
        pem = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        with pytest.raises(KeyUnacceptable, match="Ed25519 or P-256"):
            PublicKey.from_text(pem.decode())

    def test_refuses_a_private_key_and_says_so(self):
        with pytest.raises(KeyUnacceptable, match="private"):
            PublicKey.from_text(PrivateKey.generate().to_pem())

    def test_no_secret_in_a_repr(self):
        assert "handle" not in repr(PrivateKey.generate())


class TestCheckProof:
    def prove(self, key, *, partner="p_1", created=NOW):
        return key.sign(proof_of_possession(partner, key.public_key.to_text(), created))

    @pytest.mark.parametrize("algorithm", [ED25519, P256])
    @pytest.mark.parametrize("age", [600, 0, -10])
    def test_accepts_the_holder(self, algorithm, age):
        key = PrivateKey.generate(algorithm)
        proof = self.prove(key, created=NOW - age)
        text = key.public_key.to_pem()  # Another form of the text, the same key.
        assert check_proof("p_1", text, NOW - age, proof, now=NOW) == key.public_key

    def test_refuses_a_key_that_is_unacceptable(self):
        with pytest.raises(KeyUnacceptable):
            check_proof("p_1", "ed25519:AQ" + "A" * 41, NOW, bytes(64), now=NOW)

    def test_refuses_the_proof_of_another_partner_key_or_time(self):
        key, other = PrivateKey.generate(), PrivateKey.generate()
        text = key.public_key.to_text()
        for proof in (
            self.prove(key, partner="p_2"),
            self.prove(key, created=NOW - 1),
            self.prove(other),
            other.sign(proof_of_possession("p_1", text, NOW)),
            b"",
        ):
            with pytest.raises(KeyProofInvalid):
                check_proof("p_1", text, NOW, proof, now=NOW)

    @pytest.mark.parametrize("age", [601, -11])
    def test_refuses_an_old_proof(self, age):
        key = PrivateKey.generate()
        proof = self.prove(key, created=NOW - age)
        with pytest.raises(KeyProofStale):
            check_proof("p_1", key.public_key.to_text(), NOW - age, proof, now=NOW)
