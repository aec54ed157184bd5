"""Geometry of bar charts: what hangs where. Templates draw it, so that words stay words.

Across, all is in per cent of the picture, down in pixels: letters keep their size on any screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

FEW = 5  # Series with a colour of their own; what comes after them is one: others.
HEIGHT = 200  # pixels from the top of the highest bar to the foot of the deepest
GAP = 2  # pixels of ground between two parts of a bar
_LINE = 17  # pixels from one name to the next at least


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of one series; `of` is 1 to 5, or 0 for others."""

    of: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    x: float
    y: float
    rare: bool = False  # It is dropped on narrow screens.


@dataclass(frozen=True, slots=True)
class Name:
    """How a series is called; `of` as of its parts, `y` is the middle of the line it stands on."""

    of: int
    text: str
    y: float


@dataclass(frozen=True, slots=True)
class Bars:
    """`zero` and `height` in pixels; `top` and `bottom` are the figures at the upper and lower end.

    `names` go from the top down, each as near to its part of the last bar as the others allow.
    """

    parts: list[Part]
    labels: list[Label]
    names: list[Name]
    zero: float
    height: float
    top: int
    bottom: int
    others: bool


def bars(columns: Sequence[tuple[str, Sequence[int]]], names: Sequence[str], others: str) -> Bars:
    """Stacked bars: each column is a label and a figure for each name, those below zero hang.

    The first name lies nearest to zero. Names after the fifth are added up under `others`.
    """
    folded = len(names) > FEW
    shown = [*names[:FEW], others] if folded else list(names)
    rows = [_folded(values) if folded else list(values) for _, values in columns]
    top = _round_up(max((sum(max(v, 0) for v in row) for row in rows), default=0))
    bottom = _round_up(max((sum(max(-v, 0) for v in row) for row in rows), default=0))
    scale = HEIGHT / ((top + bottom) or 1)
    zero = top * scale
    step = 100 / (len(rows) or 1)
    parts: list[Part] = []
    for at, row in enumerate(rows):
        above = below = zero
        for number, value in enumerate(row):
            high = abs(value) * scale
            if not high:
                continue
            y = above - high if value > 0 else below
            of = 0 if number == FEW else number + 1
            box = max(high - (GAP if high > 2 * GAP else 0), 0.5)
            drawn = y if value > 0 else y + high - box
            parts.append(
                Part(of, _cut(at * step + step * 0.12), _cut(drawn), _cut(step * 0.76), _cut(box))
            )
            above, below = (y, below) if value > 0 else (above, y + high)
    labels = [
        Label(text, _cut(at * step + step / 2), _cut(HEIGHT + 18), at % 3 != 0)
        for at, (text, _) in enumerate(columns)
    ]
    return Bars(
        parts, labels, _names(rows, shown, zero, scale), _cut(zero), HEIGHT, top, bottom, folded
    )


def _names(rows: list[list[int]], names: list[str], zero: float, scale: float) -> list[Name]:
    above = below = zero
    found: list[tuple[float, int, str]] = []
    last = rows[-1] if rows else []
    for number, name in enumerate(names):
        value = last[number] if last else 0
        hangs = any(row[number] < 0 for row in rows)
        high = abs(value) * scale
        middle = below + high / 2 if hangs else above - high / 2
        above, below = (above, below + high) if hangs else (above - high, below)
        found.append((middle, 0 if number == FEW else number + 1, name))
    placed: list[Name] = []
    lowest = _LINE / 2
    for middle, of, name in sorted(found):
        lowest = max(lowest, middle)
        placed.append(Name(of, name, _cut(lowest)))
        lowest += _LINE
    return placed


def _folded(values: Sequence[int]) -> list[int]:
    return [*values[:FEW], sum(values[FEW:])]


def _round_up(most: int) -> int:
    """The next figure that reads well: one or two digits, then noughts."""
    if most <= 0:
        return 0
    unit = 10 ** max(len(str(most)) - 2, 0)
    return -(-most // unit) * unit


def _cut(value: float) -> float:
    return round(value, 2)
