"""Exchange rates: what one unit of the hub's currency is worth, from a day on."""

import re
from datetime import datetime

import click

from settlement import fx_rates, store
from settlement.fx import Rate, read_rate
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, propose


@click.group()
def fx() -> None:
    """Exchange rates, for partners that settle in another currency than the hub's."""


@fx.command(name="propose")
@click.argument("pair")
@click.argument("rate")
@click.option("--from", "day", type=click.DateTime(["%Y-%m-%d"]), help="First day; today if unset.")
@AS
@REASON
@json_option
@pass_context
def propose_rate(
    context: Context, pair: str, rate: str, day: datetime | None, by: str, reason: str
) -> None:
    """Propose what one unit of the hub's currency is worth.

    As `fx propose CNY/JPY 20.1`, or 201/10: so many yen for one yuan.
    """
    proposed = rate_of(context.settings.currency, pair, rate)
    with context.database.transaction() as session:
        valid_from = day.date() if day else store.day_of(session, context.clock())
        fx_rates.check(session, proposed, valid_from=valid_from)
        content = fx_rates.content(proposed, valid_from=valid_from)
        propose(context, session, "fx-rate", content, by, reason)


@fx.command(name="list")
@json_option
@pass_context
def list_(context: Context) -> None:
    """Every rate, by pair, newest first."""
    with context.database.transaction() as session:
        rows = store.list_fx_rates(session)
    context.emit(
        rows,
        title="Exchange rates",
        empty="None yet: bin/hub fx propose CNY/JPY 20.1 --as NAME --reason …",
    )


def rate_of(base: str, pair: str, ratio: str) -> Rate:
    """`CNY/JPY` and `20.1` or `201/10`. Raises UsageError."""
    quote = pair.removeprefix(f"{base}/")
    if not re.fullmatch("[A-Z]{3}", quote) or quote == base:
        raise click.UsageError(f"{pair} is no pair of {base} and another currency: {base}/JPY")
    try:
        return read_rate(base, quote, ratio)
    except ValueError as error:
        raise click.UsageError(f"{ratio} is not a rate: write 20.1 or 201/10") from error
