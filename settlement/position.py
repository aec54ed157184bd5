"""Where a partner stands in the open window, were it to close now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from exchange import rollup as totals
from exchange import store as books
from partners import terms
from partners.agreement import MILLION
from settlement import netting, obligations, rollup, store
from settlement.drafting import Points, points_of
from settlement.errors import WindowNotFound
from settlement.reckoning import FLOAT, HUB
from settlement.store import Window


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposure:
    """What counts towards the cap: points not yet turned into money, and money not yet paid."""

    points: int
    owed: int
    amount: int  # Both together, in minor units of the hub's currency.
    cap: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A partner's points and provisional net; whatever ended before `as_of` is counted."""

    window: Window
    as_of: datetime
    currency: str  # The hub's.
    points: Points
    outstanding: int
    receives: int
    pays: int
    net: int
    exposure: Exposure


def position(session: Session, party: int, *, currency: str, now: datetime) -> Position:
    """The partner's position, priced as closing would price it.

    Raises WindowNotFound when no window is open, PointsUnpriced.
    """
    window = store.open_window(session)
    if window is None:
        raise WindowNotFound
    as_of = books.database_now(session)  # Every snapshot below is later.
    moved = rollup.movements(session, window.id, party)
    agreed = terms.every(session)
    owed = [
        each
        for each in obligations.price(moved, agreed, hub=HUB, float_=FLOAT)
        if party in (each.debtor, each.creditor)
    ]
    netted = netting.net(owed).get(party, netting.NetPosition(0, 0))
    return Position(
        window=window,
        as_of=as_of,
        currency=currency,
        points=points_of(moved, party),
        outstanding=totals.outstanding(session, party),
        receives=netted.receives,
        pays=netted.pays,
        net=netted.net,
        exposure=_exposure(session, party, now),
    )


def _exposure(session: Session, party: int, now: datetime) -> Exposure:
    row = books.exposure(session, party)
    points, owed, price, cap = (
        (0, 0, 0, None) if row is None else (row["points"], row["owed"], row["price"], row["cap"])
    )
    # The row keeps the price and cap of the last issue; those agreed since are what counts now.
    in_force = [each for each in terms.of(session, party) if each.covers(now)]
    if in_force:
        price, cap = in_force[0].issuing.price, in_force[0].issuing.cap
    return Exposure(points=points, owed=owed, amount=-(-points * price // MILLION) + owed, cap=cap)
