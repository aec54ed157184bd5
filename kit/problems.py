"""RFC 9457 problem details: how every refusal is said, whatever refused."""

from typing import Any

from kit.errors import Kind, Refusal
from kit.strict_json import dumps

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = "https://tongbao.example/problems/"
_WAIT = {Kind.CONFLICT: "1", Kind.TOO_MANY: "60", Kind.UNAVAILABLE: "1"}  # seconds


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
