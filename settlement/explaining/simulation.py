"""A closed window under other terms, rates or policies: who would have paid what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from partners.agreement import MILLION, Terms
from settlement.explaining.errors import ScenarioRefused
from settlement.explaining.explanation import Figures
from settlement.explaining.kept import Kept
from settlement.fx import Rate
from settlement.reckoning import FLOAT, HUB, Reckoning, Route, reckon

_FIXED = {"id", "party"}
CHANGEABLE = tuple(each.name for each in fields(Terms) if each.name not in _FIXED)
_POLICIES = {"redemption": 0, "issuance": MILLION}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """What would have been otherwise: fields of all terms of a party, rates by
    currency, and the route of the money.

    A changed policy holds for every point of the window, whenever it was issued: what it would
    have brought into the float before the window is no part of it.
    """

    terms: Mapping[int, Mapping[str, Any]]
    rates: Mapping[str, Rate]
    route: Route | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A party's figures as they were and as they would have been."""

    party: int
    before: Figures
    after: Figures

    @property
    def net_change(self) -> int:
        """In minor units of the hub's currency; positive when the party would be better off."""
        return self.after.net - self.before.net

    @property
    def change(self) -> int | None:
        """In minor units of its own; None when that would be another currency."""
        if self.after.currency != self.before.currency:
            return None
        return self.after.settles - self.before.settles


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """All figures as they would have been, and everybody's beside what they were."""

    reckoning: Reckoning
    outcomes: Sequence[Outcome]


def policy(word: str) -> int:
    """The prefunded share of `redemption`, `issuance` or `split:PPM`. Raises ScenarioRefused."""
    share = word.removeprefix("split:")
    if word in _POLICIES:
        return _POLICIES[word]
    if share != word and share.isdecimal() and int(share) <= MILLION:
        return int(share)
    raise ScenarioRefused(f"{word} is no policy: redemption, issuance or split:PPM")


def replay(kept: Kept, scenario: Scenario) -> Replayed:
    """The window's settlement under a scenario; what was made good for others stays as it was.

    Raises ScenarioRefused for what no terms could be, FxRateMissing.
    """
    rates = {**kept.rates, **scenario.rates}
    currencies = {
        party: str(scenario.terms.get(party, {}).get("currency", each.currency))
        for party, each in kept.figures.items()
        if party not in (HUB, FLOAT)
    }
    reckoned = reckon(
        kept.settled,
        {number: _changed(each, scenario) for number, each in kept.terms.items()},
        currencies=currencies,
        rates=rates,
        base=kept.base,
        route=scenario.route or kept.route,
        covers=kept.covers,
    )
    outcomes = [
        Outcome(
            party=party,
            before=before,
            after=_figures(reckoned, party, rates),
        )
        for party, before in sorted(kept.figures.items())
    ]
    return Replayed(reckoning=reckoned, outcomes=outcomes)


def _figures(reckoned: Reckoning, party: int, rates: Mapping[str, Rate]) -> Figures:
    position, fixed = reckoned.positions[party], reckoned.fixed[party]
    return Figures(
        receives=position.receives,
        pays=position.pays,
        cover=position.cover,
        net=position.net,
        currency=fixed.currency,
        rate=rates[fixed.currency] if fixed.currency != reckoned.base else None,
        settles=fixed.settled,
    )


def _changed(agreed: Terms, scenario: Scenario) -> Terms:
    changes = scenario.terms.get(agreed.party)
    if not changes:
        return agreed
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise ScenarioRefused(f"{unknown[0]} is nothing that prices: {', '.join(CHANGEABLE)}")
    for name, value in changes.items():
        if not isinstance(value, str if name == "currency" else int) or isinstance(value, bool):
            raise ScenarioRefused(f"{name} cannot be {value!r}")
    try:
        return replace(agreed, **changes)
    except ValueError as error:
        raise ScenarioRefused(str(error)) from error
