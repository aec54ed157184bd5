"""The chain ladder, by hand and at random."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.finance import ladder
from settlement.finance.ladder import Curve, Vintage, curve, fitted_tail, links, project

# Points used by the end of each month since their issue, as a textbook draws it:
#
#     vintage  issued |     0     1     2     3
#     Jan       1,000 |   200   400   500   540
#     Feb       1,200 |   300   500   640
#     Mar         900 |   100   300
#     Apr       1,100 |   250
#
# Developments, each the sum of a column over the sum of the one before, of the rows that have both:
#     0 → 1   (400 + 500 + 300) / (200 + 300 + 100) = 1,200 / 600   = 2
#     1 → 2   (500 + 640) / (400 + 500)             = 1,140 / 900   = 19/15
#     2 → 3   540 / 500                                             = 27/25
JANUARY = Vintage(1000, (200, 400, 500, 540), 460)
FEBRUARY = Vintage(1200, (300, 500, 640), 560)
MARCH = Vintage(900, (100, 300), 600)
APRIL = Vintage(1100, (250,), 850)
TRIANGLE = [JANUARY, FEBRUARY, MARCH, APRIL]
FACTORS = [Fraction(2), Fraction(19, 15), Fraction(27, 25)]


def shape(**fields: object) -> Curve:
    found = curve(TRIANGLE, **{"life": 3, **fields})  # type: ignore[arg-type]
    assert found is not None
    return found


class TestByHand:
    def test_links_are_sums_of_columns(self) -> None:
        found = links(TRIANGLE)
        assert [(each.earlier, each.later, each.vintages) for each in found] == [
            (600, 1200, 3),
            (900, 1140, 2),
            (500, 540, 1),
        ]
        assert [each.factor for each in found] == FACTORS

    def test_the_share_used_by_each_age(self) -> None:
        # From the right: 1; 1 / 1.08 = 25/27; × 15/19 = 125/171; × 1/2 = 125/342.
        assert shape().developed == (
            Fraction(125, 342),
            Fraction(125, 171),
            Fraction(25, 27),
            Fraction(1),
        )

    @pytest.mark.parametrize(
        ("vintage", "ultimate"),
        [
            (JANUARY, 540),  # All of it has come.
            (FEBRUARY, 692),  # 640 × 27/25 = 691.2, up
            (MARCH, 411),  # 300 × 171/125 = 410.4, up
            (APRIL, 684),  # 250 × 342/125 = 684
        ],
    )
    def test_what_will_ever_be_used(self, vintage: Vintage, ultimate: int) -> None:
        found = project(vintage, shape())
        assert (found.ultimate, found.method) == (ultimate, "chain ladder")

    def test_a_tail_is_one_more_development(self) -> None:
        with_tail = shape(tail=Fraction(21, 20))
        assert with_tail.tail == Fraction(21, 20)
        assert project(JANUARY, with_tail).ultimate == 567  # 540 × 1.05
        assert project(FEBRUARY, with_tail).ultimate == 726  # 640 × 1.08 × 1.05 = 725.76

    def test_a_tail_that_shrinks_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 1"):
            shape(tail=Fraction(9, 10))

    def test_cape_cod_by_hand(self) -> None:
        # Used over what was issued times how far it has come, of all that has come far:
        # (540 + 640 + 300 + 250) / (1000 + 1200 × 25/27 + 900 × 125/171 + 1100 × 125/342)
        weight = 1000 + Fraction(1200 * 25, 27) + Fraction(900 * 125, 171) + Fraction(137500, 342)
        expected = 1730 / weight
        assert shape().expected == expected
        # Nothing of May was used yet: 1,000 × expected × (1 − 125/342) = 346.2, up.
        found = project(Vintage(1000, (0,), 1000), shape())
        assert (found.ultimate, found.method) == (347, "cape cod")


class TestThinData:
    def test_too_few_developments_are_no_estimate(self) -> None:
        few = [FEBRUARY, MARCH, APRIL]
        assert len(links(few)) < ladder.LEAST_LINKS
        assert curve(few, life=24) is None
        assert project(APRIL, None) == ladder.Projection(1100, "no estimate")

    def test_a_month_that_goes_on_counts_for_no_development(self) -> None:
        going_on = [
            Vintage(each.issued, each.used, each.outstanding, complete=False) for each in TRIANGLE
        ]
        assert len(links(going_on)) == 2

    def test_a_vintage_that_has_just_begun_is_worth_what_all_are(self) -> None:
        begun = Vintage(1000, (10,), 990, complete=False)
        assert project(begun, shape()).method == "cape cod"

    def test_ages_at_which_nothing_was_used_count_as_nothing(self) -> None:
        pending = [
            Vintage(1000, (0, 200, 300, 400, 450), 550),
            Vintage(1000, (0, 200, 300, 400), 600),
            Vintage(1000, (0, 200), 800),
            Vintage(1000, (0,), 1000),
        ]
        found = curve(pending, life=4)
        assert found is not None
        assert found.by(0) == 0
        assert found.by(1) == Fraction(200, 450)
        assert project(pending[3], found).method == "cape cod"

    def test_all_expired_needs_no_estimate(self) -> None:
        assert project(Vintage(100, (30, 40), 0), None) == ladder.Projection(40, "run off")


class TestTail:
    def test_nothing_is_left_to_come_when_all_has_expired(self) -> None:
        assert fitted_tail(FACTORS, 3) == ()

    def test_additions_that_halve_go_on_halving(self) -> None:
        halving = [1 + Fraction(1, 2**n) for n in range(1, 5)]
        ahead = fitted_tail(halving, 6)
        assert ahead is not None
        assert [float(each) for each in ahead] == pytest.approx([1 + 1 / 32, 1 + 1 / 64], abs=2e-6)

    def test_additions_that_grow_fit_nothing(self) -> None:
        assert fitted_tail([Fraction(11, 10), Fraction(12, 10), Fraction(13, 10)], 9) is None

    def test_two_are_not_enough(self) -> None:
        assert fitted_tail([Fraction(2), Fraction(3, 2)], 9) is None

    def test_a_curve_that_has_gone_flat_stays_flat(self) -> None:
        gone = [Fraction(2), Fraction(3, 2), *[Fraction(1)] * 3]
        assert fitted_tail(gone, 7) == (Fraction(1), Fraction(1))
        assert fitted_tail(gone[:-1], 7) is None


@st.composite
def triangles(draw: st.DrawFn) -> list[Vintage]:
    """Vintages one month apart, each used up more and more, never more than was issued."""
    ages = draw(st.integers(1, 9))
    complete = draw(st.booleans())
    found = []
    for age in range(ages, 0, -1):
        issued = draw(st.integers(1, 10_000))
        steps = draw(st.lists(st.integers(0, issued), min_size=age, max_size=age))
        used = tuple(sorted(steps))
        outstanding = draw(st.integers(0, issued - used[-1]))
        found.append(Vintage(issued, used, outstanding, complete))
    return found


class TestAtRandom:
    @given(triangles(), st.integers(0, 30))
    def test_between_what_was_used_and_what_can_be(self, found: list[Vintage], life: int) -> None:
        common = curve(found, life=life)
        for vintage in found:
            ultimate = project(vintage, common).ultimate
            assert vintage.used[-1] <= ultimate <= vintage.used[-1] + vintage.outstanding

    @given(triangles(), st.integers(0, 30))
    def test_a_curve_only_rises_and_ends_at_one(self, found: list[Vintage], life: int) -> None:
        common = curve(found, life=life)
        if common is not None:
            assert list(common.developed) == sorted(common.developed)
            assert common.developed[-1] == 1 >= common.expected > 0

    @given(triangles(), st.integers(2, 50))
    def test_does_not_depend_on_the_unit(self, found: list[Vintage], times: int) -> None:
        larger = [
            Vintage(
                each.issued * times,
                tuple(used * times for used in each.used),
                each.outstanding * times,
                each.complete,
            )
            for each in found
        ]
        assert (small := curve(found, life=12)) is None or (
            (large := curve(larger, life=12)) is not None
            and small.developed == large.developed
            and small.expected == large.expected
        )

    @given(st.lists(st.integers(1, 99), min_size=4, max_size=8), st.integers(1, 9))
    def test_vintages_that_are_alike_are_foretold_exactly(
        self, steps: list[int], size: int
    ) -> None:
        """Each month the same curve: the ladder must find the end of every one."""
        whole = [sum(steps[: age + 1]) for age in range(len(steps))]
        found = [
            Vintage(1000 * size, tuple(used * size for used in whole[: len(steps) - late]), 10**6)
            for late in range(len(steps))
        ]
        common = curve(found, life=len(steps) - 1)
        assert common is not None
        for vintage in found:
            if common.by(vintage.known - 1) >= ladder.CREDIBLE:
                assert project(vintage, common).ultimate == whole[-1] * size
