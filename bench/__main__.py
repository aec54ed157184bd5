"""`bin/bench NAME`: measure, print a table, and end with one line `name: FIGURE`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click
from rich.console import Console

from bench import (
    batch,
    closing,
    desk,
    everything,
    gate,
    growth,
    memory,
    mix,
    profile,
    reconciliation,
    rendering,
    skew,
    till,
    wallet,
    window,
)
from bench.figures import Figure
from bench.peers import race
from bench.plan import Plan
from web.config import home

Run = Callable[..., list[Figure]]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bench() -> None:
    """Measure the hub against what it stands on, in one run on one machine."""


def _benchmark(name: str, run: Run, *more: click.Option, **usual: Any) -> None:
    """Add a benchmark with the options that all have; `more` are passed on to it by name.

    `usual` is what its plan is unless asked otherwise.
    """
    plan = Plan(home() / "bench", Console(), **usual)

    def command(
        members: int | None,
        rounds: int | None,
        seconds: float | None,
        quick: bool,
        **options: Any,
    ) -> None:
        given: dict[str, Any] = {"members": members, "rounds": rounds, "seconds": seconds}
        asked = {key: value for key, value in given.items() if value is not None}
        plan.home.mkdir(parents=True, exist_ok=True)
        run(replace(plan.quickly() if quick else plan, **asked), **options)

    common = [
        click.Option(["--members"], type=click.IntRange(100), help=f"[default: {plan.members}]"),
        click.Option(["--rounds"], type=click.IntRange(1), help=f"[default: {plan.rounds}]"),
        click.Option(["--seconds"], type=float, help=f"Of one take.  [default: {plan.seconds:g}]"),
        click.Option(["--quick"], is_flag=True, help="See that it runs; the figures say little."),
    ]
    words = (run.__doc__ or "").strip()
    bench.add_command(click.Command(name, callback=command, params=[*common, *more], help=words))


def _largest() -> click.Option:
    return click.Option(
        ["--largest"],
        type=click.IntRange(1_000),
        default=growth.SIZES[-1],
        show_default=True,
        help="Members of the largest database: 5 million take some 20 GB and minutes to fill.",
    )


_benchmark("till", till.run)
_benchmark("mix", mix.run)
_benchmark("batch", batch.run)
_benchmark("growth", growth.run, _largest())
_benchmark("skew", skew.run)
_benchmark("window", window.run)
_benchmark(
    "closing",
    closing.run,
    click.Option(["--journals"], type=click.IntRange(10_000), default=1_000_000, show_default=True),
    click.Option(["--partners"], type=click.IntRange(2, 500), default=50, show_default=True),
    rounds=3,
)
_benchmark("peers", race.run)
_benchmark(
    "rendering",
    rendering.run,
    click.Option(["--partners"], type=click.IntRange(2, 200), default=50, show_default=True),
)
_benchmark(
    "wallet",
    wallet.run,
    click.Option(["--journals"], type=click.IntRange(1_000), default=100_000, show_default=True),
    members=1_000,
)
_benchmark(
    "desk",
    desk.run,
    click.Option(["--journals"], type=click.IntRange(10_000), default=1_000_000, show_default=True),
    rounds=1,
)
_benchmark("profile", profile.run)
_benchmark(
    "reconciliation",
    reconciliation.run,
    click.Option(
        ["--lines"],
        type=click.IntRange(1, 1_000_000),
        default=1_000_000,
        show_default=True,
        help="Of the partner's record.",
    ),
    rounds=3,
)
_benchmark(
    "memory",
    memory.run,
    click.Option(["--minutes"], type=float, default=10.0, show_default=True),
)
_benchmark(
    "gate",
    gate.run,
    click.Option(["--update"], is_flag=True, help="Make this run's ratios the baseline."),
    members=5_000,
    seconds=1.5,
)
_benchmark(
    "all",
    everything.run,
    _largest(),
    click.Option(["--peers"], is_flag=True, help="Also the peers, which installs them."),
    click.Option(["--write-docs"], is_flag=True, help="Put the table into docs/performance.md."),
)


if __name__ == "__main__":
    bench()
