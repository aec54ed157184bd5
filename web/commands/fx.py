"""Exchange rates: what one unit of the hub's currency is worth, from a day on."""

import re
from datetime import datetime

import click

from settlement import fx_rates, store
from settlement.fx import Rate
from web.commands.context import Context, json_option, pass_context
from web.commands.proposing import AS, REASON, propose

_RATIO = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6})|/([0-9]{1,12}))?")


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
    proposed = read_rate(context.settings.currency, pair, rate)
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


def read_rate(base: str, pair: str, ratio: str) -> Rate:
    """`CNY/JPY` and `20.1` or `201/10`. Raises UsageError."""
    quote = pair.removeprefix(f"{base}/")
    if not re.fullmatch("[A-Z]{3}", quote) or quote == base:
        raise click.UsageError(f"{pair} is no pair of {base} and another currency: {base}/JPY")
    found = _RATIO.fullmatch(ratio)
    if found is None:
        raise click.UsageError(f"{ratio} is not a rate: write 20.1 or 201/10")
    whole, decimals, below = found.groups()
    try:
        return Rate(
            base=base,
            quote=quote,
            numerator=int(whole + (decimals or "")),
            denominator=int(below) if below else 10 ** len(decimals or ""),
        )
    except ValueError as error:
        raise click.UsageError(f"{ratio} is not a rate: {error}") from error
