"""The profile cpx-1 against public vectors, an independent implementation, and its own order."""

import hmac
import random
from base64 import b64decode, b64encode, urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha512
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    algorithms,
)

from kit.errors import Refusal
from partners import signature_errors as refusals
from partners.public_keys import ED25519, P256, PrivateKey
from partners.signature_fields import REQUEST_TAG, read_any_form
from partners.signing import (
    FIELDS_READ,
    AnswerUnverified,
    Message,
    check_digest,
    content_digest,
    parse_signature,
    sign_request,
    sign_response,
    signature_base,
    verify_request,
    verify_response,
)

ORIGIN = "https://hub.example"
NOW = 1_767_225_600
NONCE = "rT7wqkz0S2mM0e5l6gkD4Q"
KEY_ID = "test-key-ed25519"
BODY = b'{"wallet":"w_7Qm","points":1200,"terms":"t_2026_01"}'
ANSWER_BODY = b'{"hold":"h_01","state":"held","points":1200}'

# The test key of RFC 9421, B.1.4: printed there for everyone to use, and good for nothing else.
RFC_KEY = PrivateKey.from_raw(
    ED25519, urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
)


def build_message(method="POST", target="/v1/holds", body=BODY, **fields):
    """A request that waits for its signature; fields named with underscores, None to leave out."""
    headers = {"content_type": "application/json" if body else None}
    headers["idempotency_key"] = '"8e03978e-40d5-43e8-bc93-6894a57f9324"'
    if method in ("GET", "HEAD"):
        headers["idempotency_key"] = None
    headers |= fields
    named = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
    return Message(method, target, "hub.example", named, body)


def signed(message, *, key=RFC_KEY, key_id=KEY_ID, nonce=NONCE, created=NOW, **options):
    added = sign_request(
        message, origin=ORIGIN, key_id=key_id, key=key, nonce=nonce, created=created, **options
    )
    return with_headers(message, **added)


def with_headers(message, **changes):
    headers = dict(message.headers)
    for name, value in changes.items():
        name = name.replace("_", "-").lower()
        headers.pop(name, None)
        if value is not None:
            headers[name] = value
    return replace(message, headers=headers)


def signed_over(message, names, parameters=None, *, key=RFC_KEY):
    """A request signed over any components and parameters at all, as an attacker may do it."""
    values = {"@method": message.method, "@target-uri": ORIGIN + message.target, **message.headers}
    listed = " ".join(f'"{name}"' for name in names)
    parameters = parameters or (
        f';created={NOW};nonce="{NONCE}";keyid="{KEY_ID}";tag="cpx-request-1"'
    )
    base = signature_base(tuple((name, values[name]) for name in names), f"({listed}){parameters}")
    return with_signature(message, f"cpx=({listed}){parameters}", key.sign(base))


def with_signature(message, signature_input, signature):
    text = f"cpx=:{b64encode(signature).decode()}:"
    return with_headers(message, signature_input=signature_input, signature=text)


def verify(message, *, key=RFC_KEY.public_key, now=NOW):
    presented = parse_signature(message.headers)
    return verify_request(message, presented, key, origin=ORIGIN, now=now)


class TestVectors:
    def test_rfc_9421_b26(self):
        components = (
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        )
        listed = " ".join(f'"{name}"' for name, _ in components)
        base = signature_base(components, f'({listed});created=1618884473;keyid="test-key-ed25519"')
        assert base == (
            b'"date": Tue, 20 Apr 2021 02:07:55 GMT\n'
            b'"@method": POST\n'
            b'"@path": /foo\n'
            b'"@authority": example.com\n'
            b'"content-type": application/json\n'
            b'"content-length": 18\n'
            b'"@signature-params": ("date" "@method" "@path" "@authority" "content-type" '
            b'"content-length");created=1618884473;keyid="test-key-ed25519"'
        )
        signature = b64decode(
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
        )
        assert RFC_KEY.sign(base) == signature
        assert RFC_KEY.public_key.verifies(signature, base)

    @pytest.mark.parametrize(
        ("content", "digest"),
        [
            (b'{"hello": "world"}', "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="),
            (b'{"hello": "world"}\n', "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="),
            (b"", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ],
    )
    def test_rfc_9530_digests(self, content, digest):
        assert content_digest(content) == f"sha-256=:{digest}:"
        check_digest(f"sha-256=:{digest}:", content)

    def test_rfc_9530_sha_512(self):
        check_digest(
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwE"
            "mTHWXvJwew==:",
            b'{"hello": "world"}',
        )

    def test_the_profiles_request(self):
        message = signed(build_message(), expires=NOW + 60)
        verified = verify(message)
        assert verified.base.decode() == (
            '"@method": POST\n'
            '"@target-uri": https://hub.example/v1/holds\n'
            '"content-type": application/json\n'
            '"content-digest": sha-256=:/cRjk2gNxAVaF0JIRHJ7k8immyPPC8tevoZLwc9k8WA=:\n'
            '"idempotency-key": "8e03978e-40d5-43e8-bc93-6894a57f9324"\n'
            '"@signature-params": ("@method" "@target-uri" "content-type" "content-digest"'
            ' "idempotency-key");created=1767225600;expires=1767225660;'
            'nonce="rT7wqkz0S2mM0e5l6gkD4Q";keyid="test-key-ed25519";tag="cpx-request-1"'
        )
        assert verified.signature == b64decode(
            "CLflmnbR0WkZljbIjybtuslqAhhCaA8wOT/NY/vIfPiTJxJyVxPhg3UdFh1CP+GpO+y4EuAOeqTBFHT0NbsQBQ=="
        )
        assert verified.idempotency_key == "8e03978e-40d5-43e8-bc93-6894a57f9324"

    def test_the_profiles_answer(self):
        headers = answer_to(verify(signed(build_message(), expires=NOW + 60)))
        assert headers == {
            "content-type": "application/json",
            "content-digest": "sha-256=:ZQMuE1TrsGeN7Q5W9N1FrX9iNikik3RGmHAkqKynnzM=:",
            "signature-input": 'cpx=("@status" "content-type" "content-digest" "@method";req'
            ' "@target-uri";req "content-type";req "content-digest";req "idempotency-key";req)'
            ';created=1767225601;nonce="rT7wqkz0S2mM0e5l6gkD4Q";keyid="test-key-ed25519"'
            ';tag="cpx-response-1"',
            "signature": "cpx=:HMybvRMu320LjE+T3Vk4x90znnGgSmy56snMMoFg5CwHqPFLfDSQBC9FchJBDV+R8DD"
            "AhxFnrTLrbcjpX6VuBQ==:",
        }


class TestParseSignature:
    INPUT = f'cpx=("@method");created=1;nonce="{NONCE}";keyid="k";tag="cpx-request-1"'
    SIGNATURE = "cpx=:" + "A" * 86 + "==:"

    def parse(self, signature_input=INPUT, signature=SIGNATURE):
        return parse_signature({"signature-input": signature_input, "signature": signature})

    @pytest.mark.parametrize("missing", ["signature-input", "signature"])
    def test_requires_both_fields(self, missing):
        headers = {"signature-input": self.INPUT, "signature": self.SIGNATURE}
        del headers[missing]
        with pytest.raises(refusals.SignatureRequired):
            parse_signature(headers)

    @pytest.mark.parametrize("signature_input", ["", "cpx", "cpx=1;tag", 'cpx=("@method")'])
    def test_requires_a_tag(self, signature_input):
        with pytest.raises(refusals.SignatureRequired):
            self.parse(signature_input)

    @pytest.mark.parametrize(
        "tag", ["cpx-request-2", "cpx-response-1", "CPX-REQUEST-1", "cpx-request-1 ", ""]
    )
    def test_requires_our_tag(self, tag):
        with pytest.raises(refusals.SignatureRequired):
            self.parse(self.INPUT.replace("cpx-request-1", tag))

    def test_takes_no_token_for_the_tag(self):
        with pytest.raises(refusals.SignatureMalformed):
            self.parse(self.INPUT.replace('"cpx-request-1"', "cpx-request-1"))

    def test_ignores_signatures_of_others(self):
        other = 'proxy=("@authority" "date";sf;tr);alg="hmac-sha256";tag="via";when=@12;x=1.5;y'
        presented = self.parse(f"{other}, {self.INPUT}", f"proxy=:AAAA:,\t{self.SIGNATURE}")
        assert presented == self.parse()

    @pytest.mark.parametrize(
        ("signature_input", "signature"),
        [
            (f"{INPUT}, {INPUT}", SIGNATURE),
            (f"{INPUT}, {INPUT.replace('cpx=', 'too=')}", SIGNATURE),
            (f"{INPUT.replace('cpx=', 'too=')}, {INPUT}", f"{SIGNATURE}, too=:AAAA:"),
            (f'{INPUT}, cpx=("@method");tag="via"', SIGNATURE),
            (f'a;tag="via", a;tag="via", {INPUT}', SIGNATURE),
            (INPUT, f"{SIGNATURE}, {SIGNATURE}"),
            (INPUT, f"cpx=:AAAA:, {SIGNATURE}"),
        ],
    )
    def test_refuses_more_than_one_that_could_be_meant(self, signature_input, signature):
        with pytest.raises(refusals.SignatureAmbiguous):
            self.parse(signature_input, signature)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("cpx=(", "cpx=("[:-1]),
            ("cpx=(", "cpx=("[:-1] + "1"),
            (INPUT, 'cpx="@method";tag="cpx-request-1"'),
            ('"@method"', '"@Method"'),
            ('"@method"', "@method"),
            ('"@method"', "method"),
            ('"@method"', "1"),
            ('"@method"', '"@method";req'),
            ('"@method"', '"@method;req"'),
            ('"@method"', '"content-digest";key="sha-256"'),
            ('"@method"', '"content-type";sf'),
            ('"@method"', '"@method" "@method"'),
            ('"@method"', '"@method" "@authority"'),
            ('"@method"', '"@method" "@path"'),
            ('"@method"', '"@method" "signature"'),
            ('"@method"', '"@method" "@signature-params"'),
            ('"@method"', '"@method" "date"'),
            ('"@method"', '"@method" "x-forwarded-host"'),
            (";created=1", ""),
            (";created=1", ";created=-1"),
            (";created=1", ";created=1.0"),
            (";created=1", ';created="1"'),
            (";created=1", ";created"),
            (";created=1", ";created=@1"),
            (";created=1", ";created=1;created=1"),
            (";created=1", ";created=1000000000000000"),
            (";created=1", ";created=1;expires"),
            (";created=1", ";created=1;expires=soon"),
            (f'nonce="{NONCE}";', ""),
            (NONCE, NONCE[:21]),
            (NONCE, NONCE * 3),
            (NONCE, NONCE[:-1] + "+"),
            (f'"{NONCE}"', NONCE),
            ('keyid="k";', ""),
            ('"k"', '""'),
            ('"k"', '"a key"'),
            ('"k"', "k"),
            ('"k"', '"' + "k" * 65 + '"'),
            ('"k"', '"k";alg=ed25519'),
            ('"k"', '"k";alg="ED25519"'),
            ('"k"', '"k";alg="ed25519";alg="ed25519"'),
            ('"k"', '"k";more'),
            ('"k"', '"k";more="x"'),
            ('tag="', 'tag="cpx-request-1";tag="'),
            ("cpx=(", "CPX=("),
            ("cpx=(", "other=("),
            ("cpx=(", "cpx=( é "),
            ("k", "k" * 4096),
        ],
    )
    def test_refuses_what_the_profile_does_not_know(self, old, new):
        assert old in self.INPUT
        with pytest.raises(refusals.SignatureMalformed):
            self.parse(self.INPUT.replace(old, new, 1))

    @pytest.mark.parametrize(
        "signature",
        [
            "",
            "cpx",
            "cpx=?1",
            'cpx="AAAA"',
            "cpx=:AAAA:",
            "cpx=(:" + "A" * 86 + "==:)",
            "cpx=:" + "A" * 86 + "==:;by=1",
            "other=:" + "A" * 86 + "==:",
            "cpx=:" + "A" * 86 + "=:",
            "cpx=:" + "A" * 86 + ":",
            "cpx=:" + "A" * 85 + "B==:",  # Not canonical: the spare bits are not zero.
            "cpx=:" + "A" * 85 + "-==:",
            "cpx=:" + "A" * 43 + "\n" + "A" * 43 + "==:",
            "cpx=:" + "A" * 88 + ":",
        ],
    )
    def test_refuses_anything_but_64_canonical_bytes(self, signature):
        with pytest.raises(refusals.SignatureMalformed):
            self.parse(signature=signature)

    @pytest.mark.parametrize(
        "spelling",
        [
            '( "@method"  "@target-uri" );created=1;nonce="N";keyid="k";tag="T"',
            '("@method" "@target-uri"); created=0001;   nonce="N"; keyid="k"; tag="T"',
        ],
    )
    def test_reads_other_spellings_of_the_same(self, spelling):
        plain = f'("@method" "@target-uri");created=1;nonce="{NONCE}";keyid="k";tag="{REQUEST_TAG}"'
        presented = self.parse(f"  cpx={spelling}\t".replace("T", REQUEST_TAG).replace("N", NONCE))
        assert presented.parameters == plain
        assert presented == self.parse(f"cpx={plain}")

    def test_keeps_another_order_of_parameters(self):
        order = (
            f'();tag="cpx-request-1";keyid="k";nonce="{NONCE}";alg="ed25519";created=5;expires=9'
        )
        assert self.parse(f"cpx={order}").parameters == order

    def test_both_ways_of_reading_agree(self):
        chance = random.Random(20)  # noqa: S311
        for _ in range(300):
            names = chance.sample(
                ["@method", "@target-uri", "content-type", "content-digest", "idempotency-key"],
                chance.randint(1, 5),
            )
            listed = " ".join(f'"{name}"' for name in names)
            expires = chance.choice(["", f";expires={chance.randrange(10**15)}"])
            algorithm = chance.choice(["", ';alg="ed25519"', ';alg="hmac-sha256"'])
            field = (
                f"l*.{chance.randrange(9)}=({listed});created={chance.randrange(10**15)}{expires}"
                f';nonce="{NONCE}";keyid="k.:_-"{algorithm};tag="cpx-request-1"'
            )
            signature = field.partition("=")[0] + self.SIGNATURE[3:]
            assert self.parse(field, signature) == read_any_form(field, signature, REQUEST_TAG)


class TestVerifyRequest:
    FAULTS = (  # In the order of the docstrings of parse_signature and verify_request.
        ("unsigned", refusals.SignatureRequired),
        ("base64 not canonical", refusals.SignatureMalformed),
        ("signed twice", refusals.SignatureAmbiguous),
        ("unknown parameter", refusals.SignatureMalformed),
        ("other host", refusals.MisdirectedRequest),
        ("odd target", refusals.TargetMalformed),
        ("compressed", refusals.ContentEncodingUnsupported),
        ("unexpected content", refusals.UnexpectedContent),
        ("no idempotency key", refusals.IdempotencyKeyRequired),
        ("content type not covered", refusals.SignatureInsufficient),
        ("line break in a value", refusals.SignatureMalformed),
        ("other key", refusals.SignatureInvalid),
        ("stale", refusals.SignatureStale),
        ("digest malformed", refusals.DigestMalformed),
        ("digest of something else", refusals.DigestMismatch),
        ("idempotency key malformed", refusals.IdempotencyKeyMalformed),
    )

    def build(self, faults):
        """A request with exactly these faults, signed over them where a signer could do so."""
        message = build_message(
            method="DELETE" if "unexpected content" in faults else "POST",
            target="/v1/%68olds" if "odd target" in faults else "/v1/holds",
            idempotency_key="short"
            if "idempotency key malformed" in faults
            else "0123456789abcdef",
        )
        digest = content_digest(b"x" if "digest of something else" in faults else BODY)
        if "digest malformed" in faults:
            digest = "md5=:AAAA:"
        message = with_headers(message, content_digest=digest)
        if "no idempotency key" in faults:
            message = with_headers(message, idempotency_key=None)
        if "compressed" in faults:
            message = with_headers(message, content_encoding="gzip")
        left_out = ["content-type"] if "content type not covered" in faults else []
        left_out += ["content-encoding"]
        names = ["@method", "@target-uri", *(n for n in message.headers if n not in left_out)]
        created = NOW - 61 if "stale" in faults else NOW
        message = signed_over(
            message,
            names,
            f';created={created};nonce="{NONCE}";keyid="{KEY_ID}";tag="cpx-request-1"',
            key=PrivateKey.generate() if "other key" in faults else RFC_KEY,
        )
        if "line break in a value" in faults:
            message = with_headers(message, content_type='application/json\n"@method": GET')
        if "other host" in faults:
            message = replace(message, authority="evil.example")
        if "unknown parameter" in faults:
            given = message.headers["signature-input"].replace(";keyid", ";more=1;keyid")
            message = with_headers(message, signature_input=given)
        if "base64 not canonical" in faults:
            signature = message.headers["signature"]
            spare = chr(ord(signature[-4]) + 1)
            message = with_headers(message, signature=f"{signature[:-4]}{spare}==:")
        if "signed twice" in faults:
            both = {n: message.headers[n] for n in ("signature-input", "signature")}
            both = {n: f"{text}, {text.replace('cpx=', 'too=')}" for n, text in both.items()}
            message = with_headers(message, **both)
        if "unsigned" in faults:
            message = with_headers(message, signature=None)
        return message

    @pytest.mark.parametrize("removed", range(len(FAULTS) + 1))
    def test_refusals_come_in_the_stated_order(self, removed):
        """All faults at once; then the first is mended, and the next one speaks."""
        message = self.build({name for name, _ in self.FAULTS[removed:]})
        if removed == len(self.FAULTS):
            assert verify(message).idempotency_key == "0123456789abcdef"
            return
        with pytest.raises(Refusal) as refused:
            verify(message)
        assert type(refused.value) is self.FAULTS[removed][1]

    @pytest.mark.parametrize("fault", [name for name, _ in FAULTS])
    def test_each_fault_alone_is_refused(self, fault):
        with pytest.raises(dict(self.FAULTS)[fault]):
            verify(self.build({fault}))

    @pytest.mark.parametrize(
        "message",
        [
            build_message(method="GET", body=b""),
            build_message(method="GET", body=b"", target="/v1/rates?from=CNY&q=%E4%BD%A0&a=b/c?d"),
            build_message(method="DELETE", body=b""),
            build_message(method="POST", body=b""),
            build_message(method="POST", body=b"", content_digest=content_digest(b"")),
            build_message(idempotency_key="8e03978e-40d5-43e8-bc93-6894a57f9324"),
            build_message(content_encoding="identity"),
            build_message(target="/"),
            build_message(target="/v1/a.b_c~d-e/.well-known/..."),
            replace(build_message(), authority="HUB.example:443"),
        ],
    )
    def test_accepts(self, message):
        verify(signed(message))

    @pytest.mark.parametrize("authority", ["", "hub.example.", "hub.example:80", "evil.example"])
    def test_another_authority_is_misdirected(self, authority):
        with pytest.raises(refusals.MisdirectedRequest):
            verify(signed(replace(build_message(), authority=authority)))

    def test_forwarded_headers_mean_nothing(self):
        message = with_headers(signed(build_message()), x_forwarded_host="evil.example")
        verify(with_headers(message, forwarded="host=evil.example", x_forwarded_proto="http"))

    @pytest.mark.parametrize(
        "target",
        [
            *("", "*", "v1", "https://hub.example/v1", "//evil.example/v1", "/v1//holds"),
            *("/v1/../x", "/v1/./x", "/..", "/.?x", "/v1/%2e%2e/x", "/v1/a%2Fb", "/v1/%68olds"),
            *("/v1/积分", "/v1/a b", "/v1/a;b", "/v1/a:b", "/v1/a@b", "/v1/a\\b", "/v1#f"),
            *("/v1?a#f", "/v1?a=%", "/v1?a=%zz", "/v1?a=积", "/v1?a b", "/v1?a[0]=b"),
            *('/v1?a="b"', "/v1\n", "/v1?\n", "/v1?a\x00"),
        ],
    )
    def test_a_target_has_one_way_to_be_read(self, target):
        message = replace(signed(build_message()), target=target)
        with pytest.raises(refusals.TargetMalformed):
            verify(message)

    @pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x"])
    def test_content_comes_as_it_is(self, coding):
        with pytest.raises(refusals.ContentEncodingUnsupported):
            verify(with_headers(signed(build_message()), content_encoding=coding))

    @pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
    def test_content_where_none_belongs(self, method):
        with pytest.raises(refusals.UnexpectedContent):
            verify(signed(build_message(method=method)))

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "MERGE"])
    def test_what_changes_something_needs_an_idempotency_key(self, method):
        with pytest.raises(refusals.IdempotencyKeyRequired):
            verify(signed(build_message(method=method, body=b"", idempotency_key=None)))

    @pytest.mark.parametrize(
        "dropped",
        ["@method", "@target-uri", "content-type", "content-digest", "idempotency-key"],
    )
    def test_each_required_component_must_be_covered(self, dropped):
        message = with_headers(build_message(), content_digest=content_digest(BODY))
        names = ["@method", "@target-uri", *message.headers]
        names.remove(dropped)
        with pytest.raises(refusals.SignatureInsufficient):
            verify(signed_over(message, names))

    @pytest.mark.parametrize("absent", ["content-type", "content-digest"])
    def test_content_needs_a_type_and_a_digest(self, absent):
        message = with_headers(build_message(), content_digest=content_digest(BODY))
        message = with_headers(message, **{absent: None})
        with pytest.raises(refusals.SignatureInsufficient):
            verify(signed_over(message, ["@method", "@target-uri", *message.headers]))

    @pytest.mark.parametrize(
        "added",
        [
            {"content_type": "text/csv"},
            {"content_digest": content_digest(b"")},
            {"idempotency_key": "0123456789abcdef"},
        ],
    )
    def test_a_field_added_on_the_way_is_refused(self, added):
        message = signed(build_message(method="GET", body=b""))
        with pytest.raises(refusals.SignatureInsufficient):
            verify(with_headers(message, **added))

    @pytest.mark.parametrize("taken", ["content_type", "content_digest"])
    def test_a_field_taken_away_is_refused(self, taken):
        with pytest.raises(refusals.SignatureInsufficient):
            verify(with_headers(signed(build_message()), **{taken: None}))

    def test_content_added_to_a_request_without_any(self):
        with pytest.raises(refusals.SignatureInsufficient):
            verify(replace(signed(build_message(body=b"")), body=BODY))

    def test_unknown_key_and_bad_signature_look_the_same(self):
        answers = []
        for message, key in [
            (signed(build_message()), None),
            (signed(build_message(), key=PrivateKey.generate()), RFC_KEY.public_key),
            (signed(build_message(), created=NOW - 999, key=PrivateKey.generate()), None),
        ]:
            with pytest.raises(refusals.SignatureInvalid) as refused:
                verify(message, key=key)
            answers.append((type(refused.value), refused.value.detail, refused.value.facts))
        assert len(set(map(repr, answers))) == 1

    @pytest.mark.parametrize("holder", [ED25519, P256])
    @pytest.mark.parametrize(
        "named", [None, ED25519, P256, "hmac-sha256", "rsa-pss-sha512", "none"]
    )
    @pytest.mark.parametrize("registered", [ED25519, P256])
    def test_the_algorithm_is_the_key_records(self, holder, named, registered):
        keys = {algorithm: PrivateKey.generate(algorithm) for algorithm in (ED25519, P256)}
        message = with_headers(build_message(), content_digest=content_digest(BODY))
        algorithm = "" if named is None else f';alg="{named}"'
        message = signed_over(
            message,
            ["@method", "@target-uri", *message.headers],
            f';created={NOW};nonce="{NONCE}";keyid="k"{algorithm};tag="cpx-request-1"',
            key=keys[holder],
        )
        key = keys[registered].public_key
        if holder == registered and named in (None, registered):
            assert verify(message, key=key).key_id == "k"
        else:
            with pytest.raises(refusals.SignatureInvalid):
                verify(message, key=key)

    def test_a_public_key_is_no_shared_secret(self):
        message = signed(build_message(), key=RFC_KEY)
        base = verify(message).base
        forged = hmac.digest(RFC_KEY.public_key.raw, base, sha512)
        message = with_signature(message, message.headers["signature-input"], forged)
        with pytest.raises(refusals.SignatureInvalid):
            verify(message)

    @pytest.mark.parametrize("age", [60, 0, -10])
    def test_fresh(self, age):
        verify(signed(build_message(), created=NOW - age))

    @pytest.mark.parametrize("age", [61, 3600, -11, NOW])
    def test_stale(self, age):
        with pytest.raises(refusals.SignatureStale):
            verify(signed(build_message(), created=NOW - age))

    def test_expires(self):
        verify(signed(build_message(), created=NOW - 9, expires=NOW))
        with pytest.raises(refusals.SignatureStale):
            verify(signed(build_message(), created=NOW - 9, expires=NOW - 1))

    @pytest.mark.parametrize(
        "digest",
        [
            "",
            "sha-256",
            "sha-256=:AAAA:",
            "md5=:rL0Y20zC+Fzt72VPzMSk2A==:",
            content_digest(BODY) + ", " + content_digest(BODY),
            content_digest(BODY) + ";q=1",
            content_digest(BODY).replace("sha-256", "SHA-256"),
            content_digest(BODY)[:-1],
            content_digest(BODY).replace("=:", "=", 1),
            content_digest(BODY).replace("8WA=", "8WB="),
        ],
    )
    def test_digest_malformed(self, digest):
        with pytest.raises(refusals.DigestMalformed):
            verify(signed(build_message(content_digest=digest)))

    @pytest.mark.parametrize(
        "body", [b"", BODY[:-1], BODY + b"\n", BODY + b"\x00", BODY.replace(b"1200", b"1201")]
    )
    def test_another_content_under_the_same_signature(self, body):
        with pytest.raises(refusals.DigestMismatch):
            verify(replace(signed(build_message()), body=body))

    @pytest.mark.parametrize(
        "key",
        [
            "0123456789abcde",
            "a" * 65,
            "0123456789 abcdef",
            '"0123456789abcdef',
            "0123456789abcdef;a",
            "0123456789abcdef, 0123456789abcdef",
        ],
    )
    def test_idempotency_key_malformed(self, key):
        with pytest.raises(refusals.IdempotencyKeyMalformed):
            verify(signed(build_message(idempotency_key=key)))

    @pytest.mark.parametrize("value", ["text/\r\nx", "text/\x00", "text/积", "text/\x7f", "a\tb"])
    def test_a_value_that_could_forge_a_line(self, value):
        with pytest.raises(refusals.SignatureMalformed):
            verify(with_headers(signed(build_message()), content_type=value))

    def test_thousands_of_single_byte_changes(self):
        """Whatever byte changes on the way, the request is refused."""
        chance = random.Random(9421)  # noqa: S311
        message = signed(build_message(target="/v1/holds?member=m_1&note=%E4%BD%A0"))
        verify(message)
        codes = set()
        for _ in range(5000):
            changed = self.change_one_byte(message, chance)
            with pytest.raises(Refusal) as refused:
                verify(changed)
            codes.add(refused.value.code)
        assert codes >= {"signature-invalid", "digest-mismatch", "signature-malformed"}

    @staticmethod
    def change_one_byte(message, chance):
        part = chance.choice(["method", "target", "body", *message.headers])
        before = message.headers[part] if part in message.headers else getattr(message, part)
        text = before.decode("latin-1") if isinstance(before, bytes) else before
        at = chance.randrange(len(text))
        byte = chance.choice(
            [chr(ord(text[at]) ^ (1 << chance.randrange(8))), chr(chance.randrange(256))]
        )
        if byte == text[at]:
            byte = chr(ord(byte) ^ 1)
        text = text[:at] + byte + text[at + 1 :]
        if part in message.headers:
            return with_headers(message, **{part: text})
        return replace(message, **{part: text.encode("latin-1") if part == "body" else text})

    def test_reads_no_field_but_the_ones_it_names(self):
        message = signed(build_message())
        lean = {name: message.headers[name] for name in FIELDS_READ if name in message.headers}
        assert verify(replace(message, headers=lean)) == verify(message)


def answer_to(
    request, *, status=201, content_type="application/json", body=ANSWER_BODY, key=RFC_KEY
):
    headers = sign_response(
        request,
        status=status,
        content_type=content_type,
        body=body,
        key_id=KEY_ID,
        key=key,
        created=NOW + 1,
    )
    typed = {} if content_type is None else {"content-type": content_type}
    return typed | {name.lower(): value for name, value in headers.items()}


class TestVerifyResponse:
    def check(self, request, headers, *, status=201, body=ANSWER_BODY, hub_keys=None):
        verify_response(
            request,
            parse_signature(request.headers),
            origin=ORIGIN,
            status=status,
            headers=headers,
            body=body,
            hub_keys={KEY_ID: RFC_KEY.public_key} if hub_keys is None else hub_keys,
        )

    @pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
    def test_accepts_the_answer_to_this_request(self, method):
        request = signed(build_message(method=method, body=BODY if method == "POST" else b""))
        self.check(request, answer_to(verify(request)))

    def test_accepts_an_answer_without_content(self):
        request = signed(build_message())
        self.check(
            request,
            answer_to(verify(request), status=204, content_type=None, body=b""),
            status=204,
            body=b"",
        )

    def test_accepts_an_answer_to_head(self):
        request = signed(build_message(method="HEAD", body=b""))
        self.check(request, answer_to(verify(request)), body=b"")

    def test_refuses_the_answer_to_another_request(self):
        asked = signed(build_message())
        other = signed(build_message(), nonce="another-nonce-of-22-ch")
        with pytest.raises(AnswerUnverified):
            self.check(asked, answer_to(verify(other)))

    def test_refuses_the_answer_to_another_amount_under_the_same_nonce(self):
        asked = signed(build_message())
        other = signed(build_message(body=BODY.replace(b"1200", b"1")))
        with pytest.raises(AnswerUnverified):
            self.check(asked, answer_to(verify(other)))

    @pytest.mark.parametrize(
        "change",
        [
            {"signature": None},
            {"signature-input": None},
            {"content-digest": None},
            {"content-digest": content_digest(b"x")},
            {"content-type": "text/html"},
            {"content-type": None},
        ],
    )
    def test_refuses_a_changed_field(self, change):
        request = signed(build_message())
        headers = answer_to(verify(request)) | change
        headers = {name: value for name, value in headers.items() if value is not None}
        with pytest.raises(AnswerUnverified):
            self.check(request, headers)

    def test_refuses_a_changed_status_and_content(self):
        request = signed(build_message())
        headers = answer_to(verify(request))
        with pytest.raises(AnswerUnverified):
            self.check(request, headers, status=200)
        with pytest.raises(AnswerUnverified):
            self.check(request, headers, body=ANSWER_BODY.replace(b"held", b"gone"))

    def test_refuses_a_stranger_and_an_impostor(self):
        request = signed(build_message())
        headers = answer_to(verify(request))
        with pytest.raises(AnswerUnverified):
            self.check(request, headers, hub_keys={})
        with pytest.raises(AnswerUnverified):
            self.check(request, headers, hub_keys={KEY_ID: PrivateKey.generate().public_key})

    @pytest.mark.parametrize(
        "cut", ['"content-digest" ', ' "@method";req', ' "idempotency-key";req', '"@status" ']
    )
    def test_refuses_an_answer_that_covers_less(self, cut):
        """Even when the hub itself signed it: an answer to less than the request is none."""
        request = signed(build_message())
        headers = answer_to(verify(request))
        parameters = headers["signature-input"].removeprefix("cpx=").replace(cut, "")
        with pytest.raises(AnswerUnverified):
            self.check(request, headers | {"signature-input": f"cpx={parameters}"})

    def test_a_request_is_no_answer(self):
        request = signed(build_message())
        with pytest.raises(AnswerUnverified):
            self.check(request, request.headers)


class TestWithTheIndependentImplementation:
    """http-message-signatures 3.0.0 signs and we verify; we sign and it verifies."""

    ALGORITHMS = ((ED25519, algorithms.ED25519), (P256, algorithms.ECDSA_P256_SHA256))
    COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")

    @staticmethod
    def resolver(key):
        private = serialization.load_pem_private_key(key.to_pem().encode(), None)
        public = private.public_key()
        return MappingKeyResolver(public_keys={"k": public}, private_keys={"k": private})

    @pytest.mark.parametrize(("ours", "theirs"), ALGORITHMS)
    @pytest.mark.parametrize("include_alg", [True, False])
    def test_they_sign_and_we_verify(self, ours, theirs, include_alg):
        key = PrivateKey.generate(ours)
        request = SimpleNamespace(
            method="POST",
            url=f"{ORIGIN}/v1/holds?q=%E4%BD%A0",
            headers={"Content-Type": "application/json", "Idempotency-Key": "0123456789abcdef"},
        )
        HTTPMessageSigner(signature_algorithm=theirs, key_resolver=self.resolver(key)).sign(
            request,
            key_id="k",
            created=datetime.fromtimestamp(NOW, UTC),
            nonce=NONCE,
            label="sig1",
            tag="cpx-request-1",
            include_alg=include_alg,
            covered_component_ids=self.COVERED,
            body=BODY,
        )
        headers = {name.lower(): value for name, value in request.headers.items()}
        message = Message("POST", "/v1/holds?q=%E4%BD%A0", "hub.example", headers, BODY)
        verified = verify(message, key=key.public_key)
        assert [name for name, _ in verified.components] == list(self.COVERED)

    @pytest.mark.parametrize(("ours", "theirs"), ALGORITHMS)
    def test_we_sign_and_they_verify(self, ours, theirs):
        key = PrivateKey.generate(ours)
        now = int(datetime.now(UTC).timestamp())
        message = signed(build_message(), key=key, key_id="k", created=now)
        request = SimpleNamespace(
            method="POST", url=f"{ORIGIN}/v1/holds", headers=dict(message.headers)
        )
        verifier = HTTPMessageVerifier(signature_algorithm=theirs, key_resolver=self.resolver(key))
        results = verifier.verify(
            request, expect_tag="cpx-request-1", require_components=self.COVERED, body=BODY
        )
        assert len(results) == 1

    @pytest.mark.parametrize(("ours", "theirs"), ALGORITHMS)
    def test_we_answer_and_they_verify(self, ours, theirs):
        key = PrivateKey.generate(ours)
        now = int(datetime.now(UTC).timestamp())
        message = signed(build_message(), created=now)
        headers = sign_response(
            verify(message, now=now),
            status=201,
            content_type="application/json",
            body=ANSWER_BODY,
            key_id="k",
            key=key,
            created=now,
        )
        answer = SimpleNamespace(
            status_code=201,
            headers={"content-type": "application/json", **headers},
            request=SimpleNamespace(
                method="POST", url=f"{ORIGIN}/v1/holds", headers=dict(message.headers)
            ),
        )
        verifier = HTTPMessageVerifier(signature_algorithm=theirs, key_resolver=self.resolver(key))
        required = ["@status", "content-type", "content-digest"]
        required += [f'"{name}";req' for name in self.COVERED]
        assert verifier.verify(
            answer, expect_tag="cpx-response-1", require_components=required, body=ANSWER_BODY
        )
