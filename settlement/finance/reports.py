"""What every report of finance is: tables, and the checks that say that they agree with the books.

A report is a value. Who shows it, on a terminal or in a file, decides how.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from settlement.fx import allot

Unit = Literal["text", "day", "points", "money", "ppm"]  # Money is in minor units; null is a blank.
Cell = str | int | date | None
Row = Mapping[Any, Any]  # As it comes from the database: by the name of its column.


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, and what stands under it."""

    name: str
    unit: Unit = "points"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns; `total`, when given, is one more.

    Money is in `currency`, or else in the report's.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    total: tuple[Cell, ...] | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A figure of the report beside the same figure of the books."""

    says: str
    reported: int
    booked: int

    @property
    def agrees(self) -> bool:
        return self.reported == self.booked


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """`currency` is that of its money; `notes` say what a reader must know."""

    title: str
    currency: str
    tables: Sequence[Table]
    checks: Sequence[Check]
    notes: Sequence[str] = ()

    @property
    def agrees(self) -> bool:
        """Does every figure agree with the books, to the unit?"""
        return all(check.agrees for check in self.checks)


def total(rows: Sequence[tuple[Cell, ...]], columns: Sequence[Column]) -> tuple[Cell, ...]:
    """The sums of the columns of points and money, under a first cell that says so."""
    sums: list[Cell] = ["all together"]
    for index, column in enumerate(columns[1:], start=1):
        cells = [row[index] for row in rows]
        summed = column.unit in ("points", "money")
        sums.append(sum(cell for cell in cells if isinstance(cell, int)) if summed else None)
    return tuple(sums)


def share(whole: int, weights: Sequence[int]) -> list[int]:
    """As `allot`, and nothing for anybody where nothing is to be shared."""
    return allot(whole, weights) if any(weights) else [0] * len(weights)
