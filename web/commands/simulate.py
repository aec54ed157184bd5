"""Closed windows under other terms, rates or policies."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from sqlalchemy.orm import Session

from partners import registry
from settlement import store
from settlement.explaining.errors import ScenarioRefused
from settlement.explaining.kept import kept
from settlement.explaining.report import simulation_table
from settlement.explaining.simulation import Scenario, policy, replay
from settlement.fx import Rate
from settlement.report import WIDTH
from web.commands.context import Context, json_option, pass_context
from web.commands.fx import rate_of

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SET = re.compile(r"([^.=]+)\.([a-z_]+)=(.+)")


@click.command()
@click.argument("windows", nargs=-1, required=True)
@click.option("--terms", "file", type=FILE, help='{"SLUG": {"issue_price": 900000, …}, …}')
@click.option("--set", "changes", multiple=True, metavar="SLUG.FIELD=VALUE")
@click.option("--policy", "policies", multiple=True, metavar="SLUG=POLICY")
@click.option("--rates", type=FILE, help='{"JPY": "20.1", …}: for one unit of the hub\'s currency.')
@click.option("--route", type=click.Choice(["hub", "direct"]), help="Of the money.")
@json_option
@pass_context
def simulate(
    context: Context,
    windows: tuple[str, ...],
    file: Path | None,
    changes: tuple[str, ...],
    policies: tuple[str, ...],
    rates: Path | None,
    route: Any,
) -> None:
    """Replay closed WINDOWS: who would have paid what.

    A POLICY is redemption, issuance or split:PPM. Nothing is written.
    """
    wanted = _wanted(file, changes, policies)
    found = []
    with context.database.transaction() as session:
        scenario = Scenario(
            terms={registry.find(session, slug).party: each for slug, each in wanted.items()},
            rates=_rates(context.settings.currency, rates),
            route=route,
        )
        for name in windows:
            window = kept(session, name)
            found.append((window, replay(window, scenario)))
        names = _names(session)
    if context.as_json:
        context.emit(
            {
                "window": window.window.name,
                "currency": window.base,
                "parties": [
                    {"name": names[each.party], **asdict(each), "net_change": each.net_change}
                    for each in replayed.outcomes
                ],
                "payments": [
                    {
                        "payer": names[each.payer],
                        "payee": names[each.payee],
                        "amount": each.amount,
                        "currency": replayed.reckoning.currency(each),
                    }
                    for each in replayed.reckoning.payments
                ],
            }
            for window, replayed in found
        )
        return
    console = context.console if context.console.is_terminal else Console(width=WIDTH)
    for window, replayed in found:
        table = simulation_table(window.window.name, replayed.outcomes, window.base, names)
        console.print(table)


def _wanted(
    file: Path | None, changes: tuple[str, ...], policies: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Fields of terms by slug. Raises ScenarioRefused."""
    found: dict[str, dict[str, Any]] = {}
    if file is not None:
        for slug, each in _object(file).items():
            if not isinstance(each, dict):
                raise ScenarioRefused(f"{slug} has no fields")
            found.setdefault(slug, {}).update(each)
    for change in changes:
        parts = _SET.fullmatch(change)
        if parts is None:
            raise click.UsageError(f"{change} is not SLUG.FIELD=VALUE")
        slug, name, value = parts.groups()
        number = re.fullmatch("-?[0-9]+", value)
        found.setdefault(slug, {})[name] = int(value) if number else value
    for each in policies:
        slug, sign, word = each.partition("=")
        if not sign:
            raise click.UsageError(f"{each} is not SLUG=POLICY")
        found.setdefault(slug, {})["prefunded_ppm"] = policy(word)
    return found


def _rates(base: str, file: Path | None) -> dict[str, Rate]:
    asked = {} if file is None else _object(file)
    return {quote: rate_of(base, f"{base}/{quote}", str(each)) for quote, each in asked.items()}


def _object(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except ValueError as error:
        raise ScenarioRefused(f"{file.name} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ScenarioRefused(f"{file.name} is not an object of names")
    return found


def _names(session: Session) -> dict[int, str]:
    return {party: name for party, (_, name) in store.names(session).items()}
