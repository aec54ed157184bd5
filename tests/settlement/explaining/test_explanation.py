"""Explain adds up: in any coalition, from what is paid down to each movement's price."""

from dataclasses import replace

from hypothesis import given, settings

from settlement.explaining.explanation import Explanation, check, explain
from settlement.explaining.reasons import in_minor_units, reasons
from settlement.obligations import EXACT, price
from settlement.reckoning import FLOAT, HUB
from tests.settlement.explaining.worlds import BASE, World, worlds


def explained(world: World) -> list[Explanation]:
    reckoned = world.reckoned()
    figures = world.figures(reckoned)
    return [
        explain(
            party,
            world.content,
            world.terms,
            base=BASE,
            figures=figures[party],
            payments=reckoned.payments,
        )
        for party in world.currencies
    ]


@given(worlds())
def test_explain_adds_up(world: World) -> None:
    found = explained(world)
    for each in found:
        assert check(each) == []
    # Both sides of a pair tell the same, the other way round.
    sides = {(each.party, other.party): other for each in found for other in each.across}
    for (party, other), mine in sides.items():
        if other in world.currencies:
            theirs = sides[other, party]
            assert (mine.receives, mine.pays) == (theirs.pays, theirs.receives)


@given(worlds())
def test_reasons_are_the_obligations(world: World) -> None:
    """Prices, shares and parts are told apart here, and multiplied out where obligations are."""
    owed = price(world.content, world.terms, hub=HUB, float_=FLOAT)
    found = reasons(world.content, world.terms, hub=HUB, float_=FLOAT)
    assert [(r.debtor, r.creditor, r.kind, r.points, r.amount) for r in found] == [
        (o.debtor, o.creditor, o.kind, o.points, o.amount) for o in owed
    ]
    for each in found:
        assert each.exact == sum(cause.exact for cause in each.causes)
        side = (each.amount * EXACT > each.exact) - (each.amount * EXACT < each.exact)
        assert {"down": -1, "exact": 0, "up": 1}[each.rounding] == side


@settings(deadline=None)
@given(worlds())
def test_a_figure_that_was_changed_is_found(world: World) -> None:
    for each in explained(world):
        for name in ("receives", "pays", "cover", "net", "settles"):
            value = getattr(each.figures, name) + 1
            changed = replace(each, figures=replace(each.figures, **{name: value}))
            assert check(changed) != []


def test_exact_amounts_are_told_to_the_last_digit() -> None:
    assert in_minor_units(540 * EXACT) == "540"
    assert in_minor_units(-EXACT // 2) == "-0.5"
    assert in_minor_units(EXACT + 1) == "1.000000000000000001"
