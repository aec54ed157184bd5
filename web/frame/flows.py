"""Geometry of who pays whom, and of a matrix's warmth. Templates draw it."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MOST: Final = 12  # bands that are drawn; the smaller payments stand in the list alone
_SLOT: Final = 40  # pixels: a name and a figure, one above the other
_GAP: Final = 8
_FULL: Final = 220  # pixels of band on one side, when they are thick
HEATS: Final = 4


@dataclass(frozen=True, slots=True)
class Payment:
    """`amount` in minor units, above zero; `href` is where it is explained."""

    payer: str
    receiver: str
    amount: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """A payer at the left or a receiver at the right; `y` is the top of its bands, in pixels."""

    name: str
    amount: int
    y: float
    height: float
    words: float


@dataclass(frozen=True, slots=True)
class Band:
    """`path` runs from 0 to 100 across and in pixels down."""

    payment: Payment
    path: str


@dataclass(frozen=True, slots=True)
class Flow:
    left: list[End]
    right: list[End]
    bands: list[Band]
    height: int
    smaller: int  # how many payments are not drawn
    smaller_amount: int


def flow(payments: Sequence[Payment]) -> Flow:
    """Payers left, receivers right, each side from its biggest, bands as thick as the money."""
    ordered = sorted(payments, key=lambda one: (-one.amount, one.payer, one.receiver))
    drawn, rest = ordered[:MOST], ordered[MOST:]
    total = sum(one.amount for one in drawn) or 1
    paid = _summed((one.payer, one.amount) for one in drawn)
    received = _summed((one.receiver, one.amount) for one in drawn)
    scale = _FULL / total
    left, right = _ends(paid, scale), _ends(received, scale)
    starts = {end.name: end.y for end in left}
    ends = {end.name: end.y for end in right}
    places = {end.name: number for number, end in enumerate(right)}
    bands = []
    for end in left:
        mine = [one for one in drawn if one.payer == end.name]
        for one in sorted(mine, key=lambda one: places[one.receiver]):
            thick = max(one.amount * scale, 1)
            bands.append(Band(one, _path(starts[one.payer], ends[one.receiver], thick)))
            starts[one.payer] += thick
            ends[one.receiver] += thick
    height = max((end.y + max(end.height, _SLOT) for end in (*left, *right)), default=0)
    return Flow(left, right, bands, round(height), len(rest), sum(one.amount for one in rest))


def _summed(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Each name with its sum, the largest first."""
    sums: dict[str, int] = {}
    for name, amount in pairs:
        sums[name] = sums.get(name, 0) + amount
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))


def _ends(sums: list[tuple[str, int]], scale: float) -> list[End]:
    placed, top = [], 0.0
    for name, amount in sums:
        height = max(amount * scale, 1)
        slot = max(height, _SLOT)
        y = top + (slot - height) / 2
        placed.append(End(name, amount, round(y, 1), round(height, 1), round(top + slot / 2, 1)))
        top += slot + _GAP
    return placed


def _path(start: float, end: float, thick: float) -> str:
    a, b, c, d = (round(value, 1) for value in (start, end, start + thick, end + thick))
    return f"M0 {a}C50 {a} 50 {b} 100 {b}V{d}C50 {d} 50 {c} 0 {c}Z"


@dataclass(frozen=True, slots=True)
class Cell:
    """`heat` is 0 to 4 by quantile of the cells that are not zero; None is one's own cell."""

    row: str
    column: str
    amount: int | None
    heat: int


@dataclass(frozen=True, slots=True)
class Heat:
    columns: list[str]
    rows: list[tuple[str, list[Cell], int]]  # name, cells, total
    totals: list[int]
    total: int
    pairs: list[Cell]  # those with money, largest first


def heat(cells: Mapping[tuple[str, str], int]) -> Heat:
    """A matrix of money from (row, column) to minor units, both sides from the largest total."""
    rows = [name for name, _ in _summed((row, amount) for (row, _), amount in cells.items())]
    columns = [name for name, _ in _summed((col, amount) for (_, col), amount in cells.items())]
    warm = sorted({amount for amount in cells.values() if amount})

    def cell(row: str, column: str) -> Cell:
        if row == column and not cells.get((row, column)):
            return Cell(row, column, None, 0)
        amount = cells.get((row, column), 0)
        step = 1 + bisect_left(warm, amount) * HEATS // len(warm) if amount else 0
        return Cell(row, column, amount, step)

    lines = []
    for row in rows:
        line = [cell(row, column) for column in columns]
        lines.append((row, line, sum(one.amount or 0 for one in line)))
    pairs = sorted(
        (one for _, line, _ in lines for one in line if one.amount),
        key=lambda one: (-(one.amount or 0), one.row, one.column),
    )
    totals = [sum(line[at].amount or 0 for _, line, _ in lines) for at in range(len(columns))]
    return Heat(columns, lines, totals, sum(totals), pairs)
