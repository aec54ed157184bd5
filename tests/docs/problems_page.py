"""docs/api-problems.md, written from what the API itself says.

`python -m tests.docs.problems_page` rewrites it; a test compares the two.
"""

import re
from collections.abc import Iterable

from exchange.errors import BooksClosed
from kit.errors import Refusal
from partners.api.operations import Operation
from tests.server import ROOT
from web.app import OPERATIONS
from web.openapi import AFTER, BEFORE, CLAIMS, refusals
from web.problems import MethodRefused, RequestMalformed, RouteNotFound

PAGE = ROOT / "docs" / "api-problems.md"

_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")

# Answers that belong to no operation: nothing was found that could be asked.
ELSEWHERE = (RouteNotFound, MethodRefused, RequestMalformed, BooksClosed)

HEAD = (
    "# Problems\n\n"
    "Every refusal is an `application/problem+json` (RFC 9457). Act on `code`: it is stable. "
    "`retryable` says whether the same request may succeed later. Beside the fixed members stand "
    "the facts of the refusal, such as `available` and `requested`. What to do about each is in "
    "the [partner guide](partner-guide.md#6-when-something-goes-wrong).\n\n"
    "Refusals come in order of descending precedence: a request with several faults is answered "
    "with the first of them in this list. What the books refuse is saved with the idempotency key "
    "and comes again on a retry, unless it is retryable; what is wrong with the shape or the "
    "signature of a request is not saved.\n\n"
    "This page is generated from the operations of the API, and a test holds it to them.\n"
)


def page() -> str:
    """The whole page."""
    parts = [
        HEAD,
        "## Any request\n",
        _table(BEFORE),
        "Those about content (`framing-ambiguous`, `content-too-large`, `digest-malformed`, "
        "`digest-mismatch`, `content-type-unsupported`, `json-malformed`) concern requests that "
        "carry some.\n",
        "## Any request that changes something\n",
        _table(CLAIMS),
        "## Each operation\n",
        "After those above, in this order:\n",
        _operations(),
        "A line of a batch is refused as its own operation would refuse it, as one of the outcomes "
        "of the answer; the codes above are of the batch as a whole.\n",
        _table(_own()),
        "## Last, at any request\n",
        _table(AFTER),
        "## Outside of the operations\n",
        _table(ELSEWHERE),
        "A fault of the hub itself is a 500 with the code `internal-error`, unsigned, with the "
        "number of the `incident` and nothing else: its outcome is unknown, so retry with the same "
        "idempotency key.\n",
    ]
    return "\n".join(parts)


def own_refusals(operation: Operation) -> list[type[Refusal]]:
    """What the operation refuses beyond what every request may meet, in its order."""
    common = {*BEFORE, *CLAIMS, *AFTER}
    return [refusal for refusal in refusals(operation) if refusal not in common]


def _own() -> list[type[Refusal]]:
    """Every operation's own refusals, each once, by status and code."""
    found = {refusal for operation in OPERATIONS for refusal in own_refusals(operation)}
    return sorted(found, key=lambda refusal: (refusal.kind.value, refusal.code))


def _operations() -> str:
    lines = ["| operation | refuses |", "|---|---|"]
    for operation in OPERATIONS:
        path = _PLACE.sub(r"{\1}", operation.path)
        codes = " · ".join(f"`{refusal.code}`" for refusal in own_refusals(operation)) or "—"
        lines.append(f"| `{operation.method} {path}` | {codes} |")
    return "\n".join([*lines, ""])


def _table(listed: Iterable[type[Refusal]]) -> str:
    lines = ["| code | status | retryable | says |", "|---|---|---|---|"]
    for refusal in listed:
        again = "yes" if refusal.retryable else "no"
        lines.append(f"| `{refusal.code}` | {refusal.kind.value} | {again} | {refusal.title} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
