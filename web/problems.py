"""Answers for what no operation answers: unknown routes, wrong methods, and our own faults."""

import secrets

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from kit.errors import Kind, Refusal
from kit.problems import CONTENT_TYPE, problem, retry_after
from kit.strict_json import dumps

log = structlog.get_logger("web")


class RouteNotFound(Refusal):
    code = "not-found"
    kind = Kind.NOT_FOUND
    title = "There is nothing here"


class MethodRefused(Refusal):
    code = "method-not-allowed"
    kind = Kind.NOT_ALLOWED
    title = "This method is not allowed here"


class RequestMalformed(Refusal):
    code = "request-malformed"
    kind = Kind.MALFORMED
    title = "The request cannot be read"


def install(app: Flask) -> None:
    """Render every error as a problem document; a fault of ours says nothing but its number."""

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        return _render(error)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if isinstance(error, NotFound):
            return _render(RouteNotFound())
        if isinstance(error, MethodNotAllowed):
            response = _render(MethodRefused())
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
            return response
        return _render(RequestMalformed())

    @app.errorhandler(Exception)
    def fault(error: Exception) -> Response:
        incident = secrets.token_hex(8)
        log.error("fault", incident=incident, path=request.path, exc_info=error)
        body = dumps(
            {
                "type": "about:blank",
                "title": "The hub failed; retry with the same idempotency key",
                "status": 500,
                "code": "internal-error",
                "incident": incident,
                "retryable": True,
            }
        )
        return Response(body, 500, content_type=CONTENT_TYPE)


def _render(refusal: Refusal) -> Response:
    status, body = problem(refusal, request.path)
    response = Response(body, status, content_type=CONTENT_TYPE)
    response.headers.extend(retry_after(refusal))
    return response
