"""The hub's operator: the very commands of `bin/hub`, run in this process to save their starts."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime
from functools import cached_property
from typing import Any

import click

from demo.hub import Hub, HubFailed
from kit.clock import system_clock
from kit.database import Database
from kit.errors import Refusal
from web import config
from web.cli import hub as command_line
from web.commands.context import Context


class OperatorDesk:
    """Runs one command after another; not for several threads at once."""

    def __init__(self, hub: Hub) -> None:
        self._context = _OfHub(hub)

    def run(self, *arguments: object) -> Any:
        """Run `bin/hub …` and return the JSON it printed, if any. Raises HubFailed."""
        words = [str(argument) for argument in arguments]
        said, complained = io.StringIO(), io.StringIO()
        try:
            with redirect_stdout(said), redirect_stderr(complained):
                command_line.main(words, "bin/hub", standalone_mode=False, obj=self._context)
        except (Refusal, click.ClickException, SystemExit) as error:
            told = complained.getvalue() or said.getvalue()
            raise HubFailed(f"bin/hub {' '.join(words)}: {error!r}\n{told}") from error
        return json.loads(said.getvalue()) if "--json" in words else None

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Meanwhile the desk's clock stands at a moment."""
        self._context.clock = lambda: moment
        try:
            yield
        finally:
            self._context.clock = system_clock

    @property
    def database(self) -> Database:
        return self._context.database

    @property
    def settings(self) -> config.Config:
        return self._context.settings

    def close(self) -> None:
        """Close the connections to the database."""
        self._context.database.close()


class _OfHub(Context):
    """The commands' context, of the demonstration's hub and not of the caller's environment."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self._hub = hub

    @cached_property
    def settings(self) -> config.Config:
        return config.load(self._hub.environment)
