"""Conversion rates: proposed here, agreed by a second person."""

from dataclasses import asdict
from typing import Any

import click

import exchange.store
from exchange import rates as exchange_rates
from partners import registry
from web.commands import outside_rates
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, WHEN, in_utc, propose


@click.group()
def rates() -> None:
    """Conversion rates of partners' own points."""


rates.add_command(outside_rates.outside)


@rates.command(name="propose")
@click.argument("slug")
@click.option("--theirs", type=click.IntRange(1), required=True, help="So many of theirs …")
@click.option("--ours", type=click.IntRange(1), required=True, help="… are so many points.")
@click.option("--direction", type=click.Choice(["import", "export"]), default="import")
@click.option("--minimum", type=click.IntRange(1), default=1, help="Least of theirs at a time.")
@click.option("--step", type=click.IntRange(1), default=1, help="Multiples of theirs.")
@click.option("--daily-cap", type=click.IntRange(1), help="Most of theirs in a day.")
@click.option("--fee-ppm", type=click.IntRange(0, 999_999), default=0, help="Taken from ours.")
@click.option("--undo-days", type=click.IntRange(0, 366), default=0, help="To undo in.")
@click.option("--from", "valid_from", type=WHEN, required=True, help="Since when; UTC.")
@click.option("--to", "valid_to", type=WHEN, help="Until when; left out, for good.")
@AS
@REASON
@json_option
@pass_context
def propose_rate(context: Context, slug: str, by: str, reason: str, **values: Any) -> None:
    """Propose what a partner's own points are worth."""
    with context.database.transaction() as session:
        rate = exchange_rates.NewRate(
            party=registry.find(session, slug).party, **in_utc(values, "valid_from", "valid_to")
        )
        exchange_rates.check(session, rate)
        propose(context, session, "rate", asdict(rate), by, reason)


@rates.command(name="list")
@click.argument("slug")
@json_option
@pass_context
def list_rates(context: Context, slug: str) -> None:
    """Rates of a partner, past, present and agreed."""
    with context.database.transaction() as session:
        party = registry.find(session, slug).party
        context.emit(exchange.store.rates(session, party), title=f"Rates of {slug}")
