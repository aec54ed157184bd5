"""Operations as Flask routes: bytes in, a signed answer out, nothing decided here."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

import structlog
from flask import Flask, Response, request
from werkzeug.routing import BaseConverter, ValidationError

from kit import ids
from kit.database import Database
from kit.errors import Kind, Refusal
from kit.strict_json import MAX_BODY
from partners.api import gate
from partners.api.answers import Answer, answer, refuse
from partners.api.operations import Call, Hub, Operation
from partners.public_keys import PrivateKey
from partners.signing import sign_response
from partners.signing_wsgi import message_from_environ

log = structlog.get_logger("api")

ID_PREFIXES = ("mbr", "jrn", "aut")


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


def install(app: Flask, edge: Edge, operations: Iterable[Operation]) -> None:
    """Add one route for each operation."""
    for prefix in ID_PREFIXES:
        app.url_map.converters[prefix] = _converter(prefix)
    for operation in operations:
        app.add_url_rule(
            operation.path,
            endpoint=operation.name,
            view_func=_view(edge, operation),
            methods=[operation.method],
            provide_automatic_options=False,
        )


def _view(edge: Edge, operation: Operation) -> Callable[..., Response]:
    def view(**path: UUID | str) -> Response:
        started = time.perf_counter()
        admitted, made = _serve(edge, operation, path)
        response = Response(made.body, made.status, content_type=made.content_type)
        response.headers.extend(made.headers)
        if admitted is not None:
            response.headers.update(
                sign_response(
                    admitted.verified,
                    status=made.status,
                    content_type=made.content_type,
                    body=made.body,
                    key_id=edge.key.id,
                    key=edge.key.private,
                    created=int(time.time()),
                )
            )
        log.info(
            "answered",
            operation=operation.name,
            status=made.status,
            code=made.code,
            key=admitted and admitted.key.id,
            ms=round((time.perf_counter() - started) * 1000, 2),
        )
        return response

    return view


def _serve(
    edge: Edge, operation: Operation, path: dict[str, UUID | str]
) -> tuple[gate.Admitted | None, Answer]:
    """The answer, and whom it may be signed for: a stranger gets no signature."""
    environ = request.environ
    unread = message_from_environ(environ, b"")
    if environ.get("CONTENT_LENGTH") and environ.get("HTTP_TRANSFER_ENCODING"):
        return None, refuse(FramingAmbiguous(), unread)
    body = request.stream.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        return None, refuse(ContentTooLarge(limit=MAX_BODY), unread)
    message = replace(unread, body=body)
    now = edge.hub.clock()
    try:
        admitted = gate.admit(edge.hub, message, origin=edge.origin, now=now)
    except Refusal as refused:
        return None, refuse(refused, message)
    try:
        gate.check_scope(operation, admitted.key)
    except Refusal as refused:
        return admitted, refuse(refused, message)
    call = Call(edge.hub, admitted.key, now, path)
    return admitted, answer(operation, call, edge.database, message, admitted)


def _converter(prefix: str) -> type[BaseConverter]:
    class IdConverter(BaseConverter):
        regex = rf"{prefix}_[0-9a-z]+"

        def to_python(self, value: str) -> UUID:
            found = ids.from_text(prefix, value)
            if found is None:
                raise ValidationError
            return found

        def to_url(self, value: UUID) -> str:
            return ids.to_text(prefix, value)

    return IdConverter
