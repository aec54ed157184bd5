"""The line that is logged for every answer, in the form of all the hub's logs.

There is one for each request, so it does not go through the machinery that the rare ones go
through: it has no exception to print and no level to be filtered by.
"""

import json
import sys
from datetime import UTC, datetime

import structlog

_encode = json.JSONEncoder(ensure_ascii=False).encode
_out = structlog.PrintLogger(sys.stderr)  # With the lock of all loggers that write there.


def answered(*, operation: str, status: int, code: str | None, key: str | None, ms: float) -> None:
    """What was answered to which key, and nothing about a person."""
    _out.msg(line(operation, status, code, key, ms, datetime.now(UTC)))


def line(
    operation: str, status: int, code: str | None, key: str | None, ms: float, now: datetime
) -> str:
    """One JSON object; `now` is in UTC."""
    return _encode(
        {
            "operation": operation,
            "status": status,
            "code": code,
            "key": key,
            "ms": ms,
            "event": "answered",
            "level": "info",
            "timestamp": now.isoformat().replace("+00:00", "Z"),
        }
    )
