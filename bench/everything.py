"""`bin/bench all`: every benchmark in turn, and one table of what was aimed at and what was met."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import batch, desk, growth, memory, mix, profile, report, skew, till, wallet, window
from bench.figures import Figure, machine
from bench.peers import race
from bench.plan import Plan
from kit import postgres

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
FIRST, LAST = "<!-- figures: bin/bench all -->", "<!-- end of figures -->"
MINUTES = 4.0  # of the memory's run
JOURNALS = 200_000  # behind the desk's pages; ten million take a quarter of an hour to fill
NAMES = ("benchmark", "figure", "median", "spread", "target", "met")


def run(
    plan: Plan, largest: int = growth.SIZES[-1], peers: bool = False, write_docs: bool = False
) -> list[Figure]:
    """Every benchmark in turn; the table of targets at the end, and in the docs if wanted."""
    benchmarks: dict[str, Callable[[Plan], list[Figure]]] = {
        "till": till.run,
        "mix": mix.run,
        "batch": batch.run,
        "growth": functools.partial(growth.run, largest=largest),
        "skew": skew.run,
        "window": window.run,
        "wallet": lambda asked: wallet.run(replace(asked, members=min(asked.members, 1_000))),
        "desk": functools.partial(desk.run, journals=JOURNALS),
        "profile": profile.run,
        "memory": functools.partial(memory.run, minutes=MINUTES),
        **({"peers": race.run} if peers else {}),
    }
    found: dict[str, list[Figure]] = {}
    broken: dict[str, str] = {}
    for name, benchmark in benchmarks.items():
        plan.console.rule(name)
        try:
            found[name] = benchmark(plan)
        except Exception as error:  # One that cannot run must not keep back the others.
            plan.console.print_exception()
            broken[name] = f"{type(error).__name__}: {error}"
    on = machine(postgres.start(plan.home)) | {"date": f"{datetime.now(UTC):%Y-%m-%d}"}
    rows = table(found)
    plan.console.rule("all")
    report.show_rows(plan.console, "Targets", NAMES, rows)
    for name, reason in broken.items():
        plan.console.print(f"[red]{name}[/] did not run: {reason[:500]}")
    report.write(
        plan.home / "all.json",
        {
            "machine": on,
            "figures": {name: [one.as_json() for one in ones] for name, ones in found.items()},
            "broken": broken,
            "quick": plan.quick,
        },
    )
    if write_docs:
        command = "bin/bench all" + ("" if largest == growth.SIZES[-1] else f" --largest {largest}")
        command += " --peers" if peers else ""
        text = PAGE.read_text("utf-8")
        PAGE.write_text(written(text, as_markdown(rows, on, plan, command)), "utf-8")
    figures = [one for ones in found.values() for one in ones]
    aimed = [one for one in figures if one.met is not None]
    plan.console.print(f"all: {sum(bool(one.met) for one in aimed)} of {len(aimed)} targets met")
    if broken:
        raise SystemExit(1)
    return figures


def table(found: Mapping[str, list[Figure]]) -> list[tuple[str, ...]]:
    """A row for the first figure of every benchmark, and for every other that has a target."""
    return [
        (
            name if not number else "",
            one.name,
            one.text().partition(" (")[0],
            one.spread(),
            one.aim(),
            {None: "", True: "yes", False: "no"}[one.met],
        )
        for name, figures in found.items()
        for number, one in enumerate(figures)
        if not number or one.target is not None
    ]


def as_markdown(
    rows: list[tuple[str, ...]], on: Mapping[str, Any], plan: Plan, command: str
) -> str:
    """The table with what it was measured on, and the command that repeats it."""
    lines = [
        f"`{command}` on {on['date']}: {on['processor']}, {on['cores']} cores, {on['memory_gib']}"
        f" GiB, Linux {on['kernel']}, PostgreSQL {on['postgresql']}, Python {on['python']};"
        f" {plan.members:,} members, {plan.rounds} rounds of {plan.seconds:g} s.",
        "",
        f"| {' | '.join(NAMES)} |",
        f"|{'---|' * 2}{'---:|' * (len(NAMES) - 2)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines)


def written(page: str, figures: str) -> str:
    """The page with these figures between its marks. Raises ValueError when it has no marks."""
    marked = re.compile(re.escape(FIRST) + ".*?" + re.escape(LAST), re.S)
    if not marked.search(page):
        raise ValueError("the page has no place for figures")
    return marked.sub(lambda _: f"{FIRST}\n\n{figures}\n\n{LAST}", page)
