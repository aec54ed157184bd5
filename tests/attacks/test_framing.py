"""Requests whose beginning or end is anybody's guess, on a bare socket (T13).

Granian stands alone in these tests; what it lets through, the server in front must settle. Either
way the hub never acts on two readings of the same bytes: what it verified is what it carries out,
and a connection whose framing is in doubt is closed.
"""

import json
import socket
from base64 import b64encode
from hashlib import sha256
from http.client import HTTPException

import pytest

from tests.attacks.wire import Answer, Request, Wire, connect, receive, sign, unsigned
from tests.server import Coalition, Partner, Server

GET = "GET /health/live HTTP/1.1\r\nHost: {host}\r\n"
POST = "POST /v1/members HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"

# Refused by the server itself: a bare 400 (or nothing), and the connection is closed.
BROKEN = {
    "a folded line": GET + "X: a\r\n b\r\n\r\n",
    "a space before the colon": GET + "X : a\r\n\r\n",
    "a space at the start": GET + " X: a\r\n\r\n",
    "no version": "GET /health/live\r\n\r\n",
    "another version": "GET /health/live HTTP/2.0\r\nHost: {host}\r\n\r\n",
    "a control character": "GET /health\x01 HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "NUL in a header": GET + "X: a\0b\r\n\r\n",
    "a bare CR in a header": GET + "X: a\rb\r\n\r\n",
    "a space in the target": "GET /health /live HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "two lengths": POST + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}x",
    "a list of lengths": POST + "Content-Length: 2, 2\r\n\r\n{{}}",
    "a negative length": POST + "Content-Length: -2\r\n\r\n{{}}",
    "a signed length": POST + "Content-Length: +2\r\n\r\n{{}}",
    "a hexadecimal length": POST + "Content-Length: 0x2\r\n\r\n{{}}",
    "a length beyond numbers": POST + "Content-Length: 99999999999999999999999\r\n\r\n{{}}",
    "identity as an encoding": POST + "Transfer-Encoding: identity\r\n\r\n{{}}",
    "an unknown encoding": POST + "Transfer-Encoding: xchunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "chunked, then something": POST
    + "Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "chunked and identity": POST
    + CHUNKED
    + "Transfer-Encoding: identity\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "bytes of TLS": "\x16\x03\x01\x00\xa5\x01\x00\x00\x00\x00\r\n\r\n",
    "nonsense": "\x00" * 100 + "\r\n\r\n",
}


def exchange(server: Server, raw: bytes) -> list[Answer]:
    """All the answers that come before the connection closes or falls silent."""
    answers: list[Answer] = []
    with connect(server) as connection:
        connection.settimeout(5)
        connection.sendall(raw)
        keep = True
        while keep:
            try:
                answer, keep = receive(connection)
            except (HTTPException, ConnectionError):
                break
            except TimeoutError:
                raise AssertionError(f"silence after {answers}") from None
            answers.append(answer)
            if keep:
                connection.shutdown(socket.SHUT_WR)
    return answers


@pytest.fixture
def shop(coalition: Coalition) -> Partner:
    return coalition.partner()


def test_broken_framing_is_refused_and_the_connection_closed(
    coalition: Coalition, server: Server
) -> None:
    host, before = server.origin.partition("://")[2], coalition.counts()
    for name, template in BROKEN.items():
        raw = template.format(host=host).encode("latin-1")
        # Whatever follows on the connection is not read as a request.
        answers = exchange(server, raw + GET.format(host=host).encode() + b"\r\n")
        assert [answer.status for answer in answers] in ([400], []), (name, answers)
    assert coalition.counts() == before


def chunked(request: Request, framed: bytes, *, length: str | None = None) -> bytes:
    """The request with its content framed by hand, and a length as well if one is given."""
    without = request.but(content_length=length, transfer_encoding="chunked")
    return bytes(Request(without.method, without.target, without.headers, framed))


def enrolment(server: Server, shop: Partner, reference: str) -> Request:
    return sign(unsigned(server, "POST", "/v1/members", {"reference": reference}), shop)


def test_chunks_are_read_as_they_stand_or_refused(
    coalition: Coalition, server: Server, shop: Partner
) -> None:
    """Signed over the content: a frame that loses or adds a byte cannot go unnoticed."""
    wallets = coalition.counts()["wallet"]
    body = enrolment(server, shop, "x").body
    half = len(body) // 2
    frames = {
        "one": b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
        "two": b"%x\r\n" % half + body[:half] + b"\r\n%x\r\n" % (len(body) - half) + body[half:]
        + b"\r\n0\r\n\r\n",
        "extension": b"%x;a=b\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
        "not hexadecimal": b"zz\r\n" + body + b"\r\n0\r\n\r\n",
        "negative": b"-2\r\n" + body + b"\r\n0\r\n\r\n",
        "beyond numbers": b"ffffffffffffffffff\r\n" + body + b"\r\n0\r\n\r\n",
        "too short": b"%x\r\n" % (len(body) - 1) + body + b"\r\n0\r\n\r\n",
    }  # fmt: skip
    done = 0
    for frame in frames.values():
        request = enrolment(server, shop, "x")
        # The same reference each time: at most one may be taken, and it says so.
        answers = exchange(server, chunked(request, frame))
        statuses = [answer.status for answer in answers]
        assert statuses in ([201], [400], [409], []), (frame, answers)
        done += statuses == [201]
    assert done <= 1
    with connect(server) as connection:  # Hung up on before the last chunk: never carried out.
        unfinished = b"%x\r\n" % len(body) + body + b"\r\n"
        connection.sendall(chunked(enrolment(server, shop, "y"), unfinished))
    assert coalition.counts()["wallet"] == wallets + done


def test_a_length_beside_chunks_hides_no_second_request(
    coalition: Coalition, server: Server, shop: Partner, wire: Wire
) -> None:
    """The classic smuggling: a front reads one length, the hub another; the rest is a request.

    The hidden request is well signed. It is never carried out: the connection ends before it.
    """
    hidden = bytes(enrolment(server, shop, "hidden"))
    for length in ("0", "4", "5", str(len(hidden) + 5)):
        outer = unsigned(server, "POST", "/v1/members", b"")
        signed = sign(outer.but(content_type=None), shop)
        for raw in (
            chunked(signed, b"0\r\n\r\n" + hidden, length=length),
            chunked(enrolment(server, shop, "outer"), b"0\r\n\r\n" + hidden, length=length),
        ):
            answers = exchange(server, raw)
            assert len(answers) <= 1, answers
            assert all(400 <= answer.status < 500 for answer in answers), answers
    listed = wire.ask(shop, "POST", "/v1/members", {"reference": "hidden"})
    assert listed.status == 201  # Nobody had taken the name.


def test_hosts_in_doubt(coalition: Coalition, server: Server, shop: Partner) -> None:
    """Two hosts, or a target with a host of its own: the hub's one origin decides."""
    before, host = coalition.counts(), server.origin.partition("://")[2]
    request = enrolment(server, shop, "x")
    raw = bytes(request)
    for other in (
        raw.replace(b"host: ", b"host: evil.example\r\nhost: ", 1),
        raw.replace(f"host: {host}".encode(), b"host: evil.example", 1),
        raw.replace(f"host: {host}".encode(), f"host: {host}, evil.example".encode(), 1),
        raw.replace(f"host: {host}\r\n".encode(), b"", 1),
        raw.replace(f"host: {host}".encode(), f"host: {host}@evil.example".encode(), 1),
    ):
        answers = exchange(server, other)
        assert len(answers) == 1
        assert answers[0].status in (400, 421)
    absolute = raw.replace(b"POST /v1", b"POST http://evil.example/v1", 1)
    answers = exchange(server, absolute)
    assert [answer.status for answer in answers] in ([400], [401], [421], [201])
    taken = answers[0].status == 201  # Routed and verified by its path: our own origin's.
    assert coalition.counts()["wallet"] == before["wallet"] + taken


def test_a_field_twice_or_spelled_with_an_underscore(
    coalition: Coalition, server: Server, shop: Partner
) -> None:
    """What the application reads is what it verified: a second reading breaks the signature."""
    before = coalition.counts()
    raw, other = bytes(enrolment(server, shop, "x")), json.dumps({"reference": "y"}).encode()
    digest = b"sha-256=:" + b64encode(sha256(other).digest()) + b":"
    for field in (
        b"idempotency-key: " + b"k" * 20,
        b"content-digest: " + digest,
        b"signature: cpx=:AAAA:",
        b"signature-input: cpx=()",
    ):
        for where in (b"content-type: ", b"signature: "):
            answers = exchange(server, raw.replace(where, field + b"\r\n" + where, 1))
            assert [answer.status for answer in answers] in ([400], [401]), (field, answers)
    assert coalition.counts() == before
    for field in (
        b"content-type: text/plain",
        b"Content_Type: text/plain",
        b"Content_Digest: " + digest,
        b"Idempotency_Key: " + b"k" * 20,
        b"Signature_Input: cpx=()",
    ):
        for where in (b"content-type: ", b"signature: "):
            # One of both is read: if it is the signed one, then the request is done as signed.
            reference = f"{field[:9].decode()}-{where[:4].decode()}"
            raw = bytes(enrolment(server, shop, reference))
            answers = exchange(server, raw.replace(where, field + b"\r\n" + where, 1))
            assert [answer.status for answer in answers] in ([201], [400], [401]), (field, answers)
            if answers[0].status == 201:
                assert answers[0].json["reference"] == reference


def test_too_many_or_too_long_headers(server: Server) -> None:
    host = server.origin.partition("://")[2]
    many = GET.format(host=host) + "".join(f"X{n}: a\r\n" for n in range(500)) + "\r\n"
    answers = exchange(server, many.encode())
    assert [answer.status for answer in answers] in ([431], [400])
    long = GET.format(host=host) + "X: " + "a" * 2_000_000 + "\r\n\r\n"
    with connect(server) as connection:
        try:
            connection.sendall(long.encode())
            answer, _ = receive(connection)
        except (HTTPException, ConnectionError):
            return
    assert answer.status in (400, 431)


def test_methods_that_no_route_has(wire: Wire, shop: Partner, server: Server) -> None:
    """405 with the methods there are, or 404; never the work of another method."""
    for method in ("PUT", "PATCH", "TRACE", "OPTIONS", "BREW"):
        answer = wire.send(sign(unsigned(server, method, "/v1/members", {}), shop))
        assert (answer.status, answer.code) == (405, "method-not-allowed")
        assert answer.headers["allow"] == "POST"
    answer = wire.send(unsigned(server, "CONNECT", "evil.example:443"))
    assert answer.status in (400, 404, 405)


def test_a_head_is_a_get_without_its_content(wire: Wire, shop: Partner, server: Server) -> None:
    request = unsigned(server, "GET", "/v1/rates")
    request = sign(Request("HEAD", request.target, request.headers), shop)
    answer = wire.send(request)
    assert (answer.status, answer.body, answer.signed) == (200, b"", True)
    assert wire.send(request).status == 401
