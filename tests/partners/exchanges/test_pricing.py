"""Prices: whole numbers, every rounding the member's, as the guard against loops reckons."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exchange.arbitrage import Conditions, export_way, find_loop, import_way
from exchange.rules import Ratio, charge, convert
from partners.exchanges.pricing import least_export, most_import, price_export, price_import

amounts = st.integers(1, 10**6)
conditions = st.builds(
    Conditions,
    ratio=st.builds(
        Ratio,
        theirs=st.integers(1, 200),
        ours=st.integers(1, 200),
        fee_ppm=st.sampled_from([0, 1, 5_000, 10_000, 333_333]),
    ),
    minimum=st.integers(1, 300),
    step=st.integers(1, 30),
    daily_cap=st.none() | st.integers(300, 10**5),
)


def test_a_table_of_prices() -> None:
    plain = Conditions(Ratio(theirs=3, ours=10), 1, 1, None)
    with_fee = Conditions(Ratio(theirs=3, ours=10, fee_ppm=10_000), 1, 1, None)
    dear = Conditions(Ratio(theirs=10, ours=3), 10, 10, 500)
    table = [
        (price_export(500, plain), (497, 150, 0)),  # 149.1 for 497: the started one is given.
        (price_export(503, plain), (501, 151, 0)),
        (price_export(500, with_fee), (498, 149, 4)),
        (price_import(4, plain), (14, 4, 0)),  # 13.3 points.
        (price_import(150, with_fee), (495, 150, 5)),
        (price_export(31, dear), (30, 100, 0)),  # 103.3 of theirs, in steps of ten.
        (price_export(10**6, dear), (150, 500, 0)),  # As much as the day allows.
    ]
    for price, wanted in table:
        assert price is not None
        assert (price.points, price.theirs, price.fee) == wanted


@given(terms=conditions, points=amounts)
def test_no_fewer_points_buy_as_much(terms: Conditions, points: int) -> None:
    price = price_export(points, terms)
    if price is None:
        assert points < least_export(terms) or terms.first > (terms.daily_cap or terms.first)
        return
    assert price.points <= points
    assert price.points == charge(price.theirs, terms.ratio)
    assert price.theirs >= terms.minimum
    assert price.theirs % terms.step == 0
    again = price_export(price.points, terms)
    assert again == price  # What is shown can be typed.
    fewer = price_export(price.points - 1, terms)
    assert fewer is None or fewer.theirs < price.theirs


@given(terms=conditions, theirs=amounts)
def test_an_import_is_what_the_books_make_of_it(terms: Conditions, theirs: int) -> None:
    price = price_import(theirs, terms)
    if price is not None:
        assert (price.points, price.fee) == convert(theirs, terms.ratio)
        assert theirs % terms.step == 0
        assert theirs >= terms.minimum


@given(terms=conditions, points=amounts)
def test_what_the_day_leaves_is_never_passed(terms: Conditions, points: int) -> None:
    price = price_import(most_import(points, terms), terms)
    assert price is None or price.points <= points


@settings(max_examples=300, deadline=None)
@given(into=conditions, out=conditions, start=st.integers(1, 20_000), turns=st.integers(1, 4))
def test_round_and_round_gains_nothing(
    into: Conditions, out: Conditions, start: int, turns: int
) -> None:
    """Rates that the guard lets pass, taken at any amount, split as one likes."""
    ways = [import_way("miles", "in", into), export_way("miles", "out", out)]
    assume(find_loop(ways) is None)
    points, miles = start, 0
    for _ in range(turns):
        bought = price_export(points, out)
        if bought is None:
            break
        points, miles = points - bought.points, miles + bought.theirs
        back = price_import(miles // into.step * into.step, into)
        if back is not None:
            points, miles = points + back.points, miles - back.theirs
        assert points <= start
