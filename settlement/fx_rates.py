"""The exchange rates that finance fixes: one a day and pair, in force until the next."""

from datetime import date

from sqlalchemy.orm import Session

from settlement import store
from settlement.errors import FxRateExists
from settlement.fx import Rate


def add(session: Session, rate: Rate, *, valid_from: date) -> None:
    """Fix a rate from a day on (in the hub's zone); again the same one changes nothing.

    Raises FxRateExists.
    """
    kept = store.insert_fx_rate(session, rate, valid_from)
    if kept != rate:
        raise FxRateExists(numerator=kept.numerator, denominator=kept.denominator)


def in_force(session: Session, base: str, day: date) -> dict[str, Rate]:
    """The rate of every currency on a day, by currency: the latest that finance fixed by then."""
    return store.fx_rates_on(session, base, day)
