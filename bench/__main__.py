"""`bin/bench NAME`: measure, print a table, and end with one line `name: FIGURE`."""

from pathlib import Path

import click

from bench import till as till_bench
from web.config import home


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bench() -> None:
    """Measure the hub against what it stands on, in one run on one machine."""


@bench.command()
@click.option("--members", default=20_000, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=4.0, show_default=True, help="Of each half of a round.")
@click.option("--out", type=click.Path(path_type=Path), help="Default: HUB_HOME/bench/till.json")
def till(members: int, rounds: int, seconds: float, out: Path | None) -> None:
    """Signed redemptions a second ÷ pgbench calling the same function."""
    place = home() / "bench"
    place.mkdir(parents=True, exist_ok=True)
    till_bench.run(
        place, members=members, rounds=rounds, seconds=seconds, out=out or place / "till.json"
    )


if __name__ == "__main__":
    bench()
