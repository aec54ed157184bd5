"""Who pays whom and how warm a cell is: what is drawn is what is owed."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.frame.flows import MOST, Payment, flow, heat

PAYMENTS = st.lists(
    st.builds(Payment, st.sampled_from("abcde"), st.sampled_from("vwxyz"), st.integers(1, 10**12)),
    max_size=30,
)


def test_a_band_is_as_thick_as_its_money() -> None:
    drawn = flow([Payment("a", "x", 300), Payment("a", "y", 100)])
    thick = [_thickness(band.path) for band in drawn.bands]
    assert thick[0] == pytest.approx(3 * thick[1], abs=0.2)
    assert [end.amount for end in drawn.left] == [400]
    assert drawn.left[0].height == pytest.approx(sum(thick), abs=0.2)


def test_each_side_begins_with_its_biggest() -> None:
    drawn = flow([Payment("a", "x", 1), Payment("b", "y", 5), Payment("c", "x", 9)])
    assert [end.name for end in drawn.left] == ["c", "b", "a"]
    assert [end.name for end in drawn.right] == ["x", "y"]


def test_twelve_are_drawn_and_the_rest_is_counted() -> None:
    drawn = flow([Payment("a", f"x{number}", 100 - number) for number in range(20)])
    assert len(drawn.bands) == MOST
    assert drawn.smaller == 20 - MOST
    assert drawn.smaller_amount == sum(100 - number for number in range(MOST, 20))


def test_nothing_is_drawn_as_nothing() -> None:
    drawn = flow([])
    assert (drawn.bands, drawn.left, drawn.right, drawn.height) == ([], [], [], 0)


@given(payments=PAYMENTS)
def test_all_money_is_at_both_ends(payments: list[Payment]) -> None:
    drawn = flow(payments)
    total = sum(one.amount for one in payments)
    for side in (drawn.left, drawn.right):
        assert sum(end.amount for end in side) + drawn.smaller_amount == total
    for end in (*drawn.left, *drawn.right):
        assert end.y >= 0
        assert end.y + end.height <= drawn.height + 1
    for above, below in pairwise(drawn.left):
        assert below.words - above.words >= 40  # Two lines of letters each.


def test_heat_is_by_quantile_of_what_is_not_zero() -> None:
    cells = {("a", str(number)): number for number in range(8)}
    steps = {cell.column: cell.heat for cell in heat(cells).rows[0][1]}
    assert steps["0"] == 0
    assert [steps[str(number)] for number in (1, 3, 5, 7)] == [1, 2, 3, 4]


def test_a_matrix_adds_up_both_ways() -> None:
    cells = {("a", "b"): 5, ("b", "a"): 9, ("a", "a"): 0, ("b", "b"): 0, ("a", "c"): 1}
    found = heat(cells)
    assert [(name, total) for name, _, total in found.rows] == [("b", 9), ("a", 6)]
    assert found.columns == ["a", "b", "c"]
    assert (found.totals, found.total) == ([9, 5, 1], 15)
    own = [cell.amount for _, line, _ in found.rows for cell in line if cell.row == cell.column]
    assert own == [None, None]
    assert [cell.amount for cell in found.pairs] == [9, 5, 1]


def _thickness(path: str) -> float:
    """From where a band begins at the left to where its lower edge ends there."""
    begins = re.match(r"M0 ([0-9.]+)", path)
    ends = re.search(r" 0 ([0-9.]+)Z$", path)
    assert begins is not None
    assert ends is not None
    return float(ends[1]) - float(begins[1])
