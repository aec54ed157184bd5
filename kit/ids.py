"""Identifiers: UUIDv7 (RFC 9562) inside, prefixed Crockford base32 outside, sorted by time."""

import os
import time
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26  # 26 × 5 bits hold the 128 of a UUID; the two highest are zero.


def uuid7() -> UUID:
    """A new id: 48 bits of milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (noise >> 62 & 0xFFF) << 64 | 0b10 << 62
    return UUID(int=value | noise & (1 << 62) - 1)


def to_text(prefix: str, id_: UUID) -> str:
    """`jrn_01kb2…`: the form every partner sees."""
    number = id_.int
    return f"{prefix}_" + "".join(
        _ALPHABET[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5)
    )


def from_text(prefix: str, text: str) -> UUID | None:
    """The UUID behind a prefixed id, or None when the text is no such id."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != _LENGTH or tail[0] > "7":
        return None
    number = 0
    for letter in tail:
        value = _VALUES.get(letter)
        if value is None:
            return None
        number = number << 5 | value
    return UUID(int=number)
