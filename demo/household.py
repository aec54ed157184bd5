"""A household of the year before: who it is to the brands, and what their tills asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.store
import members.store
from demo.baskets import Basket
from demo.brands import BY_SLUG, CENTS_PER_POINT
from demo.chance import choose, happens
from exchange import acceptance, issuing, links, returns
from exchange.issuing import IssuingTerms
from exchange.orders import Order
from kit.ids import uuid7

DAILY_LIMIT = 2_000
Event = tuple[Order, datetime]


@dataclass(frozen=True, slots=True)
class Coalition:
    """The brands' parties, and what each agreed on issuing, by slug."""

    parties: Mapping[str, int]
    agreed: Mapping[str, IssuingTerms]


@dataclass(frozen=True, slots=True)
class Household:
    """`links` is what each brand calls the member, `limits` what it may spend there a day."""

    visits: Sequence[Basket]
    links: Mapping[str, UUID]
    limits: Mapping[str, int]

    def events(self, coalition: Coalition) -> Iterator[Event]:
        """What the tills asked for, and when; not in order of time."""
        points = 0
        for visit in self.visits:
            earned: dict[str, Order] = {}
            for brand, cents in visit.bought:
                if amount := cents // CENTS_PER_POINT:
                    accrued = issuing.accrue(
                        party=coalition.parties[brand],
                        link=self.links[brand],
                        points=amount,
                        reference=f"Y-{visit.number}-{brand}",
                        terms=coalition.agreed[brand],
                    )
                    points += amount
                    earned[brand], _ = event = at_its_time(accrued, visit.at)
                    yield event
            if earned and happens(40, "comes back", visit.number):
                brand, order = next(iter(earned.items()))
                amount = max(1, order["points"] // 3)
                points -= amount
                clawed_back = returns.claw_back(
                    party=coalition.parties[brand],
                    transaction=UUID(order["id"]),
                    reference=f"Y-{visit.number}-back",
                    points=amount,
                )
                yield at_its_time(clawed_back, visit.at + timedelta(days=2))
            brand = self._choose(visit)
            wanted = min(points // 2, self.limits[brand]) // 10 * 10
            if wanted >= 100 and happens(150, "spends", visit.number):
                points -= wanted
                yield from self._spend(coalition.parties[brand], brand, wanted, visit)

    def _choose(self, visit: Basket) -> str:
        """Where the member would spend after a visit."""
        return choose({slug: BY_SLUG[slug].appeal for slug in self.limits}, "where", visit.number)

    def _spend(self, party: int, brand: str, points: int, visit: Basket) -> Iterator[Event]:
        at = visit.at + timedelta(hours=3)
        redeemed = acceptance.redeem(
            party=party,
            link=self.links[brand],
            code=None,
            points=points,
            reference=f"Y-{visit.number}-till",
        )
        spent, _ = event = at_its_time(redeemed, at)
        yield event
        if happens(100, "is refunded", visit.number):
            refunded = returns.refund(
                party=party,
                transaction=UUID(spent["id"]),
                reference=f"Y-{visit.number}-refund",
                points=points // 4,
            )
            yield at_its_time(refunded, at + timedelta(days=1))


def at_its_time(order: Order, at: datetime) -> Event:
    """The order with the id that it would have had then: ids are sorted by time."""
    id_ = uuid7().int & ((1 << 80) - 1) | int(at.timestamp() * 1000) << 80
    order["id"] = str(UUID(int=id_))
    return order, at


def meet(
    session: Session,
    visits: Sequence[Basket],
    parties: Mapping[str, int],
    limits: Mapping[str, int],
    *,
    sees: str = "",
) -> tuple[UUID, Household]:
    """A member with an empty wallet, known to the brands of its visits, and to those where it may
    spend; `sees` is the brand that may see the balance."""
    began = visits[0].at
    first = dict.fromkeys(limits, began) | {
        brand: visit.at for visit in reversed(visits) for brand, _ in visit.bought
    }
    wallet = exchange.store.insert_wallet(session, began)
    member = uuid7()
    enrolled = {"party": parties["harvest"], "now": began}
    members.store.insert_member(session, {"id": member, "wallet": wallet, **enrolled})
    known = {}
    for brand, at in first.items():
        known[brand], _ = links.link(
            session,
            party=parties[brand],
            wallet=wallet,
            daily_limit=limits.get(brand, 0),
            shares_balance=brand == sees,
            now=at,
        )
    return member, Household(visits, known, limits)
