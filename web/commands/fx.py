"""Exchange rates: what one unit of the hub's currency is worth, from a day on."""

import re
from datetime import datetime

import click

from settlement import fx_rates, store
from settlement.fx import Rate
from web.commands.context import Context, json_option, pass_context

_RATIO = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6})|/([0-9]{1,12}))?")


@click.group()
def fx() -> None:
    """Exchange rates, for partners that settle in another currency than the hub's."""


@fx.command()
@click.argument("currency")
@click.argument("rate")
@click.option("--from", "day", type=click.DateTime(["%Y-%m-%d"]), help="First day; today if unset.")
@json_option
@pass_context
def add(context: Context, currency: str, rate: str, day: datetime | None) -> None:
    """Fix RATE units of CURRENCY for one unit of the hub's: 20.1 or 201/10."""
    base = context.settings.currency
    if not re.fullmatch("[A-Z]{3}", currency) or currency == base:
        raise click.UsageError(f"{currency} is not a currency other than the hub's {base}")
    fixed = _rate(base, currency, rate)
    with context.database.transaction() as session:
        valid_from = day.date() if day else store.day_of(session, context.clock())
        fx_rates.add(session, fixed, valid_from=valid_from)
    context.emit_one(
        {
            "base": base,
            "quote": currency,
            "valid_from": valid_from,
            "numerator": fixed.numerator,
            "denominator": fixed.denominator,
        }
    )


@fx.command(name="list")
@json_option
@pass_context
def list_(context: Context) -> None:
    """Every rate, by pair, newest first."""
    with context.database.transaction() as session:
        rows = store.list_fx_rates(session)
    context.emit(rows, title="Exchange rates", empty="None yet: bin/hub fx add JPY 20.1")


def _rate(base: str, currency: str, text: str) -> Rate:
    found = _RATIO.fullmatch(text)
    if found is None:
        raise click.UsageError(f"{text} is not a rate: write 20.1 or 201/10")
    whole, decimals, below = found.groups()
    try:
        return Rate(
            base=base,
            quote=currency,
            numerator=int(whole + (decimals or "")),
            denominator=int(below) if below else 10 ** len(decimals or ""),
        )
    except ValueError as error:
        raise click.UsageError(f"{text} is not a rate: {error}") from error
