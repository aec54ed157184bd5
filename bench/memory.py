"""`bin/bench memory`: does a web process grow under the tills' load, minute after minute?

Memory that is taken once and kept is no leak: what counts is the second half of the run, after
every cache has filled.
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench import load, report
from bench.driver import Driver
from bench.figures import Figure
from bench.measuring import STEAL_LIMIT
from bench.plan import Plan
from bench.till import CONNECTIONS

TARGET = 2.0  # per cent, in the second half
SAMPLE_SECONDS = 10.0
SMOOTH = 3  # samples of which the median counts
SLICE_SECONDS = 4.0  # of load, signed while the one before it runs
BARS = "▁▂▃▄▅▆▇█"


def run(plan: Plan, minutes: float = 10.0) -> list[Figure]:
    """How much web processes grow in the second half of `--minutes` under load, in per cent."""
    seconds = 3.0 if plan.quick else 60 * minutes
    every = 0.25 if plan.quick else SAMPLE_SECONDS
    with report.filled_place(plan) as place, Driver.over(place) as driver:
        sampler = _Sampler(driver.hub.workers(), every)
        sampler.start()
        with driver.meter() as meter:
            done = _load(plan, driver, seconds)
        samples = sampler.end()
        for pid, sizes in samples.items():
            low, high = min(sizes), max(sizes)
            plan.console.print(f"process {pid}: {low:.1f} to {high:.1f} MiB  {chart(sizes)}")
        plan.console.print(f"{done:,} redemptions, {done / meter.seconds:,.0f} a second")
        growths = tuple(growth(sizes) for sizes in samples.values())
        # Stolen time slows the load and changes nothing about its memory: no process is left out.
        steals = (min(meter.steal, STEAL_LIMIT),) * len(growths)
        figure = Figure("memory", growths, steals, TARGET, at_most=True, unit=" %")
        return report.finish(
            plan, place, "memory", [figure],
            samples_mib={str(pid): sizes for pid, sizes in samples.items()}, redemptions=done,
        )  # fmt: skip


def growth(sizes: Sequence[float]) -> float:
    """From the middle of the samples to their end, in per cent of the middle."""
    half = sizes[len(sizes) // 2 :]
    start, end = median(half[:SMOOTH]), median(half[-SMOOTH:])
    return 100 * (end - start) / start


def chart(sizes: Sequence[float]) -> str:
    """A bar for each sample, from none at all to the highest."""
    highest = max(sizes)
    return "".join(BARS[round((len(BARS) - 1) * size / highest)] for size in sizes)


def _load(plan: Plan, driver: Driver, seconds: float) -> int:
    """Redemptions without a pause; how many."""
    asker = driver.any_redemption()
    # More than the hub answers in a slice: what is left over is thrown away.
    length = 1.0 if plan.quick else SLICE_SECONDS
    count = int(1.3 * length * driver.known_rate)
    ends = time.monotonic() + seconds
    done = 0
    coming = driver.signer.begin([asker() for _ in range(count)])
    with report.bar(plan.console, "Load", round(seconds)) as advance:
        while (left := ends - time.monotonic()) > 0:
            requests = [request for part in coming for request in part.result()]
            coming = driver.signer.begin([asker() for _ in range(count)])
            result = load.closed(driver.connections(CONNECTIONS), requests, min(left, length))
            driver.check(requests, result)
            done += result.done
            advance(f"{done:,}", round(result.seconds))
    return done


class _Sampler(threading.Thread):
    """Reads the resident memory of processes every so many seconds."""

    def __init__(self, pids: Sequence[int], every: float) -> None:
        super().__init__(daemon=True)
        self._every = every
        self._over = threading.Event()
        self._sizes: dict[int, list[float]] = {pid: [] for pid in pids}

    def run(self) -> None:
        while True:
            for pid, sizes in self._sizes.items():
                sizes.append(resident_mib(pid))
            if self._over.wait(self._every):
                return

    def end(self) -> dict[int, list[float]]:
        """The samples of each process, in MiB."""
        self._over.set()
        self.join()
        return self._sizes


def resident_mib(pid: int) -> float:
    """Resident memory of a process. Raises FileNotFoundError when it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(f"process {pid} has ended")
