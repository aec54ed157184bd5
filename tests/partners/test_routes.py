"""The edge, one request at a time: what becomes of it before anybody asks who sent it."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.testing import capture_logs

from exchange.funnel import Funnel
from kit.clock import Clock
from kit.database import Database
from kit.secrets import Secrets
from kit.secure_headers import SECURE_HEADERS
from partners.api import answer_log
from partners.api.operations import Hub
from partners.api.routes import Edge, Front, HubKey
from partners.directory import Directory
from partners.public_keys import PrivateKey
from web import logs
from web.app import OPERATIONS

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = HubKey("hub-1", PrivateKey.generate())
SMALL = 10  # bytes


class Answer:
    """What a WSGI application answered."""

    def __init__(self, front: Front, environ: dict[str, Any]) -> None:
        self.status, self.headers = "", {}
        self.body = b"".join(front(environ, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        self.status, self.headers = status, dict(headers)
        assert len(self.headers) == len(headers)

    @property
    def code(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json"
        return str(json.loads(self.body)["code"])


def pages(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [environ["PATH_INFO"].encode()]


def fails() -> datetime:
    raise RuntimeError("a private matter")


def front(database: Database, clock: Clock = lambda: NOW) -> Front:
    """A front whose redemptions may be `SMALL`."""
    operations = [
        replace(one, max_body=SMALL) if one.name == "redeem" else one for one in OPERATIONS
    ]
    funnel = Funnel([database.hot])
    hub = Hub(
        clock, Secrets(b"s" * 32), Directory(database), "CNY", funnel, "http://hub", production=True
    )
    return Front(Edge(hub, database, "https://hub.example", KEY), operations, pages)


def environ(method: str, path: str, body: bytes = b"", **extra: Any) -> dict[str, Any]:
    """As a server gives it that ends the input itself."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "HTTP_HOST": "hub.example",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
    } | extra


class TestFront:
    def test_what_is_not_the_apis_goes_on_to_the_pages(self, database: Database) -> None:
        answer = Answer(front(database), environ("GET", "/docs"))
        assert (answer.status, answer.body, answer.headers) == ("200 OK", b"/docs", {})

    def test_every_answer_has_its_length_and_the_secure_headers(self, database: Database) -> None:
        for method in ("GET", "PUT"):
            answer = Answer(front(database), environ(method, "/v1/rates"))
            assert set(SECURE_HEADERS) <= set(answer.headers.items())
            assert answer.headers["Content-Length"] == str(len(answer.body))

    def test_names_the_methods_that_there_are(self, database: Database) -> None:
        for method in ("PUT", "OPTIONS", "BREW"):
            answer = Answer(front(database), environ(method, "/v1/rates"))
            assert (answer.status, answer.code) == ("405 Method Not Allowed", "method-not-allowed")
            assert answer.headers["Allow"] == "GET, HEAD, POST"
            assert json.loads(answer.body)["instance"] == "/v1/rates"

    def test_a_method_in_small_letters_is_for_the_gate_to_refuse(self, database: Database) -> None:
        answer = Answer(front(database), environ("get", "/v1/rates"))
        assert answer.code == "signature-required"

    def test_a_head_is_answered_as_a_get_but_for_the_content(self, database: Database) -> None:
        get = Answer(front(database), environ("GET", "/v1/rates"))
        head = Answer(front(database), environ("HEAD", "/v1/rates"))
        assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")
        assert get.code == "signature-required"

    def test_takes_as_much_as_the_operation_says(self, database: Database) -> None:
        made = front(database)
        for size, code in ((SMALL, "signature-required"), (SMALL + 1, "content-too-large")):
            assert Answer(made, environ("POST", "/v1/redemptions", b"x" * size)).code == code
            assert Answer(made, environ("POST", "/v1/refunds", b"x" * size)).code == (
                "signature-required"
            )
        answer = Answer(made, environ("POST", "/v1/redemptions", b"x" * (SMALL + 1)))
        assert (answer.status[:3], json.loads(answer.body)["limit"]) == ("413", SMALL)

    def test_reads_no_more_than_it_takes(self, database: Database) -> None:
        body = environ("POST", "/v1/redemptions", b"x" * 100)
        Answer(front(database), body)
        assert body["wsgi.input"].tell() == SMALL + 1

    def test_a_length_beside_chunks_is_refused_before_anything_is_read(
        self, database: Database
    ) -> None:
        body = environ("POST", "/v1/redemptions", b"{}", HTTP_TRANSFER_ENCODING="chunked")
        assert Answer(front(database), body).code == "framing-ambiguous"
        assert body["wsgi.input"].tell() == 0

    def test_a_fault_of_ours_says_its_number_and_nothing_else(self, database: Database) -> None:
        with capture_logs() as logged:
            answer = Answer(front(database, fails), environ("POST", "/v1/redemptions", b"{}"))
        problem = json.loads(answer.body)
        assert (answer.status[:3], answer.code) == ("500", "internal-error")
        assert problem["retryable"] is True
        assert b"private" not in answer.body
        assert "Signature" not in answer.headers
        assert set(SECURE_HEADERS) <= set(answer.headers.items())
        assert [(one["incident"], one["path"]) for one in logged] == [
            (problem["incident"], "/v1/redemptions")
        ]
        assert "a private matter" in str(logged[0]["exc_info"])


class TestServersThatDoNotEndTheInput:
    """Then the content ends where its length says, and without one there is none."""

    def test_reads_no_further_than_the_length(self, database: Database) -> None:
        body = environ("POST", "/v1/redemptions", b"{}GET / HTTP/1.1", CONTENT_LENGTH="2")
        del body["wsgi.input_terminated"]
        assert Answer(front(database), body).code == "signature-required"
        assert body["wsgi.input"].tell() == 2

    def test_without_a_length_there_is_no_content(self, database: Database) -> None:
        body = environ("POST", "/v1/redemptions", b"x" * 100, CONTENT_LENGTH="")
        del body["wsgi.input_terminated"]
        assert Answer(front(database), body).code == "signature-required"
        assert body["wsgi.input"].tell() == 0

    def test_whoever_hangs_up_has_asked_nothing(self, database: Database) -> None:
        body = environ("POST", "/v1/redemptions", b"", CONTENT_LENGTH="5")
        del body["wsgi.input_terminated"]
        answer = Answer(front(database), body)
        assert (answer.status[:3], answer.code) == ("400", "request-malformed")


class TestAnswerLog:
    def test_a_line_is_one_that_the_other_logs_could_have_written(self) -> None:
        """The processors of the other logs, asked to write the same."""
        logs.configure()
        processors = structlog.get_config()["processors"]
        structlog.reset_defaults()
        event: Any = {
            "operation": "redeem", "status": 201, "code": None, "key": "key_ü", "ms": 1.25,
            "event": "answered",
        }  # fmt: skip
        for processor in processors:
            event = processor(None, "info", event)
        now = datetime.now(UTC)
        line = answer_log.line("redeem", 201, None, "key_ü", 1.25, now)
        theirs, ours = json.loads(event), json.loads(line)
        assert abs(datetime.fromisoformat(theirs["timestamp"]) - now).total_seconds() < 60
        assert line.replace(ours["timestamp"], theirs["timestamp"]) == event
