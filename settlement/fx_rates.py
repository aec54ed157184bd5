"""The exchange rates that finance fixes: one a day and pair, in force until the next."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from settlement import store
from settlement.errors import FxRateExists
from settlement.fx import Rate


def content(rate: Rate, *, valid_from: date) -> dict[str, Any]:
    """A rate as a proposal holds it."""
    return {
        "base": rate.base,
        "quote": rate.quote,
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "valid_from": valid_from.isoformat(),
    }


def enact(session: Session, approved: Mapping[str, Any]) -> Rate:
    """Fix what was proposed as `content`. Raises FxRateExists."""
    values = dict(approved)
    valid_from = date.fromisoformat(values.pop("valid_from"))
    rate = Rate(**values)
    add(session, rate, valid_from=valid_from)
    return rate


def check(session: Session, rate: Rate, *, valid_from: date) -> None:
    """What `add` would refuse, before it is proposed. Raises FxRateExists."""
    for row in store.list_fx_rates(session):
        kept = dict(row)
        if kept.pop("valid_from") == valid_from and (row["base"], row["quote"]) == (
            rate.base,
            rate.quote,
        ):
            _check_same(Rate(**kept), rate)


def add(session: Session, rate: Rate, *, valid_from: date) -> None:
    """Fix a rate from a day on (in the hub's zone); again the same one changes nothing.

    Raises FxRateExists.
    """
    _check_same(store.insert_fx_rate(session, rate, valid_from), rate)


def in_force(session: Session, base: str, day: date) -> dict[str, Rate]:
    """The rate of every currency on a day, by currency: the latest that finance fixed by then."""
    return store.fx_rates_on(session, base, day)


def _check_same(kept: Rate, rate: Rate) -> None:
    if kept != rate:
        raise FxRateExists(numerator=kept.numerator, denominator=kept.denominator)
