"""Figures: the ratio of two takes over all rounds, with its spread and its target."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.measuring import STEAL_LIMIT, Round, kept
from kit import postgres


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a benchmark: the median of its rounds. `unit` is empty for a ratio."""

    name: str
    values: tuple[float, ...]
    steals: tuple[float, ...]
    target: float | None = None
    at_most: bool = False  # the target is a ceiling
    unit: str = ""

    @property
    def _kept(self) -> list[float]:
        return kept(self.values, self.steals)

    @property
    def median(self) -> float:
        return statistics.median(self._kept)

    @property
    def low(self) -> float:
        return min(self._kept)

    @property
    def high(self) -> float:
        return max(self._kept)

    @property
    def stolen(self) -> int:
        """How many rounds had more of their CPU time stolen than we allow."""
        return sum(steal > STEAL_LIMIT for steal in self.steals)

    @property
    def met(self) -> bool | None:
        """Whether the target was reached; None where there is none."""
        if self.target is None:
            return None
        return self.median <= self.target if self.at_most else self.median >= self.target

    def text(self) -> str:
        """`0.47 (0.44–0.49, target 0.45)`."""
        aim = "" if self.target is None else f", target {self.aim()}"
        return f"{self._number(self.median)} ({self.spread()}{aim})"

    def spread(self) -> str:
        """`0.44–0.49`."""
        return f"{self._number(self.low).removesuffix(self.unit)}–{self._number(self.high)}"

    def aim(self) -> str:
        """`≥ 0.45` as `0.45`, `≤ 50 ms` in full."""
        if self.target is None:
            return ""
        return f"≤ {self.target:g}{self.unit}" if self.at_most else f"{self.target:g}{self.unit}"

    def _number(self, value: float) -> str:
        digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
        return f"{value:,.{digits}f}{self.unit}"

    def as_json(self) -> dict[str, Any]:
        """Figure, low, high, target, and the value of every round."""
        return {
            "name": self.name, "figure": self.median, "low": self.low, "high": self.high,
            "target": self.target, "at_most": self.at_most, "unit": self.unit.strip(),
            "met": self.met, "values": self.values, "steals": self.steals,
        }  # fmt: skip


def ratio(
    name: str, rounds: Sequence[Round], subject: str, reference: str, target: float | None = None
) -> Figure:
    """The rate of one take over that of another, round by round."""
    return Figure(
        name,
        tuple(one[subject].rate / one[reference].rate for one in rounds),
        tuple(max(one[subject].steal, one[reference].steal) for one in rounds),
        target,
    )


def machine(server: postgres.Server) -> dict[str, Any]:
    """What the figures were measured on."""
    processor = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with psycopg.connect(server.url(role="postgres")) as connection:
        version = connection.info.parameter_status("server_version")
    return {
        "processor": processor,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release(),
        "postgresql": version,
        "python": platform.python_version(),
    }
