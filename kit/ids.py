"""Identifiers: UUIDv7 (RFC 9562) inside, prefixed Crockford base32 outside, sorted by time."""

import os
import re
import time
from uuid import UUID

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TEXT = re.compile(f"[0-7][{_ALPHABET}]{{25}}")  # 26 × 5 bits, of which a UUID leaves two zero.
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_SHIFTS = range(120, -1, -10)
_TO_PYTHON = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")


def uuid7() -> UUID:
    """A new id: 48 bits of milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (noise >> 62 & 0xFFF) << 64 | 0b10 << 62
    return UUID(int=value | noise & (1 << 62) - 1)


def to_text(prefix: str, id_: UUID) -> str:
    """`jrn_01kb2…`: the form every partner sees."""
    number = id_.int
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


def from_text(prefix: str, text: str) -> UUID | None:
    """The UUID behind a prefixed id, or None when the text is no such id."""
    head, _, tail = text.partition("_")
    if head != prefix or not _TEXT.fullmatch(tail):
        return None
    return UUID(int=int(tail.translate(_TO_PYTHON), 32))
