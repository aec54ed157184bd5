"""Measurements of one run: takes in turn, their CPU bill by process group, the time stolen."""

import math
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

STEAL_LIMIT = 0.10  # of all CPU time: above it, a round says more of the neighbours than of us
ENOUGH = 3  # rounds that must remain before any is left out
_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Take:
    """One measurement: how many a second, what one cost, how long one took."""

    rate: float
    steal: float = 0.0  # share of the machine's CPU time, 0 … 1
    cpu_us: dict[str, float] = field(default_factory=dict)  # a piece, by process group
    ms: dict[str, float] = field(default_factory=dict)  # as `spread` names them

    @classmethod
    def of(cls, done: float, meter: "Meter", latencies: Sequence[float] = ()) -> Self:
        """`done` pieces while `meter` ran; latencies in seconds."""
        return cls(
            done / meter.seconds,
            meter.steal,
            {name: 1e6 * used / max(done, 1) for name, used in meter.cpu.items()},
            spread(latencies),
        )


Round = Mapping[str, Take]


def alternate(
    takes: Mapping[str, Callable[[], Take]],
    rounds: int,
    advance: Callable[[str], None] = lambda _: None,
) -> list[Round]:
    """Every take once a round, forwards and backwards in turn, so that a drift favours none."""
    done: list[Round] = []
    for number in range(rounds):
        order = list(takes)[:: 1 if number % 2 == 0 else -1]
        one = {}
        for name in order:
            one[name] = takes[name]()
            advance(name)
        done.append(one)
    return done


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the ordered values do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(latencies: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the longest in milliseconds; nothing of nothing. NaN was never sent."""
    ordered = sorted(one for one in latencies if not math.isnan(one))
    if not ordered:
        return {}
    shares = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "longest": 1.0}
    return {name: 1000 * percentile(ordered, share) for name, share in shares.items()}


def kept(values: Sequence[float], steals: Sequence[float]) -> list[float]:
    """The values of rounds that were not stolen; of all rounds when too few would remain."""
    calm = [value for value, steal in zip(values, steals, strict=True) if steal <= STEAL_LIMIT]
    return calm if len(calm) >= ENOUGH else list(values)


def median_rate(rounds: Sequence[Round], name: str) -> float:
    """Of a take, over the rounds that count."""
    takes = [one[name] for one in rounds]
    return statistics.median(kept([one.rate for one in takes], [one.steal for one in takes]))


class Meter:
    """Wall clock, stolen time, and CPU seconds by group; a group is a process and its offspring.

    `load` is this process and the children it waited for, such as pgbench.
    """

    def __init__(self, **groups: int) -> None:
        self._groups = groups
        self.seconds = 0.0
        self.steal = 0.0
        self.cpu: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._before = self._look()
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started
        (total, stolen), used = self._look()
        (total_before, stolen_before), used_before = self._before
        self.steal = (stolen - stolen_before) / max(total - total_before, 1)
        self.cpu = {name: max(0.0, used[name] - used_before[name]) for name in used}

    def _look(self) -> tuple[tuple[int, int], dict[str, float]]:
        with Path("/proc/stat").open() as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        mine = os.times()
        used = {"load": time.process_time() + mine.children_user + mine.children_system}
        every = _processes()
        return (sum(ticks), ticks[7]), used | {
            name: _used(every, root) for name, root in self._groups.items()
        }


def _processes() -> dict[int, tuple[int, float]]:
    """Parent and CPU seconds of every process, with those of the children it has buried."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found[int(folder.name)] = int(words[1]), _TICK * sum(map(int, words[11:15]))
    return found


def _used(every: dict[int, tuple[int, float]], root: int) -> float:
    family = {root}
    grown = True
    while grown:
        children = {pid for pid, (parent, _) in every.items() if parent in family}
        grown = not children <= family
        family |= children
    return sum(every[pid][1] for pid in family if pid in every)
