"""Where bars stand: what is above zero stands on it, what is below hangs from it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.frame.charts import FEW, HEIGHT, bars

FIGURES = st.integers(-(10**12), 10**12)


def test_earned_stands_and_spent_hangs() -> None:
    drawn = bars([("Jan", (100, -50)), ("Feb", (50, 0))], ["Earned", "Spent"], "others")
    assert (drawn.top, drawn.bottom) == (100, 50)
    assert drawn.zero == pytest.approx(HEIGHT * 2 / 3, abs=0.01)
    earned, spent, later = drawn.parts
    assert (earned.of, spent.of, later.of) == (1, 2, 1)
    assert earned.y == 0
    assert earned.y + earned.height <= drawn.zero <= spent.y
    assert spent.y + spent.height == pytest.approx(HEIGHT, abs=0.01)
    assert later.x > earned.x + earned.width
    assert later.height < earned.height


def test_the_first_series_is_nearest_to_zero() -> None:
    drawn = bars([("Jan", (10, 20, 30))], ["a", "b", "c"], "others")
    assert [part.of for part in sorted(drawn.parts, key=lambda part: -part.y)] == [1, 2, 3]


def test_after_the_fifth_series_all_are_others() -> None:
    drawn = bars([("Jan", (5, 4, 3, 2, 1, 1, 1))], list("abcdefg"), "others")
    assert [part.of for part in drawn.parts] == [1, 2, 3, 4, 5, 0]
    assert {name.text for name in drawn.names} == {*"abcde", "others"}
    assert drawn.others


def test_names_do_not_lie_upon_each_other() -> None:
    drawn = bars([("Jan", (100, 1, 1, 1))], list("abcd"), "others")
    heights = [name.y for name in drawn.names]
    assert all(low - high >= 16 for high, low in pairwise(heights))


def test_a_phone_shows_every_third_month() -> None:
    drawn = bars([(str(at), (1,)) for at in range(12)], ["a"], "others")
    assert [label.text for label in drawn.labels if not label.rare] == ["0", "3", "6", "9"]


@pytest.mark.parametrize("columns", [[], [("Jan", ())], [("Jan", (0, 0)), ("Feb", (0, 0))]])
def test_nothing_is_drawn_as_nothing(columns: list[tuple[str, tuple[int, ...]]]) -> None:
    names = ["a", "b"][: len(columns[0][1]) if columns else 2]
    drawn = bars(columns, names, "others")
    assert drawn.parts == []
    assert (drawn.top, drawn.bottom) == (0, 0)


@given(rows=st.lists(st.lists(FIGURES, min_size=7, max_size=7), min_size=1, max_size=12))
def test_every_part_lies_within_the_picture(rows: list[list[int]]) -> None:
    drawn = bars([(str(at), row) for at, row in enumerate(rows)], list("abcdefg"), "others")
    for part in drawn.parts:
        assert 0 <= part.of <= FEW
        assert part.x >= 0
        assert part.x + part.width <= 100.1
        assert part.height > 0
        assert part.y >= -1
        assert part.y + part.height <= HEIGHT + 1
