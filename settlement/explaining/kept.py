"""A closed window as it was kept: what it was worked out from, and what that came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from partners import terms
from partners.agreement import Terms
from settlement import store
from settlement.content import content
from settlement.errors import WindowNotClosed
from settlement.explaining.explanation import Figures
from settlement.fx import Rate
from settlement.movements import Movement
from settlement.obligations import Obligation
from settlement.payments import Payment
from settlement.reckoning import Route
from settlement.store import Window
from settlement.views import FIGURED


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """`settled` is what moved, and what was brought in, without what was left out."""

    window: Window
    base: str
    route: Route
    settled: Sequence[Movement]
    left_out: Sequence[Movement]
    brought_in: Sequence[Movement]
    terms: Mapping[int, Terms]
    figures: Mapping[int, Figures]
    obligations: Sequence[Obligation]
    payments: Sequence[Payment]

    @property
    def covers(self) -> dict[int, int]:
        """What was made good for a party, or borne by it."""
        return {party: each.cover for party, each in self.figures.items() if each.cover}

    @property
    def rates(self) -> dict[str, Rate]:
        """Those that the window was fixed at, by currency."""
        found = (each.rate for each in self.figures.values())
        return {rate.quote: rate for rate in found if rate is not None}


def closed(session: Session, name: str) -> Window:
    """A window that has figures. Raises WindowNotFound, WindowNotClosed."""
    window = store.get_window(session, name)
    if window.state not in FIGURED:
        raise WindowNotClosed(state=window.state)
    return window


def kept(session: Session, name: str) -> Kept:
    """Raises WindowNotFound, WindowNotClosed."""
    window = closed(session, name)
    if window.currency is None or window.route is None:
        raise ValueError("a settlement has a currency and a route")
    found = content(session, window.id)
    return Kept(
        window=window,
        base=window.currency,
        route=window.route,
        settled=found.settled,
        left_out=found.left_out,
        brought_in=found.brought_in,
        terms=terms.every(session),
        figures={
            row["party"]: _figures(row, window.currency)
            for row in store.positions(session, window.id)
        },
        obligations=store.obligations(session, window.id),
        payments=[
            Payment(row["payer"], row["payee"], row["amount"])
            for row in store.payments(session, window.id)
        ],
    )


def _figures(row: store.Row, base: str) -> Figures:
    foreign = row["currency"] != base
    return Figures(
        receives=row["receives"],
        pays=row["pays"],
        cover=row["cover"],
        net=row["net"],
        currency=row["currency"],
        rate=Rate(
            base=base,
            quote=row["currency"],
            numerator=row["fx_numerator"],
            denominator=row["fx_denominator"],
        )
        if foreign
        else None,
        settles=row["settles"],
    )
