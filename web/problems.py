"""Answers for what no page answers: unknown routes, wrong methods, and our own faults."""

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from kit.errors import Kind, Refusal
from kit.problems import (
    CONTENT_TYPE,
    MethodRefused,
    RequestMalformed,
    fault,
    problem,
    retry_after,
)


class RouteNotFound(Refusal):
    code = "not-found"
    kind = Kind.NOT_FOUND
    title = "There is nothing here"


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
    def failed(error: Exception) -> Response:
        status, body = fault(error, request.path)
        return Response(body, status, content_type=CONTENT_TYPE)


def _render(refusal: Refusal) -> Response:
    status, body = problem(refusal, request.path)
    response = Response(body, status, content_type=CONTENT_TYPE)
    response.headers.extend(retry_after(refusal))
    return response
