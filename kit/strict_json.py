"""JSON as this API reads it: one meaning per text, or a refusal."""

import json
import re
from typing import Any, NoReturn

from kit.errors import Kind, Refusal

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # Not a backslash of its own before u0000.
MAX_BODY = 64 * 1024  # bytes; a request of this API is a few hundred


class JsonMalformed(Refusal):
    code = "json-malformed"
    kind = Kind.MALFORMED
    title = "The content is not one JSON object in UTF-8, each name once, numbers finite"


def loads(body: bytes) -> dict[str, Any]:
    """The object in `body`. Raises JsonMalformed, for duplicate names and NaN too."""
    try:
        value = _DECODER.decode(body.decode("utf-8"))
        if b"\\u" in body:  # Only an escape can spell what cannot be said again, or be kept.
            _check_text(json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError) as error:
        raise JsonMalformed(_reason(error)) from error
    if not isinstance(value, dict):
        raise JsonMalformed("The content must be a JSON object.")
    return value


def dumps(value: Any) -> bytes:
    """Compact UTF-8; the same value gives the same bytes."""
    return _ENCODER.encode(value).encode()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


# json.loads and json.dumps would make these anew for every request.
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _check_text(text: str) -> None:
    """Refuse half a surrogate pair, which is no UTF-8, and NUL, which PostgreSQL cannot hold."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("a text holds half a surrogate pair")
    if _NUL.search(text):
        raise ValueError("a text holds U+0000")


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "The content is nested too deeply."
    if isinstance(error, json.JSONDecodeError):
        return f"The content cannot be parsed at character {error.pos}."
    if isinstance(error, UnicodeDecodeError):
        return "The content is not UTF-8."
    return f"The content cannot be read: {error}."
