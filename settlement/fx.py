"""Money in another currency: integers only, fixed at close, and the fractions are the hub's."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from settlement.errors import FxRateMissing
from settlement.netting import check_balanced

# Digits after the point where they are not two: ISO 4217 List One, maintained by SIX.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: digits for digits, codes in _CODES.items() for code in codes.split()}


def exponent(currency: str) -> int:
    """How many digits of the currency's amounts are minor units: 2 for CNY, 0 for JPY."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """One unit of base (a yuan, not a fen) is worth numerator / denominator units of quote."""

    base: str
    quote: str
    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if self.numerator <= 0 or self.denominator <= 0 or self.base == self.quote:
            raise ValueError("a rate is a positive ratio between two currencies")

    @property
    def minor(self) -> tuple[int, int]:
        """The same ratio between minor units, as numerator and denominator."""
        return (
            self.numerator * 10 ** exponent(self.quote),
            self.denominator * 10 ** exponent(self.base),
        )


_RATIO = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6})|/([0-9]{1,12}))?")


def read_rate(base: str, quote: str, ratio: str) -> Rate:
    """What `20.1` or `201/10` units of quote for one of base is. Raises ValueError."""
    found = _RATIO.fullmatch(ratio)
    if found is None or not re.fullmatch("[A-Z]{3}", quote):
        raise ValueError(ratio)
    whole, decimals, below = found.groups()
    return Rate(
        base=base,
        quote=quote,
        numerator=int(whole + (decimals or "")),
        denominator=int(below) if below else 10 ** len(decimals or ""),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed:
    """One party's net, fixed in the currency it settles in; positive when it receives."""

    net: int  # As netted, in minor units of the hub's currency.
    residue: int  # Of that, what converting rounded away; at least zero for a partner.
    currency: str
    settled: int  # What really moves, in minor units of `currency`.

    @property
    def booked(self) -> int:
        """What the books move for it, in minor units of the hub's currency; sums to zero."""
        return self.net - self.residue


def convert(amount: int, rate: Rate) -> int:
    """Minor units of the rate's base as minor units of its quote, for a party's signed net.

    Rounded down, in favour of the pool: less to a party that receives, more from one that pays.
    """
    numerator, denominator = rate.minor
    return amount * numerator // denominator


def residue_of(amount: int, rate: Rate) -> int:
    """What converting rounds away, in minor units of the base: at least zero.

    What is settled is valued back rounded up, so that no gain is booked that was not made.
    """
    numerator, denominator = rate.minor
    return amount + (-convert(amount, rate) * denominator // numerator)


def fix(
    nets: Mapping[int, int],
    currencies: Mapping[int, str],
    rates: Mapping[str, Rate],
    *,
    base: str,
    hub: int,
) -> dict[int, Fixed]:
    """Every net in the currency its party settles in; `rates` are by that currency, from base.

    The hub's own residue is minus all the others', so the booked amounts still sum to zero.
    Raises NettingDoesNotBalance, FxRateMissing.
    """
    check_balanced(nets)
    if hub not in nets or currencies[hub] != base:
        raise ValueError("the hub takes part, and settles in its own currency")
    fixed = {party: _fix(nets[party], currencies[party], rates, base) for party in sorted(nets)}
    gained = sum(each.residue for each in fixed.values())
    fixed[hub] = Fixed(net=nets[hub], residue=-gained, currency=base, settled=nets[hub] + gained)
    return fixed


def allot(total: int, weights: Sequence[int]) -> list[int]:
    """Divide a total by weights so that the parts sum to it exactly: largest remainder.

    Equal remainders go to the earlier weight; a negative total is divided as its opposite.
    Raises ValueError when a weight is negative or none is positive.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights are at least zero, and one of them is more")
    if total < 0:
        return [-part for part in allot(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    largest = sorted(range(len(weights)), key=lambda index: -(total * weights[index] % whole))
    for index in largest[: total - sum(parts)]:
        parts[index] += 1
    return parts


def _fix(net: int, currency: str, rates: Mapping[str, Rate], base: str) -> Fixed:
    if currency == base:
        return Fixed(net=net, residue=0, currency=base, settled=net)
    rate = rates.get(currency)
    if rate is None:
        raise FxRateMissing(base=base, quote=currency)
    if (rate.base, rate.quote) != (base, currency):
        raise ValueError("a rate is filed under another currency")
    settled = convert(net, rate)
    return Fixed(net=net, residue=residue_of(net, rate), currency=currency, settled=settled)
