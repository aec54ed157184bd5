"""One member with a year of history, to sign in as: a real household's year, moved to end today.

What happened before the hub was started cannot have been signed then, so it is written into the
books by the hub itself, at the times at which it happened, in a window of its own before the month.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.store
import members.store
from demo.baskets import Basket, year_of
from demo.brands import BRANDS, CENTS_PER_POINT
from demo.chance import draw, happens
from exchange import acceptance, expiry, issuing, ledger, links, returns
from exchange.issuing import IssuingTerms
from exchange.orders import Order
from kit.database import Database
from kit.ids import uuid7
from kit.secrets import Secrets
from members.people import persons
from members.trust import standing
from partners import registry, terms

HOUSEHOLD = 99  # Which visits every brand.
WINDOW = "earlier"
NUMBER, NAME = "+8613800138000", "王小明 Wang Xiaoming"
_ENDS = datetime(2018, 1, 1, tzinfo=UTC)
_DAILY_LIMITS = {"harvest": 2_000, "lantern": 500, "northway": 1_000}


@dataclass(frozen=True, slots=True)
class Lived:
    """Who it was, and how much happened."""

    person: UUID
    journals: int


def open_earlier(session: Session, now: datetime) -> None:
    """Open the books a year before now."""
    exchange.store.insert_window(session, WINDOW, now - timedelta(days=366))


def live_a_year(database: Database, secrets_: Secrets, now: datetime) -> Lived:
    """Let the household shop for the year before `now`; the member can sign in afterwards."""
    shift = now - _ENDS
    visits = [
        Basket(each.number, each.household, each.at + shift, each.bought)
        for each in year_of(HOUSEHOLD)
    ]
    with database.transaction() as session:
        parties = {brand.slug: registry.find(session, brand.slug).party for brand in BRANDS}
        agreed = {
            slug: terms.at(terms.of(session, party), now).issuing for slug, party in parties.items()
        }
        person, known = _open(session, secrets_, visits, parties)
    done = 0
    events = sorted(_orders(visits, parties, agreed, known), key=lambda event: event[1])
    for order, at in events:
        outcome = ledger.post(database.hot, [order], moment=at)[0]
        done += outcome.code is None
    expiry.expire_lots(database)
    order = acceptance.authorise(
        party=parties["lantern"],
        link=known["lantern"],
        code=None,
        points=120,
        reference="Y-tonight",
        online=True,
    )
    done += ledger.post(database.hot, [order])[0].code is None  # A table for tonight.
    with database.transaction() as session:
        standing.rate(session, [person], now)
    return Lived(person, done)


def _open(
    session: Session, secrets_: Secrets, visits: list[Basket], parties: dict[str, int]
) -> tuple[UUID, dict[str, UUID]]:
    """The person, and what each brand calls the member since the first visit there."""
    first = {brand: visit.at for visit in reversed(visits) for brand, _ in visit.bought}
    wallet = exchange.store.insert_wallet(session, visits[0].at)
    member = uuid7()
    began = {"party": parties["harvest"], "now": visits[0].at}
    members.store.insert_member(session, {"id": member, "wallet": wallet, **began})
    person = persons.open_person(
        session, secrets_, NUMBER, member=member, name=NAME, now=visits[0].at
    )
    known = {}
    for brand, at in first.items():
        known[brand], _ = links.link(
            session,
            party=parties[brand],
            wallet=wallet,
            daily_limit=_DAILY_LIMITS.get(brand, 0),
            shares_balance=brand == "harvest",
            now=at,
        )
    return person, known


def _orders(
    visits: list[Basket],
    parties: dict[str, int],
    agreed: dict[str, IssuingTerms],
    known: dict[str, UUID],
) -> Iterator[tuple[Order, datetime]]:
    """What the tills of the year asked for, and when."""
    points = 0
    for visit in visits:
        earned: dict[str, Order] = {}
        for brand, cents in visit.bought:
            if amount := cents // CENTS_PER_POINT:
                order = earned[brand] = issuing.accrue(
                    party=parties[brand],
                    link=known[brand],
                    points=amount,
                    reference=f"Y-{visit.number}-{brand}",
                    terms=agreed[brand],
                )
                points += amount
                yield order, visit.at
        if earned and happens(40, "comes back", visit.number):
            brand, order = next(iter(earned.items()))
            amount = max(1, order["points"] // 3)
            points -= amount
            yield (
                returns.claw_back(
                    party=parties[brand],
                    transaction=UUID(order["id"]),
                    reference=f"Y-{visit.number}-back",
                    points=amount,
                ),
                visit.at + timedelta(days=2),
            )
        brand = ("lantern", "northway", "harvest")[draw(3, "where", visit.number)]
        wanted = min(points // 2, _DAILY_LIMITS[brand]) // 10 * 10
        if brand in known and wanted >= 100 and happens(150, "spends", visit.number):
            points -= wanted
            yield from _spend(parties[brand], known[brand], wanted, visit)


def _spend(party: int, link: UUID, points: int, visit: Basket) -> Iterator[tuple[Order, datetime]]:
    at = visit.at + timedelta(hours=3)
    spent = acceptance.redeem(
        party=party, link=link, code=None, points=points, reference=f"Y-{visit.number}-till"
    )
    yield spent, at
    if happens(100, "is refunded", visit.number):
        yield (
            returns.refund(
                party=party,
                transaction=UUID(spent["id"]),
                reference=f"Y-{visit.number}-refund",
                points=points // 4,
            ),
            at + timedelta(days=1),
        )
