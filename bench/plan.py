"""How large and how long a benchmark is, and where it works."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from rich.console import Console

QUICK_MEMBERS = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds` are of one take. A quick plan shows that all runs; its figures say little."""

    home: Path
    console: Console
    members: int = 100_000
    rounds: int = 5
    seconds: float = 4.0
    quick: bool = False

    def quickly(self) -> Self:
        """The same, as short as can be."""
        return replace(self, members=QUICK_MEMBERS, rounds=1, seconds=0.5, quick=True)
