"""What every command shares: the configuration, the database, and one way to print."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from kit.clock import Clock, rfc3339, system_clock
from kit.database import Database
from settlement.sealing.sealer import Sealer
from web import config

Rows = Iterable[Any]  # mappings, or rows of the database


@dataclass
class Context:
    """Made lazily: `--help` needs no database."""

    as_json: bool = False
    clock: Clock = system_clock

    @cached_property
    def settings(self) -> config.Config:
        return config.load()

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.app_url)

    @property
    def signer(self) -> Sealer:
        """What signs and seals for the hub."""
        return self.settings.sealer

    @cached_property
    def console(self) -> Console:
        return Console()

    def say(self, text: str) -> None:
        """A line for people; in JSON mode it goes to standard error."""
        Console(stderr=self.as_json).print(text, highlight=False)

    def emit(self, rows: Rows, title: str = "", empty: str = "Nothing here yet.") -> None:
        """Rows as a table, or with --json as a list of objects."""
        plain = [dict(row) for row in rows]
        if self.as_json:
            json.dump(plain, sys.stdout, default=_json, ensure_ascii=False, indent=2)
            sys.stdout.write("\n")
            return
        if not plain:
            self.say(empty)
            return
        table = Table(title=title or None, title_justify="left")
        for name, value in plain[0].items():
            number = isinstance(value, int) and not isinstance(value, bool)
            table.add_column(
                name.replace("_", " "),
                justify="right" if number else "left",
                overflow="fold",
                no_wrap=name in ("id", "slug", "invariant"),
            )
        for row in plain:
            table.add_row(*(_text(value) for value in row.values()))
        self.console.print(table)

    def emit_one(self, fact: Any, title: str = "") -> None:
        """One object: a two-column table, or with --json the object."""
        values = asdict(fact) if is_dataclass(fact) and not isinstance(fact, type) else dict(fact)
        if self.as_json:
            json.dump(values, sys.stdout, default=_json, ensure_ascii=False, indent=2)
            sys.stdout.write("\n")
            return
        table = Table(title=title or None, title_justify="left", show_header=False)
        for name, value in values.items():
            table.add_row(name.replace("_", " "), _text(value))
        self.console.print(table)


pass_context = click.make_pass_decorator(Context)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json` on a command, for scripts."""

    def choose(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            context.ensure_object(Context).as_json = True

    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=choose,
        help="Print JSON, for scripts.",
    )(command)


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)


def _text(value: Any) -> str:
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}".replace("-", "−")
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case date() | UUID() | str():
            return str(value)
        case list() | tuple() | set() | frozenset():
            return ", ".join(str(one) for one in value)
        case dict():
            return "\n".join(f"{name}: {_text(one)}" for name, one in value.items())
        case bytes():
            return value.hex()[:16]
        case _:
            return str(value)
