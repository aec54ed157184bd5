"""Deferred revenue: by hand on a small triangle, at random, and from the books."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.finance import books as finance
from settlement.finance import disclosure
from settlement.finance.deferral import Deferral, defer, value
from settlement.finance.ladder import Vintage
from settlement.finance.triangles import Issue
from tests.settlement.coalition import Coalition
from tests.settlement.finance.test_ladder import TRIANGLE, shape, triangles

MILLION = 1_000_000


def issue(vintage: Vintage, *, month: int = 1, price: int = 2 * MILLION, life: int = 3) -> Issue:
    """A vintage of 2026, at 2 minor units a point unless said otherwise."""
    return Issue(
        issuer=7,
        month=date(2026, month, 1),
        life=life,
        exact=vintage.issued * price,
        expired=vintage.issued - vintage.used[-1] - vintage.outstanding,
        vintage=vintage,
    )


ISSUES = [issue(vintage, month=month) for month, vintage in enumerate(TRIANGLE, start=1)]


class TestByHand:
    """The triangle of test_ladder at the end of April; what a vintage was sold for is 2 a point."""

    @pytest.mark.parametrize(
        ("row", "sold", "redeemed", "breakage", "deferred"),
        [
            # January: 540 of 540 that ever will be: all of it is earned.
            (0, 2000, 1080, 920, 0),
            # February: 640 of 692, so 52/692 of 2,400 is deferred: 180.35, up.
            (1, 2400, 1280, 939, 181),
            # March: 300 of 411, so 111/411 of 1,800: 486.13, up.
            (2, 1800, 600, 713, 487),
            # April: 250 of 684, so 434/684 of 2,200: 1,395.9, up.
            (3, 2200, 500, 304, 1396),
        ],
    )
    def test_in_proportion_to_use(
        self, row: int, sold: int, redeemed: int, breakage: int, deferred: int
    ) -> None:
        found = defer(ISSUES[row], shape())
        assert (found.sold, found.redeemed, found.breakage, found.deferred) == (
            sold,
            redeemed,
            breakage,
            deferred,
        )

    def test_without_an_estimate_the_price_of_what_is_outstanding(self) -> None:
        some_expired = Vintage(1000, (200,), 500)
        found = defer(issue(some_expired), None)
        assert (found.deferred, found.redeemed, found.breakage) == (1000, 400, 600)

    def test_never_more_than_the_price_of_what_is_outstanding(self) -> None:
        # 900 of 1,000 expired. By use alone 50/100 of all were deferred: 1,000 for 50 points.
        nearly_gone = Vintage(1000, (50,), 50)
        assert defer(issue(nearly_gone), None).deferred == 100

    def test_what_has_run_off_is_earned(self) -> None:
        found = defer(issue(Vintage(1000, (300,), 0)), shape())
        assert (found.redeemed, found.breakage, found.deferred) == (600, 1400, 0)

    def test_what_was_clawed_back_whole_is_nothing(self) -> None:
        found = defer(issue(Vintage(0, (0,), 0)), shape())
        assert (found.sold, found.redeemed, found.breakage, found.deferred) == (0, 0, 0, 0)

    def test_breakage_is_rounded_down(self) -> None:
        odd = defer(issue(TRIANGLE[1], price=MILLION // 3), shape())
        exact = Fraction(1200, 3) * Fraction(692 - 640, 692)
        assert odd.deferred >= exact > odd.deferred - 1


class TestCurves:
    def test_one_of_its_own_where_it_shows_enough(self) -> None:
        slow = [
            Vintage(each.issued, tuple(used // 2 for used in each.used), each.outstanding)
            for each in TRIANGLE
        ]
        theirs = [
            replace(issue(vintage, month=month), issuer=8)
            for month, vintage in enumerate(slow, start=1)
        ]
        few = replace(ISSUES[3], issuer=9)
        every = [*ISSUES, *theirs, few]
        pooled = {each.key: each for each in value(every)}
        own = {each.key: each for each in value(every, curves="own")}
        april = date(2026, 4, 1)
        assert len({each.curve for each in pooled.values()}) == 1
        assert own[7, april].curve == shape()
        assert own[8, april].curve != own[7, april].curve
        assert own[9, april].curve == pooled[9, april].curve


class TestAtRandom:
    @given(triangles(), st.integers(0, 3 * MILLION), st.integers(1, 24))
    def test_sold_is_redeemed_and_breakage_and_deferred(
        self, found: list[Vintage], price: int, life: int
    ) -> None:
        every = [
            issue(vintage, month=1 + n, price=price, life=life) for n, vintage in enumerate(found)
        ]
        for each in value(every):
            assert each.sold == each.redeemed + each.breakage + each.deferred
            assert min(each.redeemed, each.breakage, each.deferred) >= 0
            assert each.deferred <= -(-each.issue.vintage.outstanding * price // MILLION)

    @given(triangles(), st.integers(1, 24))
    def test_all_that_is_deferred_is_expected_some_day(
        self, found: list[Vintage], life: int
    ) -> None:
        at = date(2026, len(found), 28)
        every = [issue(vintage, month=1 + n, life=life) for n, vintage in enumerate(found)]
        for each in value(every):
            times = disclosure.timing(each, at)
            assert sum(times) == each.deferred
            assert min(times) >= 0


class TestTiming:
    def test_by_the_curve(self) -> None:
        april = defer(issue(TRIANGLE[3], month=4), shape())
        # 125/342 was used, 125/171 will be in a month, 25/27 in two, all in three: all is soon.
        assert disclosure.timing(april, date(2026, 4, 30)) == [1396, 0, 0, 0]

    def test_evenly_until_it_expires_without_one(self) -> None:
        young = defer(issue(Vintage(100, (0,), 100), life=20, price=MILLION), None)
        # Twenty months ahead, 5 in each: three, nine, eight.
        assert disclosure.timing(young, date(2026, 1, 31)) == [15, 45, 40, 0]


class TestMovements:
    def test_a_vintage_that_disappears_is_a_fault(self) -> None:
        with pytest.raises(ValueError, match="disappeared"):
            disclosure.movements([defer(ISSUES[0], None)], [], since=date(2026, 2, 1))

    def test_old_vintages_are_from_opening(self) -> None:
        before = [defer(issue(Vintage(1000, (200,), 800)), None)]
        after: list[Deferral] = [
            defer(issue(Vintage(1000, (200, 500), 400)), None),
            defer(issue(Vintage(100, (10,), 90), month=2), None),
        ]
        [found] = disclosure.movements(before, after, since=date(2026, 2, 1)).values()
        # 800 at 2 each; then 100 more were sold; 300 + 100 expired, and 10, are earned.
        assert (found.opening, found.issued, found.closing) == (1600, 200, 980)
        assert (found.from_opening, found.from_issued, found.breakage) == (800, 20, 200)


class TestFromTheBooks:
    @pytest.fixture
    def year(self, coalition: Coalition) -> Coalition:
        """Ten months: a tenth of each month's points is spent in each of the next five."""
        coalition.partner("market")
        coalition.partner("fuel")
        wallets = {}
        for month in range(1, 11):
            wallet = wallets[month] = coalition.wallet()
            moment = datetime(2025, month, 15, tzinfo=UTC)
            expires_on = date(2026, month, 28)
            coalition.issue("market", wallet, 1000, expires_on=expires_on, moment=moment)
            for earlier in range(max(1, month - 5), month):
                coalition.spend("fuel", wallets[earlier], 100, moment=moment)
        return coalition

    def test_deferred_revenue_is_that_of_the_curve(self, year: Coalition) -> None:
        with year.database.transaction() as session:
            report = finance.read_deferred(
                session,
                at=date(2025, 10, 31),
                now=datetime(2025, 11, 1, tzinfo=UTC),
                currency="CNY",
            )
        assert report.agrees
        rows = {row[0]: row for row in report.tables[0].rows}
        # Half of every vintage is used in the end: 500 of 1,000 points at 1 each.
        assert rows["2025-01"][2:] == (1000, 500, 0, 500, 500, "chain ladder", 1000, 500, 500, 0)
        # July: 300 of 500 so far, so 2/5 of it is still deferred.
        assert rows["2025-07"][2:] == (1000, 300, 0, 700, 500, "chain ladder", 1000, 300, 300, 400)
        # October: nothing yet, so as all did.
        assert rows["2025-10"][6:8] == (500, "cape cod")
        assert rows["2025-10"][11] == 1000

    def test_disclosure_leads_from_one_end_to_the_other(self, year: Coalition) -> None:
        with year.database.transaction() as session:
            report = finance.read_disclosure(
                session, since=date(2025, 10, 1), at=date(2025, 10, 31), currency="CNY"
            )
        assert report.agrees
        [row] = report.tables[0].rows
        name, opening, issued, from_opening, from_issued, breakage, closing = row
        assert (name, issued) == ("market", 1000)
        assert opening + issued + from_opening + from_issued == closing  # type: ignore[operator]
        # Half of what is earned of each point is breakage.
        assert breakage == (from_opening + from_issued) // 2  # type: ignore[operator]
        assert report.tables[1].total is not None
        assert sum(report.tables[1].total[1:]) == closing  # type: ignore[arg-type]

    def test_thin_data_is_said(self, coalition: Coalition) -> None:
        coalition.partner("market")
        coalition.issue("market", coalition.wallet(), 1000)
        now = datetime.now(UTC)
        with coalition.database.transaction() as session:
            report = finance.read_deferred(session, at=None, now=now, currency="CNY")
        assert any("No estimate" in note for note in report.notes)
        assert report.tables[0].rows[0][11] == 1000
