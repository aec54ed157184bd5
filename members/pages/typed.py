"""Numbers as people type them."""

import unicodedata

MOST = 10**12
_GAPS = str.maketrans("", "", ", \u00a0\u202f")


def whole(text: str) -> int | None:
    """A whole number from 1 on: 1200, 1,200, 1，200 and １２００ are the same. None for others."""
    plain = unicodedata.normalize("NFKC", text).translate(_GAPS)
    if not plain.isascii() or not plain.isdigit() or len(plain) > len(str(MOST)):
        return None
    number = int(plain)
    return number if 1 <= number <= MOST else None
