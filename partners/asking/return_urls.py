"""Where a member may be sent back to: decided on the bytes of the URL, before any browser reads it.

A URL that two programs could read differently is no URL here: only ASCII, lower-case hosts, no user
information, no backslash, no fragment, no dot at the end of the host.
"""

import re
from typing import Final
from urllib.parse import parse_qsl, urlencode

MAX_URL: Final = 1000  # characters
OURS: Final = ("approval", "outcome")  # What the hub appends to the query.

_NAME = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
_PORT = r"(?::[1-9][0-9]{0,4})?"
_ORIGIN: Final = re.compile(rf"https://{_NAME}{_PORT}")
_TRIAL: Final = re.compile(rf"https?://(?:127\.0\.0\.1|localhost){_PORT}")
_PLAIN = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_URL: Final = re.compile(
    rf"(https?://[a-z0-9.-]+(?::[0-9]+)?)(/{_PLAIN}*)?(\?(?:{_PLAIN}|\?)*)?", re.ASCII
)


def is_origin(text: str, *, production: bool) -> bool:
    """Whether pages of a partner may lie there. In development, this machine is a place too."""
    found = _ORIGIN.fullmatch(text) or (not production and _TRIAL.fullmatch(text))
    host = text.partition("://")[2]
    port = host.rpartition(":")[2] if ":" in host else "1"
    return bool(found) and len(host) <= 253 and int(port) <= 65535


def origin_of(url: str) -> str | None:
    """The origin that `url` leads to; None when it is no URL of the plain kind."""
    found = _URL.fullmatch(url)
    if found is None or len(url) > MAX_URL:
        return None
    names = {name for name, _ in parse_qsl((found[3] or "?")[1:], keep_blank_values=True)}
    return None if names & set(OURS) else found[1]


def host_of(url: str) -> str:
    """The host and port that a member reads before they go back there."""
    return (origin_of(url) or "").partition("://")[2]


def with_outcome(url: str, approval: str, outcome: str) -> str:
    """`url` with what came of it at the end of its query."""
    query = urlencode({"approval": approval, "outcome": outcome})
    separator = "?" if "?" not in url else "" if url.endswith(("?", "&")) else "&"
    return f"{url}{separator}{query}"
