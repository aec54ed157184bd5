"""`bin/bench NAME`: measure, print a table, and end with one line `name: FIGURE`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click
from rich.console import Console

from bench import batch, growth, memory, mix, profile, skew, till, window
from bench.figures import Figure
from bench.plan import Plan
from web.config import home

Run = Callable[..., list[Figure]]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bench() -> None:
    """Measure the hub against what it stands on, in one run on one machine."""


def _benchmark(name: str, run: Run, *more: click.Option) -> None:
    """Add a benchmark with the options that all have; `more` are passed on to it by name."""

    def command(members: int | None, rounds: int | None, seconds: float | None, quick: bool,
                **options: Any) -> None:  # fmt: skip
        plan = Plan(home() / "bench", Console())
        if quick:
            plan = plan.quickly()
        given: dict[str, Any] = {"members": members, "rounds": rounds, "seconds": seconds}
        plan = replace(plan, **{key: value for key, value in given.items() if value is not None})
        plan.home.mkdir(parents=True, exist_ok=True)
        run(plan, **options)

    common = [
        click.Option(["--members"], type=click.IntRange(100), help="Default: 100000."),
        click.Option(["--rounds"], type=click.IntRange(1), help="Default: 5."),
        click.Option(["--seconds"], type=float, help="Of one take. Default: 4."),
        click.Option(["--quick"], is_flag=True, help="See that it runs; the figures say little."),
    ]
    words = (run.__doc__ or "").strip()
    bench.add_command(click.Command(name, callback=command, params=[*common, *more], help=words))


_benchmark("till", till.run)
_benchmark("mix", mix.run)
_benchmark("batch", batch.run)
_benchmark(
    "growth",
    growth.run,
    click.Option(
        ["--largest"],
        type=click.IntRange(1_000),
        default=growth.SIZES[-1],
        show_default=True,
        help="Members of the largest database.",
    ),
)
_benchmark("skew", skew.run)
_benchmark("window", window.run)
_benchmark("profile", profile.run)
_benchmark(
    "memory",
    memory.run,
    click.Option(["--minutes"], type=float, default=10.0, show_default=True),
)


if __name__ == "__main__":
    bench()
