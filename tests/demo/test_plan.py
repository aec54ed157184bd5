"""The demonstration's plan: the same every time, whole, and possible."""

from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from demo.baskets import ENDS, OPENS, Basket, January, january
from demo.brands import BRANDS, CENTS_PER_POINT, brand_of
from demo.plan import plan
from demo.replay import shards
from demo.steps import Step


@pytest.fixture(scope="module")
def month() -> January:
    return january()


@pytest.fixture(scope="module")
def planned(month: January) -> dict[int, list[Step]]:
    return plan(month.baskets)


class TestPlan:
    def test_is_the_same_whatever_the_order_it_is_told_in(self, month, planned):
        assert plan(reversed(month.baskets)) == planned

    def test_another_household_changes_nothing_for_this_one(self, month, planned):
        household = month.baskets[0].household
        alone = plan(basket for basket in month.baskets if basket.household == household)
        assert alone == {household: planned[household]}

    def test_every_basket_earns_once_at_each_of_its_brands(self, month, planned):
        due = Counter(
            (f"{basket.number}-{brand}", brand, basket.household, cents // CENTS_PER_POINT)
            for basket in month.baskets
            for brand, cents in basket.bought
            if cents >= CENTS_PER_POINT
        )
        earned = Counter(
            (step.reference, step.brand, step.household, step.points)
            for step in _all(planned)
            if step.kind == "accrual"
        )
        assert earned == due

    def test_every_household_lives_in_order_of_time_within_january(self, planned):
        for steps in planned.values():
            times = [step.at for step in steps]
            assert times == sorted(times)
            assert all(OPENS <= at < ENDS for at in times)

    def test_nobody_spends_what_is_not_there_yet(self, planned):
        for steps in planned.values():
            points = 0
            for step in steps:
                if step.kind == "spend" and step.way != "overdraw":
                    assert 0 < step.captured <= step.points or not step.captured
                    assert step.points <= points
                points += step.moves

    def test_an_overdraft_asks_for_more_than_there_can_be(self, planned):
        for steps in planned.values():
            earned = sum(step.points for step in steps if step.kind in ("accrual", "import"))
            overdrafts = [step.points for step in steps if step.way == "overdraw"]
            assert all(points > earned for points in overdrafts)

    def test_a_brand_knows_the_member_before_it_deals_with_it(self, planned):
        for steps in planned.values():
            known: set[str] = set()
            for step in steps:
                assert (step.kind == "enrol") == (not known)
                assert (step.brand in known) == (step.kind not in ("enrol", "link"))
                known.add(step.brand)

    def test_goods_come_back_after_they_were_bought_and_never_twice(self, planned):
        for steps in planned.values():
            seen: dict[str, Step] = {}
            undone: Counter[str] = Counter()
            for step in steps:
                if step.kind in ("refund", "clawback"):
                    first = seen[step.undoes]
                    assert first.at < step.at
                    assert first.brand == step.brand
                    assert 0 < step.points <= abs(first.moves)
                    undone[step.undoes] += 1
                seen[step.reference] = step
            assert all(times == 1 for times in undone.values())

    def test_about_two_in_a_hundred_goods_come_back(self, planned):
        kinds = Counter(step.kind for step in _all(planned))
        assert 0.015 < kinds["clawback"] / kinds["accrual"] < 0.025

    def test_a_brand_never_uses_a_reference_twice_for_the_same(self, planned):
        receipts = [(step.brand, step.kind, step.reference) for step in _all(planned)]
        assert len(receipts) == len(set(receipts))

    def test_a_basket_of_nothing_leaves_no_trace(self):
        basket = Basket(1, 1, OPENS + timedelta(hours=9), (("harvest", CENTS_PER_POINT - 1),))
        assert plan([basket]) == {1: []}


class TestShards:
    def test_hold_each_household_once_and_in_its_order(self, planned):
        lived: dict[int, list[Step]] = defaultdict(list)
        for shard in shards(planned, 4):
            mine: dict[int, list[Step]] = defaultdict(list)
            for step in shard:
                mine[step.household].append(step)
            assert not mine.keys() & lived.keys()
            lived.update(mine)
        assert lived == planned


class TestBrandOf:
    @pytest.mark.parametrize(
        ("department", "category", "brand"),
        [
            ("GROCERY", "SOFT DRINKS", "harvest"),
            ("DRUG GM", "COLD AND FLU", "evergreen"),
            ("DRUG GM", "IN-STORE PHOTOFINISHING", "moment"),
            ("DRUG GM", None, "evergreen"),
            (None, None, "harvest"),
            ("A SHELF NOBODY HEARD OF", "", "harvest"),
        ],
    )
    def test_takes_the_category_first_and_the_supermarket_last(self, department, category, brand):
        assert brand_of(department, category) == brand

    def test_no_two_brands_own_the_same_shelf(self):
        for shelves in ("departments", "categories"):
            owned = Counter(shelf for brand in BRANDS for shelf in getattr(brand, shelves))
            assert set(owned.values()) <= {1}


def _all(planned: dict[int, list[Step]]) -> list[Step]:
    return [step for steps in planned.values() for step in steps]
