"""RFC 9457 problem details: how every refusal is said, whatever refused, and a fault of our own."""

import secrets
from typing import Any

import structlog

from kit.errors import Kind, Refusal
from kit.strict_json import dumps

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = "https://tongbao.example/problems/"
log = structlog.get_logger("problems")

_WAIT = {Kind.CONFLICT: "1", Kind.TOO_MANY: "60", Kind.UNAVAILABLE: "1"}  # seconds


class MethodRefused(Refusal):
    code = "method-not-allowed"
    kind = Kind.NOT_ALLOWED
    title = "This method is not allowed here"


class RequestMalformed(Refusal):
    code = "request-malformed"
    kind = Kind.MALFORMED
    title = "The request cannot be read"


def retry_after(refusal: Refusal) -> list[tuple[str, str]]:
    """The header that says when to try again; a limit of a minute is over in a minute."""
    if not refusal.retryable or refusal.kind not in _WAIT:
        return []
    return [("Retry-After", _WAIT[refusal.kind])]


def problem(refusal: Refusal, instance: str | None = None) -> tuple[int, bytes]:
    """Status and body of a refusal; `instance` is the path of the request it answers."""
    status = refusal.kind.value
    members: dict[str, Any] = {
        "type": TYPE_BASE + refusal.code,
        "title": refusal.title,
        "status": status,
        "detail": refusal.detail,
        "code": refusal.code,
        "retryable": refusal.retryable,
    }
    if instance is not None:
        members["instance"] = instance
    # Sorted, so that saved facts give the same bytes as fresh ones.
    return status, dumps({**dict(sorted(refusal.facts.items())), **members})


def fault(error: Exception, path: str) -> tuple[int, bytes]:
    """Status and body for what nobody expected: it goes to the log, and only its number out."""
    incident = secrets.token_hex(8)
    log.error("fault", incident=incident, path=path, exc_info=error)
    members = {
        "type": "about:blank",
        "title": "The hub failed; retry with the same idempotency key",
        "status": 500,
        "code": "internal-error",
        "incident": incident,
        "retryable": True,
    }
    return 500, dumps(members)
