"""A household's month, planned from its baskets: what it earns, spends, imports and brings back.

Pure and exact: the plan follows the member's points, so the hub has no reason to refuse any step
but those that are meant to be refused.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import groupby

from demo.baskets import ENDS, Basket
from demo.brands import BRANDS, BY_SLUG, CENTS_PER_POINT, Rate
from demo.chance import choose, draw, happens
from demo.steps import Kind, Step, Way

SPENDS_AFTER = 220  # Of a thousand baskets; nothing comes of it when the points are too few.
LEAST_SPEND = 50
RETURNS = 20  # Of a thousand accruals, and of a thousand spends.
IMPORTS = 130  # Of a thousand visits to a brand whose own points can be brought in.
REPEATS = 10  # Of a thousand accruals.
OVERDRAFT = 100_000  # More than anybody earns in the month.
_WAYS = {"mandate": 52, "code": 15, "capture": 25, "void": 5, "overdraw": 3}


def plan(baskets: Iterable[Basket]) -> dict[int, list[Step]]:
    """Every household's steps in order of time."""
    by_household = sorted(baskets, key=lambda basket: (basket.household, basket.at, basket.number))
    return {
        household: _Month(household, list(visits)).steps
        for household, visits in groupby(by_household, key=lambda basket: basket.household)
    }


class _Month:
    """One household's month. Events wait in order of time; each may bring about later ones."""

    def __init__(self, household: int, visits: list[Basket]) -> None:
        self.steps: list[Step] = []
        self._household = household
        self._points = 0  # Less what the member owes: never more than can be spent.
        self._known: set[str] = set()  # The brands that know the member already.
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = [
            (visit.at, order, partial(self._shop, visit)) for order, visit in enumerate(visits)
        ]
        self._order = len(visits)
        heapify(self._events)
        while self._events:
            at, _, happen = heappop(self._events)
            happen(at)

    def _shop(self, basket: Basket, at: datetime) -> None:
        for brand, cents in basket.bought:
            points = cents // CENTS_PER_POINT
            if points == 0:
                continue
            reference = f"{basket.number}-{brand}"
            way: Way = "repeat" if happens(REPEATS, "repeat", reference) else ""
            earned = self._do("accrual", at, brand, reference, points=points, way=way)
            self._may_come_back(earned)
            rate = BY_SLUG[brand].imports
            if rate and happens(IMPORTS, "import", reference):
                self._import(at, brand, reference, rate)
        if happens(SPENDS_AFTER, "spend", basket.number):
            pause = timedelta(minutes=20 + draw(600, "pause", basket.number))
            self._later(at, pause, partial(self._spend, basket))

    def _import(self, at: datetime, brand: str, visit: str, rate: Rate) -> None:
        theirs = rate.step * (5 + draw(60, "theirs", visit))
        way: Way = "quote" if happens(500, "quote", visit) else ""
        points = rate.points(theirs)
        self._do("import", at, brand, f"{visit}-in", points=points, theirs=theirs, way=way)

    def _spend(self, after: Basket, at: datetime) -> None:
        share = 30 + draw(61, "share", after.number)
        points = self._points * share // 1000 * 10
        brand = self._choose_brand(after)
        if points < LEAST_SPEND or brand is None:
            return
        way, captured = choose(_WAYS, "way", after.number), 0
        if way == "capture":
            captured = points if happens(600, "whole", after.number) else points * 3 // 4
        if way == "overdraw":
            points += OVERDRAFT
        reference = f"{after.number}-till"
        spent = self._do("spend", at, brand, reference, points=points, captured=captured, way=way)
        if spent.moves:
            self._may_come_back(spent)

    def _choose_brand(self, after: Basket) -> str | None:
        """Another brand than those of the basket, rather one that knows the member."""
        there = {brand for brand, _ in after.bought}
        weights = {
            brand.slug: brand.appeal * (3 if brand.slug in self._known else 1)
            for brand in BRANDS
            if brand.slug not in there
        }
        return choose(weights, "where", after.number) if weights else None

    def _may_come_back(self, step: Step) -> None:
        if happens(RETURNS, "return", step.reference):
            days = timedelta(days=1 + draw(9, "days", step.reference))
            self._later(step.at, days, partial(self._bring_back, step))

    def _bring_back(self, step: Step, at: datetime) -> None:
        points = abs(step.moves)
        if happens(350, "partly", step.reference):
            points = max(1, points * (20 + draw(60, "part", step.reference)) // 100)
        kind: Kind = "clawback" if step.moves > 0 else "refund"
        back = f"{step.reference}-back"
        self._do(kind, at, step.brand, back, points=points, undoes=step.reference)

    def _do(
        self,
        kind: Kind,
        at: datetime,
        brand: str,
        reference: str,
        *,
        points: int = 0,
        captured: int = 0,
        theirs: int = 0,
        undoes: str = "",
        way: str = "",
    ) -> Step:
        """Plan a step. The first brand enrols the member; later ones get a token from a brand
        that knows the member."""
        if brand not in self._known:
            meet: Kind = "link" if self._known else "enrol"
            self._known.add(brand)
            self._do(meet, at, brand, f"household-{self._household}")
        step = Step(
            kind=kind,
            at=at,
            brand=brand,
            household=self._household,
            reference=reference,
            points=points,
            captured=captured,
            theirs=theirs,
            undoes=undoes,
            way=way,
        )
        self._points += step.moves
        self.steps.append(step)
        return step

    def _later(self, at: datetime, wait: timedelta, happen: Callable[[datetime], None]) -> None:
        """What would fall into February happens in what is left of January instead."""
        heappush(self._events, (at + min(wait, (ENDS - at) / 2), self._order, happen))
        self._order += 1
