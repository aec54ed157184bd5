"""What points are worth: rounded once, and parts that add up."""

from hypothesis import given
from hypothesis import strategies as st

from members.worth import floor_worth, shares

POINTS = st.lists(st.integers(0, 10**9), max_size=30)
WORTH = st.integers(0, 10**8)


def test_a_total_is_rounded_down_once() -> None:
    assert floor_worth(10_440, 1_000_000) == 10_440
    assert floor_worth(199, 15_000) == 2
    assert floor_worth(66, 15_000) == 0


def test_parts_of_no_whole_worth_of_their_own_still_add_up() -> None:
    assert shares([100, 100, 100], 333_333) == [33, 33, 33]
    assert shares([1, 1, 1], 666_667) == [0, 1, 1]


@given(POINTS, WORTH)
def test_parts_add_up_and_are_a_unit_off_at_most(points: list[int], worth: int) -> None:
    parts = shares(points, worth)
    assert sum(parts) == floor_worth(sum(points), worth)
    assert all(
        0 <= part - floor_worth(one, worth) <= 1 for part, one in zip(parts, points, strict=True)
    )
