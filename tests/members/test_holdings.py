"""What a wallet holds adds up, whatever its lots."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exchange.history import Lot
from members import holdings

TODAY = date(2026, 11, 22)


def lot(points: int, **more: Any) -> Lot:
    given: dict[str, Any] = {
        "id": 1,
        "issuer": 3,
        "expires_on": date(2027, 6, 30),
        "spendable_from": None,
        "available": points,
        "held": 0,
    }
    return Lot(**given | more)


def held(*lots: Lot, worth: int = 1_000_000) -> holdings.Holdings:
    return holdings.of(lots, today=TODAY, point_worth=worth)


class TestParts:
    def test_an_empty_wallet_has_none(self) -> None:
        nothing = held()
        assert (nothing.points, nothing.worth, nothing.parts) == (0, 0, [])
        assert (nothing.expiring.points, nothing.expiring.months) == (0, [])

    def test_what_is_held_of_a_lot_is_a_part_of_its_own(self) -> None:
        found = held(lot(300, held=1_200))
        assert [(p.state, p.points) for p in found.parts] == [("available", 300), ("held", 1_200)]
        assert (found.available, found.held, found.points) == (300, 1_200, 1_500)

    def test_pending_points_are_told_with_their_day(self) -> None:
        found = held(lot(5, spendable_from=TODAY + timedelta(days=1)))
        assert (found.available, found.pending) == (0, 5)
        assert found.parts[0].usable_from == TODAY + timedelta(days=1)


class TestExpiring:
    def test_ninety_days_from_today_and_no_more(self) -> None:
        found = held(
            lot(1, expires_on=TODAY + timedelta(days=90)),
            lot(2, expires_on=TODAY + timedelta(days=91)),
        )
        assert found.expiring.points == 1

    def test_a_day_and_an_issuer_are_one_line_and_what_is_held_is_none(self) -> None:
        december = date(2026, 12, 31)
        found = held(
            lot(3_000, expires_on=december, held=1_200),
            lot(10, expires_on=december, spendable_from=date(2026, 12, 1)),
            lot(2_240, expires_on=date(2027, 1, 31), issuer=4),
        )
        assert [(p.expires_on, p.issuer, p.points) for p in found.expiring.parts] == [
            (december, 3, 3_010),
            (date(2027, 1, 31), 4, 2_240),
        ]
        assert found.expiring.months == [
            (date(2026, 11, 1), 0),
            (date(2026, 12, 1), 3_010),
            (date(2027, 1, 1), 2_240),
            (date(2027, 2, 1), 0),
        ]


LOTS = st.lists(
    st.builds(
        lot,
        st.integers(0, 10**6),
        held=st.integers(0, 10**6),
        issuer=st.integers(3, 6),
        expires_on=st.dates(TODAY, TODAY + timedelta(days=200)),
        spendable_from=st.none() | st.dates(TODAY, TODAY + timedelta(days=9)),
    ),
    max_size=12,
)


@given(LOTS, st.integers(0, 10**7))
def test_figures_add_up(lots: list[Lot], worth: int) -> None:
    found = held(*lots, worth=worth)
    assert found.available + found.held + found.pending == found.points
    assert sum(part.points for part in found.parts) == found.points
    assert sum(part.worth for part in found.parts) == found.worth
    assert sum(points for _, points in found.expiring.months) == found.expiring.points
    assert sum(part.points for part in found.expiring.parts) == found.expiring.points
    # What may be spent comes first, so that its worth is the same beside it and in the table.
    assert sum(p.worth for p in found.parts if p.state == "available") == found.worth_available
