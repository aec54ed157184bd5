"""A replay under the same terms is the settlement itself; under others it sums to zero as well."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partners.agreement import MILLION
from settlement.explaining.errors import ScenarioRefused
from settlement.explaining.kept import Kept
from settlement.explaining.simulation import Scenario, policy, replay
from settlement.reckoning import Route, reckon
from settlement.store import Window
from tests.settlement.explaining.worlds import BASE, RATES, World, worlds

AS_IT_WAS = Scenario(terms={}, rates={})
ROUTES = st.sampled_from(["hub", "direct"])


def as_kept(world: World, route: Route) -> Kept:
    """What closing would have kept of a world."""
    reckoned = reckon(
        world.content,
        world.terms,
        currencies=world.currencies,
        rates=RATES,
        base=BASE,
        route=route,
    )
    nothing: dict[str, Any] = dict.fromkeys(Window.__slots__)
    window = nothing | {"name": "2026-11", "state": "closed", "opened_at": datetime.now(UTC)}
    return Kept(
        window=Window(**window),
        base=BASE,
        route=route,
        settled=world.content,
        left_out=[],
        brought_in=[],
        terms=world.terms,
        figures=world.figures(reckoned),
        obligations=reckoned.obligations,
        payments=reckoned.payments,
    )


@given(worlds(), ROUTES)
def test_unchanged_terms_reproduce_the_settlement(world: World, route: Route) -> None:
    kept = as_kept(world, route)
    found = replay(kept, AS_IT_WAS)
    assert list(found.reckoning.obligations) == list(kept.obligations)
    assert list(found.reckoning.payments) == list(kept.payments)
    assert [each.party for each in found.outcomes] == sorted(kept.figures)
    for each in found.outcomes:
        assert each.after == each.before
        assert (each.net_change, each.change) == (0, 0)


@given(worlds(), ROUTES, st.data())
def test_other_terms_sum_to_zero_too(world: World, route: Route, data: st.DataObject) -> None:
    party = data.draw(st.sampled_from(sorted(world.currencies)))
    changes = {
        "issue_price": data.draw(st.integers(0, 3 * MILLION)),
        "prefunded_ppm": data.draw(st.integers(0, MILLION)),
    }
    found = replay(as_kept(world, "hub"), Scenario(terms={party: changes}, rates={}, route=route))
    assert sum(each.net_change for each in found.outcomes) == 0
    changed = {
        number: replace(each, **changes) if each.party == party else each
        for number, each in world.terms.items()
    }
    itself = replay(as_kept(replace(world, terms=changed), route), AS_IT_WAS)
    assert found.reckoning == itself.reckoning


class TestScenario:
    def test_policies(self) -> None:
        assert [policy(word) for word in ("redemption", "issuance", "split:250000")] == [
            0,
            MILLION,
            250_000,
        ]

    @pytest.mark.parametrize("word", ["split", "split:", "split:1000001", "split:-1", "prepaid"])
    def test_refuses_what_is_no_policy(self, word: str) -> None:
        with pytest.raises(ScenarioRefused):
            policy(word)

    @pytest.mark.parametrize(
        "changes",
        [{"party": 3}, {"cap": 1}, {"issue_price": -1}, {"fee_ppm": 1.5}, {"fee_ppm": True},
         {"currency": 3}, {"prefunded_ppm": MILLION + 1}],
    )  # fmt: skip
    @settings(max_examples=3)
    @given(world=worlds())
    def test_refuses_what_no_terms_could_be(self, world: World, changes: dict[str, Any]) -> None:
        party = min(world.currencies)
        with pytest.raises(ScenarioRefused):
            replay(as_kept(world, "hub"), Scenario(terms={party: changes}, rates={}))
