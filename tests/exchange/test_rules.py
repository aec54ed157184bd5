"""The pure arithmetic is the posting function's arithmetic."""

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.rules import Ratio, charge, convert, floor_fee

AMOUNT = st.integers(1, 10**9)
RATIO = st.builds(
    Ratio,
    theirs=st.integers(1, 100_000),
    ours=st.integers(1, 1_000),
    fee_ppm=st.integers(0, 999_999),
)


@pytest.mark.parametrize(
    ("theirs", "ratio", "points", "fee"),
    [
        (1_000, Ratio(theirs=10, ours=3), 300, 0),
        (1_001, Ratio(theirs=10, ours=3), 301, 0),  # 300.3: the started point is the member's
        (1_000, Ratio(theirs=10, ours=3, fee_ppm=10_000), 297, 3),
        (50, Ratio(theirs=10, ours=3, fee_ppm=10_000), 15, 0),  # 0.15 of a point is no fee
        (1, Ratio(theirs=100, ours=1), 1, 0),
    ],
)
def test_convert(theirs: int, ratio: Ratio, points: int, fee: int) -> None:
    assert convert(theirs, ratio) == (points, fee)


@given(AMOUNT, RATIO)
def test_the_member_loses_less_than_a_point_to_the_fee(theirs: int, ratio: Ratio) -> None:
    points, fee = convert(theirs, ratio)
    assert (points + fee) * ratio.theirs >= theirs * ratio.ours
    assert (points + fee - 1) * ratio.theirs < theirs * ratio.ours
    assert fee * 1_000_000 <= (points + fee) * ratio.fee_ppm


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(AMOUNT, RATIO)
def test_the_database_converts_alike(owner: psycopg.Connection, theirs: int, ratio: Ratio) -> None:
    row = owner.execute(
        "SELECT c.points, c.fee FROM exchange.convert(%s, ROW(1, 1, 'import', %s, %s, 1, 1, NULL,"
        " %s, 0, tstzrange(NULL, NULL))::exchange.rate) c",
        (theirs, ratio.theirs, ratio.ours, ratio.fee_ppm),
    ).fetchone()
    assert row == convert(theirs, ratio)


@pytest.mark.parametrize(
    ("theirs", "ratio", "points"),
    [
        (1_000, Ratio(theirs=10, ours=3), 300),
        (1_001, Ratio(theirs=10, ours=3), 301),
        (4, Ratio(theirs=10, ours=3), 1),  # 3.33 are worth a point, and the started fourth
        (1_000, Ratio(theirs=10, ours=3, fee_ppm=10_000), 303),  # 3.03 of them are the fee
    ],
)
def test_charge(theirs: int, ratio: Ratio, points: int) -> None:
    assert charge(theirs, ratio) == points


@given(st.integers(1, 10**6), RATIO)
def test_no_fewer_points_buy_as_many_of_theirs(theirs: int, ratio: Ratio) -> None:
    def bought(points: int) -> int:
        net = points - floor_fee(points, ratio)
        return -(-net * ratio.theirs // ratio.ours)

    assert bought(charge(theirs, ratio)) >= theirs
    assert bought(charge(theirs, ratio) - 1) < theirs
