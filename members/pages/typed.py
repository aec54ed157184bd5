"""Numbers and words as people type them."""

import unicodedata

MOST = 10**12
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789", "，, \u00a0\u202f\u3000")


def whole(text: str) -> int | None:
    """A whole number from 1 on: 1200, 1,200, 1，200 and １２００ are the same. None for others."""
    plain = text.translate(_WIDE)
    if not plain.isascii() or not plain.isdigit() or len(plain) > len(str(MOST)):
        return None
    number = int(plain)
    return number if 1 <= number <= MOST else None


def is_line(text: str) -> bool:
    """Whether a text is one line, without anything that terminals and files take for orders."""
    return not any(unicodedata.category(each) == "Cc" for each in text)
