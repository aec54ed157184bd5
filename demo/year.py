"""The year before today: a hundred households, month by month, each month closed, paid and settled.

What happened before the hub was started cannot have been signed then, so it is written into the
books by the hub itself, at the times at which it happened; two people close the months as they
would have done. The last month goes on: the demonstration lives the rest of it by signed requests.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

import exchange.store
from demo import banking, months
from demo.baskets import Basket, years_of
from demo.brands import BRANDS
from demo.console import Advance
from demo.household import DAILY_LIMIT, Coalition, Event, Household, at_its_time, meet
from demo.hub import Hub
from demo.member import HOUSEHOLD, book_a_table, open_member
from demo.months import Month
from demo.operator_desk import OperatorDesk
from exchange import ledger
from exchange.orders import Order
from kit.database import Database
from kit.secrets import Secrets
from partners import registry, terms
from settlement import closing

HOUSEHOLDS = 100  # Those that visit most brands.
PAID_AFTER = timedelta(days=8)  # of the closing
_ENDS = datetime(2018, 1, 1, tzinfo=UTC)  # of the data
_MOVEMENTS = {
    "accrual": "issued",
    "redemption": "spent",
    "refund": "refunded",
    "clawback": "clawed back",
}


@dataclass(slots=True)
class Lived:
    """What came of the year. `points` are those of the month that goes on, as a tally has them."""

    months: list[Month]
    person: UUID  # to sign in as
    journals: int = 0
    members_own: int = 0  # that person's journals
    points: Counter[tuple[str, str]] = field(default_factory=Counter)


def live_a_year(
    hub: Hub, desk: OperatorDesk, now: datetime, advance: Advance, *, settle_last: bool = True
) -> Lived:
    """Live the year that ends `now`. `advance` is told of each month. Raises HubFailed."""
    database = desk.database
    coalition = _coalition(database, now)
    shift = now - _ENDS
    people = years_of(HOUSEHOLDS, always=HOUSEHOLD)
    own = [_moved(each, shift) for each in people.pop(HOUSEHOLD)]
    with database.transaction() as session:
        person, member = open_member(session, Secrets(desk.settings.secret), own, coalition.parties)
        others = [_meet(session, visits, shift, coalition) for visits in people.values()]
    lived = Lived(months.closed(now), person)
    goes_on = lived.months[-1].ends if lived.months else now
    events = list(member.events(coalition))
    mine = {id(order) for order, _ in events}
    # The month that goes on belongs to the brands' own tills: of the others it has nothing.
    events += [e for one in others for e in one.events(coalition) if e[1] < goes_on]
    events.sort(key=lambda event: event[1])
    for month in lived.months:
        passed = [event for event in events if event[1] < month.ends]
        events = events[len(passed) :]
        _post(database, passed, coalition, mine, lived, count=False)
        _expire(database, month.ends - timedelta(seconds=1))
        _close(desk, month)
        if settle_last or month is not lived.months[-1]:
            _settle(hub, desk, month, now)
        advance(1)
    _post(database, [e for e in events if e[1] < now], coalition, mine, lived, count=True)
    book_a_table(database, member, coalition.parties, person, now)
    advance(1)
    return lived


def open_books(desk: OperatorDesk, now: datetime) -> None:
    """Set the zone of the books' days, and open the first window, a year before now."""
    began = months.begins(now)
    with desk.database.transaction() as session:
        session.execute(text("UPDATE exchange.setting SET zone = :zone"), {"zone": months.ZONE.key})
        exchange.store.insert_window(session, months.month_of(began), began)


def _coalition(database: Database, now: datetime) -> Coalition:
    with database.transaction() as session:
        parties = {brand.slug: registry.find(session, brand.slug).party for brand in BRANDS}
        agreed = {
            slug: terms.at(terms.of(session, party), now).issuing for slug, party in parties.items()
        }
    return Coalition(parties, agreed)


def _moved(visit: Basket, by: timedelta) -> Basket:
    return Basket(visit.number, visit.household, visit.at + by, visit.bought)


def _meet(
    session: Session, visits: Sequence[Basket], shift: timedelta, coalition: Coalition
) -> Household:
    limits = {brand.slug: DAILY_LIMIT for brand in BRANDS}
    return meet(session, [_moved(each, shift) for each in visits], coalition.parties, limits)[1]


def _post(
    database: Database,
    events: list[Event],
    coalition: Coalition,
    mine: set[int],
    lived: Lived,
    *,
    count: bool,
) -> None:
    """Hour by hour: what tills asked for in one stands in the books at its last moment."""
    slugs = {party: slug for slug, party in coalition.parties.items()}
    for at, orders in _hours(events):
        for order, outcome in zip(
            orders, ledger.post(database.hot, orders, moment=at), strict=True
        ):
            if outcome.code is not None:
                continue
            lived.journals += 1
            lived.members_own += id(order) in mine
            if count:
                _tally(lived, order, outcome.facts, slugs[order["party"]])


def _expire(database: Database, moment: datetime) -> None:
    """As the worker does every hour, with the ids of that time."""
    with database.transaction() as session:
        wallets = exchange.store.wallets_with_expired_lots(session, moment, HOUSEHOLDS + 1)
    for wallet in wallets:
        order = Order(kind="lot-expiry", id="", wallet=wallet)
        ledger.post(database.hot, [at_its_time(order, moment)[0]], moment=moment)


def _hours(events: list[Event]) -> Iterator[tuple[datetime, list[Order]]]:
    def hour(event: Event) -> datetime:
        return event[1].replace(minute=0, second=0, microsecond=0)

    for _, together in groupby(events, key=hour):
        found = list(together)
        yield found[-1][1], [order for order, _ in found]


def _tally(lived: Lived, order: Order, facts: Mapping[str, Any], slug: str) -> None:
    """As a brand's own computer counts."""
    movement = _MOVEMENTS[order["kind"]]
    points = facts["points"] - facts.get("repaid", 0)
    if movement == "clawed back":
        points = facts["taken"]
    lived.points[slug, movement] += points


def _close(desk: OperatorDesk, month: Month) -> None:
    """At its end, by the calendar."""
    with desk.at(month.ends):
        closing.close(
            desk.database,
            window=month.name,
            next_name=months.following(month.name),
            currency=desk.settings.currency,
            by="calendar",
            now=month.ends,
            signer=desk.settings.sealer,
            moment=month.ends,
        )


def _settle(hub: Hub, desk: OperatorDesk, month: Month, now: datetime) -> None:
    """Some days later, as two people would have done."""
    paid = min(month.ends + PAID_AFTER, now)
    with desk.at(paid):
        banking.collect_and_pay(desk, month.name, hub.home / "bank", paid.date())
        banking.settle(desk, month.name)
