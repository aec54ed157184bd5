"""Answers for what no page answers: unknown routes, wrong methods, and our own faults."""

import json

from flask import Flask, Response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from kit.clock import system_clock
from kit.errors import Kind, Refusal
from kit.problems import (
    CONTENT_TYPE,
    MethodRefused,
    RequestMalformed,
    fault,
    problem,
    retry_after,
)
from staff.watch import faults


class RouteNotFound(Refusal):
    code = "not-found"
    kind = Kind.NOT_FOUND
    title = "There is nothing here"


def install(app: Flask) -> None:
    """Render every error: a page for who came with a browser, a problem document for programs.

    A fault of ours says nothing but its number.
    """

    @app.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        return _page(error.kind.value) if _wants_page() else _render(error)

    @app.errorhandler(CSRFError)
    def stale(_: CSRFError) -> Response:
        return _page(403) if _wants_page() else _render(RequestMalformed())

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        if _wants_page():
            response = _page(error.code or 500)
        elif isinstance(error, NotFound):
            response = _render(RouteNotFound())
        elif isinstance(error, MethodNotAllowed):
            response = _render(MethodRefused())
        else:
            response = _render(RequestMalformed())
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return response

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        place = str(request.url_rule or "")  # With its holes: no id, no name, no link's secret.
        status, body = fault(error, place)
        faults.keep(app.extensions["database"], body, place=place, error=error, now=system_clock())
        if _wants_page():
            return _page(status, json.loads(body)["incident"])
        return Response(body, status, content_type=CONTENT_TYPE)


def _wants_page() -> bool:
    """Browsers say that they want HTML; programs, which want anything, get a problem document."""
    if request.path.startswith("/v1/"):
        return False
    return "text/html" in request.accept_mimetypes.values()


def _page(status: int, incident: str | None = None) -> Response:
    """A page for an error: of the few kinds that a person can tell apart."""
    shown = render_template("frame/error.html", status=status, incident=incident)
    return Response(shown, status)


def _render(refusal: Refusal) -> Response:
    status, body = problem(refusal, request.path)
    response = Response(body, status, content_type=CONTENT_TYPE)
    response.headers.extend(retry_after(refusal))
    return response
