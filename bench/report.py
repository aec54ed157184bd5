"""What a benchmark prints and writes: progress, its takes, its figures, one last line."""

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bench.figures import Figure, machine
from bench.measuring import STEAL_LIMIT, Round, Take, alternate, kept
from bench.place import Place, filled
from bench.plan import Plan

_PLAIN: Any = {  # eighty columns must do
    "box": SIMPLE, "title_justify": "left", "collapse_padding": True, "pad_edge": False,
}  # fmt: skip


@contextmanager
def bar(console: Console, label: str, total: int) -> Iterator[Callable[[str, int], None]]:
    """A progress bar; call what it gives with a word and how many steps were done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    # Drawn at every step only: a thread that draws would take its share of what is measured.
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task(label, total=total)
        progress.refresh()

        def advance(word: str, steps: int = 1) -> None:
            progress.update(task, advance=steps, description=f"{label} {word}")
            progress.refresh()

        yield advance


@contextmanager
def filled_place(plan: Plan, members: int | None = None, sales: int = 0) -> Iterator[Place]:
    """A filled database, with a bar while it fills."""
    members = members or plan.members
    with bar(plan.console, f"Filling in {members:,} members", members) as advance:
        context = filled(
            plan.home, members=members, sales=sales, progress=lambda done: advance("", done)
        )
        place = context.__enter__()
    try:
        yield place
    finally:
        context.__exit__(None, None, None)


def measure(plan: Plan, takes: Mapping[str, Callable[[], Take]]) -> list[Round]:
    """All rounds of these takes, with a bar."""
    with bar(plan.console, "Measuring", plan.rounds * len(takes)) as advance:
        return alternate(takes, plan.rounds, lambda name: advance(name, 1))


def show_takes(console: Console, title: str, rounds: Sequence[Round]) -> None:
    """A line for each take: its median rate, latencies, and CPU time a piece by process group."""
    table = Table(title=f"{title}; ms waited, CPU µs a piece", **_PLAIN)
    table.add_column("take", no_wrap=True)
    for name in ("a second", "p50", "p95", "p99", "hub", "data", "load", "steal"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in rounds[0]:
        takes = [one[name] for one in rounds]
        rates = kept([one.rate for one in takes], [one.steal for one in takes])
        table.add_row(
            name,
            f"{statistics.median(rates):,.0f}",
            *(_median([one.ms.get(key) for one in takes], 1) for key in ("p50", "p95", "p99")),
            *(_median([one.cpu_us.get(key) for one in takes], 0)
              for key in ("hub", "database", "load")),
            f"{max(one.steal for one in takes):.0%}",
        )  # fmt: skip
    console.print(table)


def show_rows(
    console: Console, title: str, names: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """A table of a benchmark's own; all columns but the first are numbers."""
    table = Table(title=title, **_PLAIN)
    for number, name in enumerate(names):
        table.add_column(name, justify="right" if number else "left", no_wrap=not number)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _median(values: Sequence[float | None], digits: int) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):,.{digits}f}" if known else ""


def show_figures(console: Console, figures: Sequence[Figure]) -> None:
    """A line for each figure, and a word on the rounds that were left out."""
    table = Table(title="Figures: medians of the rounds", **_PLAIN)
    for name in ("figure", "median", "spread", "target", "met"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for one in figures:
        table.add_row(one.name, one.text().partition(" (")[0], one.spread(), one.aim(),
                      {None: "", True: "yes", False: "no"}[one.met])  # fmt: skip
    console.print(table)
    stolen = max(one.stolen for one in figures)
    if stolen:
        console.print(
            f"In {stolen} rounds more than {STEAL_LIMIT:.0%} of the CPU time was stolen by "
            "other machines; they are left out where enough others remain."
        )


def finish(
    plan: Plan,
    place: Place,
    name: str,
    figures: Sequence[Figure],
    rounds: Sequence[Round] = (),
    **more: Any,
) -> list[Figure]:
    """Show the figures, write them as `NAME.json`, and end with the first as one line."""
    show_figures(plan.console, figures)
    path = plan.home / f"{name}.json"
    write(
        path,
        {
            **figures[0].as_json(),
            "figures": [one.as_json() for one in figures[1:]],
            "machine": machine(place.server),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "members": place.members,
            "quick": plan.quick,
            "rounds": [{key: asdict(take) for key, take in one.items()} for one in rounds],
            **more,
        },
    )
    plan.console.print(f"Written to {path}", soft_wrap=True)
    plan.console.print(f"{name}: {figures[0].text()}", highlight=False, soft_wrap=True)
    return list(figures)


def write(path: Path, content: Any) -> None:
    """As JSON, for people to read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
