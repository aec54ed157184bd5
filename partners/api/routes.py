"""The partner API over WSGI: bytes in, a signed answer out, nothing decided here.

It stands in front of the framework that serves the pages, because the framework's own work for a
request costs more than all of this.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import UUID
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import get_input_stream

from kit import problems
from kit.clock import system_clock
from kit.database import Database
from kit.errors import Kind, Refusal
from kit.secure_headers import SECURE_HEADERS
from partners.api import answer_log, gate
from partners.api.answers import Answer, answer, refuse
from partners.api.operations import Call, Hub, Operation
from partners.api.paths import Paths
from partners.public_keys import PrivateKey
from partners.signing import Message, sign_response
from partners.signing_wsgi import message_from_environ
from staff.watch import faults

_STATUS_LINES: Final = {one.value: f"{one.value} {one.phrase}" for one in HTTPStatus}


class ContentTooLarge(Refusal):
    code = "content-too-large"
    kind = Kind.TOO_LARGE
    title = "The content is larger than this operation takes"


class FramingAmbiguous(Refusal):
    code = "framing-ambiguous"
    kind = Kind.MALFORMED
    title = "The length of the content is said twice: where it ends is anybody's guess"


@dataclass(frozen=True, slots=True)
class HubKey:
    """The key that signs the hub's answers and statements; its private half lies in a file."""

    id: str
    private: PrivateKey


@dataclass(frozen=True, slots=True)
class Edge:
    """All that a route needs to know of the hub around it."""

    hub: Hub
    database: Database
    origin: str
    key: HubKey


class Front:
    """The operations as a WSGI application; a path that is none of theirs goes on to `pages`."""

    def __init__(self, edge: Edge, operations: Iterable[Operation], pages: WSGIApplication) -> None:
        self._edge = edge
        self._paths = Paths(operations)
        self._pages = pages

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = self._paths.find(environ.get("PATH_INFO", ""))
        if found is None:
            return self._pages(environ, start_response)
        methods, ids = found
        method = environ["REQUEST_METHOD"].upper()
        try:
            operation = methods.get(method)
            if operation is None:
                made = refuse(problems.MethodRefused(), message_from_environ(environ, b""))
                headers = [("Allow", ", ".join(sorted(methods)))]
            else:
                made, headers = _serve(self._edge, operation, environ, ids)
        except ClientDisconnected:
            made = refuse(problems.RequestMalformed(), message_from_environ(environ, b""))
            headers = []
        except Exception as error:
            status, body = problems.fault(error, environ["PATH_INFO"])
            faults.keep(
                self._edge.database,
                body,
                place=f"API {method}",
                error=error,
                now=system_clock(),
            )
            made = Answer(status, body, problems.CONTENT_TYPE)
            headers = []
        start_response(
            _STATUS_LINES[made.status],
            [
                ("Content-Type", made.content_type),
                ("Content-Length", str(len(made.body))),
                *made.headers,
                *headers,
                *SECURE_HEADERS,
            ],
        )
        return [b"" if method == "HEAD" else made.body]


def _serve(
    edge: Edge, operation: Operation, environ: WSGIEnvironment, ids: dict[str, UUID | str]
) -> tuple[Answer, list[tuple[str, str]]]:
    """The answer, and the headers that sign it: a stranger gets no signature."""
    started = time.perf_counter()
    admitted, made = _answer(edge, operation, environ, ids)
    signature: dict[str, str] = {}
    if admitted is not None:
        signature = sign_response(
            admitted.verified,
            status=made.status,
            content_type=made.content_type,
            body=made.body,
            key_id=edge.key.id,
            key=edge.key.private,
            created=int(time.time()),
        )
    answer_log.answered(
        operation=operation.name,
        status=made.status,
        code=made.code,
        key=None if admitted is None else admitted.key.id,
        ms=round((time.perf_counter() - started) * 1000, 2),
    )
    return made, list(signature.items())


def _answer(
    edge: Edge, operation: Operation, environ: WSGIEnvironment, ids: dict[str, UUID | str]
) -> tuple[gate.Admitted | None, Answer]:
    """The answer, and whom it may be signed for."""
    try:
        message = _read(operation, environ)
    except Refusal as refused:
        return None, refuse(refused, message_from_environ(environ, b""))
    now = edge.hub.clock()
    try:
        admitted = gate.admit(edge.hub, message, origin=edge.origin, now=now)
    except Refusal as refused:
        return None, refuse(refused, message)
    try:
        gate.check_scope(operation, admitted.key)
    except Refusal as refused:
        return admitted, refuse(refused, message)
    call = Call(edge.hub, admitted.key, now, ids)
    return admitted, answer(operation, call, edge.database, message, admitted)


def _read(operation: Operation, environ: WSGIEnvironment) -> Message:
    """The request with all of its body. Raises FramingAmbiguous, ContentTooLarge, in this order."""
    if environ.get("CONTENT_LENGTH") and environ.get("HTTP_TRANSFER_ENCODING"):
        raise FramingAmbiguous
    body = get_input_stream(environ).read(operation.max_body + 1)
    if len(body) > operation.max_body:
        raise ContentTooLarge(limit=operation.max_body)
    return message_from_environ(environ, body)
