"""How the demonstration speaks: designed at a terminal, plain lines everywhere else."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

WIDTH = 100
PLAIN_EVERY = 10.0  # Seconds between two lines of progress where nothing can be redrawn.


def make_console() -> Console:
    """Never wider than the tables were drawn for; a pipe gets the full width."""
    console = Console(file=sys.stdout, highlight=False, emoji=False, soft_wrap=False)
    console.width = min(console.width, WIDTH) if sys.stdout.isatty() else WIDTH
    return console


class Advance(Protocol):
    """Say that so many more steps are done."""

    def __call__(self, steps: int) -> None: ...


@contextmanager
def working(console: Console, what: str, *, spin: bool = True) -> Iterator[None]:
    """Say what is being done while it is done, and how long it took."""
    started = time.monotonic()
    if spin and console.is_terminal:
        with console.status(f"{what} …"):
            yield
    else:
        yield
    console.print(f"[green]✓[/] {what} [dim]({time.monotonic() - started:.1f} s)[/]")
    sys.stdout.flush()


@contextmanager
def progress(console: Console, what: str, total: int) -> Iterator[Advance]:
    """A bar at a terminal; elsewhere a line now and then."""
    if console.is_terminal:
        columns = (
            SpinnerColumn(),
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda steps: bar.advance(task, steps)
    else:
        yield _plain(console, what, total)


def _plain(console: Console, what: str, total: int) -> Advance:
    done, told = 0, time.monotonic()

    def advance(steps: int) -> None:
        nonlocal done, told
        done += steps
        if time.monotonic() - told >= PLAIN_EVERY:
            told = time.monotonic()
            console.print(f"  {what}: {done:,} of {total:,} ({done * 100 // total} %)")
            sys.stdout.flush()

    return advance
