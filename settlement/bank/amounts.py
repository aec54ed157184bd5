"""Money as banks write it: decimals of the currency's own number of digits, never a float."""

import re
from typing import Final

from settlement.fx import exponent

MOST: Final = 10**18 - 1  # ISO 20022: eighteen digits at most.
_DECIMAL: Final = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,5}))?")


def as_text(amount: int, currency: str) -> str:
    """Minor units, at least zero, as `1234.50` CNY or `1234` JPY."""
    if not 0 <= amount <= MOST:
        raise ValueError("an amount has at most eighteen digits and no sign")
    digits = exponent(currency)
    if not digits:
        return str(amount)
    whole, rest = divmod(amount, 10**digits)
    return f"{whole}.{rest:0{digits}d}"


def from_text(text: str, currency: str) -> int:
    """`1234.5` CNY as minor units. Raises ValueError for what is no amount of the currency."""
    found = _DECIMAL.fullmatch(text)
    digits = exponent(currency)
    if found is None:
        raise ValueError(f"{text} is no amount")
    decimals = (found[2] or "").rstrip("0")
    if len(decimals) > digits:
        raise ValueError(f"{text} is finer than {currency} can be paid")
    amount = int(found[1]) * 10**digits + int(decimals.ljust(digits, "0") or "0")
    if amount > MOST:
        raise ValueError(f"{text} is too large")
    return amount
