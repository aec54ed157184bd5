"""A refusal knows its own answer: what went wrong, in which class, and whether to retry.

Every package lists its refusals in its own `errors.py`; one handler renders them all as
RFC 9457 problems. A refusal is an expected answer, never a fault of the hub.
"""

from enum import Enum
from typing import Any, ClassVar


class Kind(Enum):
    """The class of a refusal; its value is the HTTP status it is answered with."""

    MALFORMED = 400
    UNAUTHENTICATED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    NOT_ALLOWED = 405
    CONFLICT = 409
    TOO_LARGE = 413
    UNSUPPORTED = 415
    MISDIRECTED = 421
    INVALID = 422
    TOO_MANY = 429
    UNAVAILABLE = 503


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of the program
    """The base of every refusal.

    `facts` are numbers and words a caller can act on (`available=50, requested=80`);
    they are rendered beside the problem's fixed members, so they must hold nothing private.
    """

    code: ClassVar[str]
    kind: ClassVar[Kind]
    title: ClassVar[str]
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.facts = facts


def every_refusal() -> dict[str, type[Refusal]]:
    """All refusals that have been imported, by code; two with one code are a mistake."""
    found: dict[str, type[Refusal]] = {}
    waiting = list(Refusal.__subclasses__())
    while waiting:
        refusal = waiting.pop()
        waiting.extend(refusal.__subclasses__())
        if "code" not in vars(refusal):
            continue
        other = found.setdefault(refusal.code, refusal)
        if other is not refusal:
            raise TypeError(f"{refusal.__qualname__} and {other.__qualname__} share {refusal.code}")
    return found
