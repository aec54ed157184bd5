"""Loops of conversions: found when they gain, whatever hides them, and never where none does."""

import time
from fractions import Fraction
from itertools import islice, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.arbitrage import (
    SHARED,
    Conditions,
    Loop,
    Way,
    best,
    export_way,
    find_loop,
    import_way,
    outside_way,
)
from exchange.rules import MILLION, Ratio, charge, convert


def conditions(
    theirs: int, ours: int, *, fee: int = 0, minimum: int = 1, step: int = 1, cap: int | None = None
) -> Conditions:
    ratio = Ratio(theirs=theirs, ours=ours, fee_ppm=fee)
    return Conditions(ratio=ratio, minimum=minimum, step=step, daily_cap=cap)


def into(party: str, theirs: int, ours: int, **fields: int) -> Way:
    return import_way(party, f"{party} in", conditions(theirs, ours, **fields))


def out_of(party: str, theirs: int, ours: int, **fields: int) -> Way:
    return export_way(party, f"{party} out", conditions(theirs, ours, **fields))


def others(source: str, target: str, gives: int, gets: int, minimum: int = 1, step: int = 1) -> Way:
    return outside_way(source, target, "others", gives=gives, gets=gets, minimum=minimum, step=step)


def walk(loop: Loop) -> int:
    """What the loop's own steps make of what it starts with, checked step by step."""
    amount = loop.starts_with
    for step, following in zip(loop.steps, [*loop.steps[1:], loop.steps[0]], strict=True):
        assert step.way.target == following.way.source
        assert step.gives * step.times <= amount
        assert (step.gives, step.gets) in islice(step.way.amounts(), 1000)
        amount = step.gets * step.times
    return amount


class TestFindLoop:
    def test_there_and_back_alike_gains_nothing_in_whole_steps(self) -> None:
        assert find_loop([into("a", 10, 3, step=10), out_of("a", 10, 3, step=10)]) is None

    def test_there_and_back_at_a_better_rate(self) -> None:
        loop = find_loop([into("a", 10, 4, step=10), out_of("a", 10, 3, step=10)])
        assert loop is not None
        assert loop.gain_ppm == 333_333
        assert walk(loop) == loop.ends_with > loop.starts_with
        assert str(loop) == (
            "1 × (3 points → 10 a) by a out; 1 × (10 a → 4 points) by a in: 3 points → 4"
        )

    def test_a_fee_takes_the_gain(self) -> None:
        ways = [into("a", 10, 4, step=10), out_of("a", 1000, 300, step=1000, fee=255_000)]
        assert find_loop(ways) is None
        ways = [into("a", 10, 4, step=10), out_of("a", 1000, 300, step=1000, fee=250_000)]
        assert find_loop(ways) is not None

    def test_a_loop_of_rounding_alone(self) -> None:
        small = [into("a", 10, 3), out_of("a", 10, 3, step=10)]
        loop = find_loop(small)
        assert loop is not None
        assert "(1 a → 1 points)" in str(loop)
        assert find_loop([into("a", 10, 3, minimum=10, step=10), small[1]]) is None

    def test_a_minimum_leaves_rounding_less_to_gain(self) -> None:
        back = out_of("a", 10, 3, step=10, fee=20_000, minimum=1000)
        assert find_loop([into("a", 10, 3, minimum=1), back]) is not None
        assert find_loop([into("a", 10, 3, minimum=1001), back]) is None

    def test_three_steps_hidden_behind_pairs_that_lose(self) -> None:
        ways = [
            into("air", 100, 52, step=100),
            out_of("air", 100, 55, step=100),
            into("bank", 100, 80, step=100),
            out_of("bank", 100, 84, step=100),
            others("air", "bank", 100, 70, minimum=1000, step=100),
        ]
        loop = find_loop(ways)
        assert loop is not None
        assert [step.way.target for step in loop.steps] == ["air", "bank", SHARED]
        assert walk(loop) == loop.ends_with > loop.starts_with
        assert (
            loop.gain_ppm
            == (Fraction(100, 55) * Fraction(7, 10) * Fraction(8, 10) - 1) * MILLION // 1
        )
        assert find_loop([*ways[:4], others("air", "bank", 100, 68)]) is None

    def test_a_loop_through_money(self) -> None:
        ways = [into("a", 1, 2), others("CNY", "a", 100, 90), others(SHARED, "CNY", 3, 2)]
        assert find_loop(ways) is not None
        assert find_loop(ways[:2]) is None

    def test_a_daily_cap_is_told_and_holds_amounts_down(self) -> None:
        ways = [into("a", 10, 4, step=10, cap=50), out_of("a", 10, 3, step=10)]
        assert "at most 50 a day" in str(find_loop(ways))
        assert find_loop([into("a", 10, 4, step=10, cap=9), ways[1]]) is None

    def test_an_import_of_more_than_any_order_carries_is_none(self) -> None:
        ways = [into("a", 1, 1000, minimum=10**10), out_of("a", 1, 1)]
        assert find_loop(ways) is None


rates = st.builds(
    conditions,
    st.integers(1, 12),
    st.integers(1, 12),
    fee=st.sampled_from([0, 1, 50_000, 250_000, 333_333]),
    minimum=st.integers(1, 9),
    step=st.sampled_from([1, 1, 2, 3, 5]),
    cap=st.sampled_from([None, None, 7, 40]),
)
FAR = 600


def tried(way: Way, rate: Conditions) -> Fraction:
    """The best of all small amounts, one after another; nothing when none is allowed."""
    found = Fraction(0)
    for theirs in range(rate.minimum, FAR):
        if theirs % rate.step or (rate.daily_cap is not None and theirs > rate.daily_cap):
            continue
        if way.target == SHARED:
            found = max(found, Fraction(convert(theirs, rate.ratio)[0], theirs))
        else:
            found = max(found, Fraction(theirs, charge(theirs, rate.ratio)))
    return found


@given(rates, st.booleans())
def test_the_best_is_that_of_trying_every_amount(rate: Conditions, imports: bool) -> None:
    way = (import_way if imports else export_way)("a", "a", rate)
    found = best(way, FAR)
    if found is None:
        assert tried(way, rate) == 0
    else:
        # What is best beyond the amounts tried here is at least as good as what was tried.
        assert found.ratio >= tried(way, rate)
        assert found.ratio == tried(way, rate) or found.gives >= FAR // 2


@settings(deadline=None)  # Trying every amount takes as long as it takes.
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), rates), max_size=5),
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "CNY", SHARED]),
            st.sampled_from(["a", "b", "c", "CNY", SHARED]),
            st.integers(1, 9),
            st.integers(1, 9),
        ).filter(lambda each: each[0] != each[1]),
        max_size=4,
    ),
)
def test_a_loop_is_found_just_where_trying_all_finds_one(
    agreed: list[tuple[str, bool, Conditions]], known: list[tuple[str, str, int, int]]
) -> None:
    ratios: dict[tuple[str, str], Fraction] = {}
    ways = []
    for party, imports, rate in agreed:
        way = (import_way if imports else export_way)(party, party, rate)
        ways.append(way)
        pair = (way.source, way.target)
        ratios[pair] = max(ratios.get(pair, Fraction(0)), tried(way, rate))
    for source, target, gives, gets in known:
        ways.append(others(source, target, gives, gets))
        ratios[source, target] = max(
            ratios.get((source, target), Fraction(0)), Fraction(gets, gives)
        )
    gains = False
    for size in range(2, 6):
        for kinds in permutations(["a", "b", "c", "CNY", SHARED], size):
            product = Fraction(1)
            for pair in zip(kinds, (*kinds[1:], kinds[0]), strict=True):
                product *= ratios.get(pair, Fraction(0))
            gains = gains or product > 1
    loop = find_loop(ways)
    assert (loop is not None) == gains
    if loop is not None:
        assert walk(loop) == loop.ends_with > loop.starts_with


@pytest.mark.parametrize("dearer", [1, 3])
@pytest.mark.parametrize("least", [100, 1000])
def test_two_hundred_partners_within_a_second(least: int, dearer: int) -> None:
    ways = []
    for number in range(200):
        theirs, ours = 10 + number, 3 + number % 7
        step = theirs if dearer == 1 else 1  # Alike both ways: no gain as nothing is rounded.
        ways.append(into(f"{number}", theirs, ours, minimum=least, step=step))
        ways.append(out_of(f"{number}", theirs, dearer * ours, minimum=least, step=theirs))
        ways.append(others(f"{number}", f"{(number + 1) % 200}", 100, 1))
    started = time.process_time()
    assert find_loop(ways) is None
    assert time.process_time() - started < 1
