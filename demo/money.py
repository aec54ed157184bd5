"""Figures as a finance person writes them."""

from settlement.fx import exponent


def amount(minor: int, currency: str) -> str:
    """-123456 fen are `-1,234.56`."""
    digits = exponent(currency)
    whole, part = divmod(abs(minor), 10**digits)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole:,}.{part:0{digits}d}" if digits else f"{sign}{whole:,}"


def money(minor: int, currency: str) -> str:
    """-123456 fen are `-1,234.56 CNY`."""
    return f"{amount(minor, currency)} {currency}"


def price(millionths: int, currency: str) -> str:
    """What a thousand points cost: 205,000 millionths of a fen each are `2.05`."""
    return amount(millionths // 1000, currency)


def share(ppm: int) -> str:
    """15,000 parts per million are `1.5 %`."""
    return f"{ppm / 10_000:g} %"
