"""What a default would do to everybody, both ways: shown before it is done. Nothing is written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Literal

from partners.agreement import Terms
from settlement.defaults import waterfall
from settlement.defaults.errors import NothingDue
from settlement.defaults.waterfall import Security, Share
from settlement.fx import Rate
from settlement.movements import Movement
from settlement.reckoning import FLOAT, HUB, Reckoning, Route, reckon

Method = Literal["without", "cover"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A closed window as its current revision stands, and all that it was worked out from."""

    window: str
    revision: int
    content: Sequence[Movement]
    terms: Mapping[int, Terms]
    currencies: Mapping[int, str]  # Of the partners that take part.
    rates: Mapping[str, Rate]
    base: str
    route: Route
    covers: Mapping[int, int]  # Of earlier defaults of the window.
    covered: frozenset[int]  # The partners that these were of: they bear no loss.

    def reckon(
        self, content: Sequence[Movement], covers: Mapping[int, int] | None = None
    ) -> Reckoning:
        """The window's figures, had it this content and, unless its own, these covers."""
        return reckon(
            content,
            self.terms,
            currencies=self.currencies,
            rates=self.rates,
            base=self.base,
            route=self.route,
            covers=self.covers if covers is None else covers,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One way of dealing with a default. Amounts are minor units of the hub's currency."""

    method: Method
    window: str
    revision: int  # The one that this would replace.
    party: int
    shortfall: int
    shares: tuple[Share, ...]  # Who makes it up; nobody, when it is worked out without.
    all_covers: Mapping[int, int]  # What is then added to whose net, with those of before.
    nets: Mapping[int, tuple[int, int]]  # Of everybody: before and after.
    figures: Reckoning  # As they would be.

    def content(self) -> dict[str, Any]:
        """The figures as a proposal holds them, with their hash; equal for equal figures."""
        shown = {
            "method": self.method,
            "window": self.window,
            "revision": self.revision,
            "party": self.party,
            "shortfall": self.shortfall,
            "shares": [asdict(share) for share in self.shares],
            "nets": [
                {"party": party, "before": before, "after": after}
                for party, (before, after) in sorted(self.nets.items())
            ],
        }
        plain = json.dumps(shown, sort_keys=True, separators=(",", ":"))
        return {**shown, "hash": sha256(plain.encode()).hexdigest()}


def without(day: Day, party: int) -> Outcome:
    """Everything with the partner left out. Raises NothingDue, and what `reckon` raises."""
    before = day.reckon(day.content)
    shortfall = _shortfall(before, party)
    after = day.reckon([each for each in day.content if party not in (each.issuer, each.acceptor)])
    return _outcome(day, "without", party, shortfall, (), day.covers, before, after)


def cover(day: Day, party: int, security: Security) -> Outcome:
    """What it fails to pay, made up by others. Raises NothingDue, and what `reckon` raises."""
    before = day.reckon(day.content)
    shortfall = _shortfall(before, party)
    owed = waterfall.owed_by(party, before.obligations, hub=HUB, float_=FLOAT)
    shares = waterfall.cover(
        shortfall,
        of=party,
        security=security,
        owed={other: amount for other, amount in owed.items() if other not in day.covered},
        hub=HUB,
    )
    covers = waterfall.covers(shortfall, of=party, shares=shares, hub=HUB)
    together = {
        each: day.covers.get(each, 0) + covers.get(each, 0) for each in {*day.covers, *covers}
    }
    after = day.reckon(day.content, together)
    return _outcome(day, "cover", party, shortfall, tuple(shares), together, before, after)


def _shortfall(before: Reckoning, party: int) -> int:
    """What the hub expects of the partner in its own currency: above zero."""
    net = before.positions[party].net
    if net >= 0:
        raise NothingDue(net=net)
    return -net


def _outcome(
    day: Day,
    method: Method,
    party: int,
    shortfall: int,
    shares: tuple[Share, ...],
    all_covers: Mapping[int, int],
    before: Reckoning,
    after: Reckoning,
) -> Outcome:
    return Outcome(
        method=method,
        window=day.window,
        revision=day.revision,
        party=party,
        shortfall=shortfall,
        shares=shares,
        all_covers=all_covers,
        nets={
            each: (before.positions[each].net, after.positions[each].net)
            for each in before.positions
        },
        figures=after,
    )
