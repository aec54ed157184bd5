"""When a period ends, in its zone, over summer time and the ends of months; and the days after."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.database import Database
from settlement.calendar import dates, store
from settlement.calendar.agreeing import NewCalendar, check, enact, read
from settlement.calendar.errors import CalendarExists, CalendarRefused
from settlement.calendar.periods import Calendar, Every, last_day, name_of, next_cut_off
from tests.books import Books

START = datetime(2026, 1, 1, tzinfo=UTC)


def build_calendar(**fields: Any) -> Calendar:
    values: dict[str, Any] = {
        "valid_from": START,
        "every": "month",
        "cut_off": time(0),
        "zone": "UTC",
        "advice_days": 1,
        "call_days": 7,
        "dispute_days": 5,
        "route": "hub",
    }
    return Calendar(**values | fields)


def ends(*calendars: Calendar, after: datetime, times: int = 3) -> list[tuple[str, str]]:
    """The next cut-offs, as (UTC, name)."""
    found = []
    for _ in range(times):
        cut_off = next_cut_off(calendars, after)
        assert cut_off is not None
        found.append((f"{cut_off.at:%m-%d %H:%M}", cut_off.name))
        after = cut_off.at
    return found


class TestNextCutOff:
    def test_none_without_a_calendar(self) -> None:
        assert next_cut_off([], START) is None

    @pytest.mark.parametrize(
        ("every", "found"),
        [
            ("day", [("11-23 00:00", "2026-11-22"), ("11-24 00:00", "2026-11-23")]),
            ("week", [("11-23 00:00", "2026-W47"), ("11-30 00:00", "2026-W48")]),
            ("half-month", [("12-01 00:00", "2026-11b"), ("12-16 00:00", "2026-12a")]),
            ("month", [("12-01 00:00", "2026-11"), ("01-01 00:00", "2026-12")]),
        ],
    )
    def test_midnight_ends_the_last_day(self, every: Every, found: list[tuple[str, str]]) -> None:
        sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)
        assert ends(build_calendar(every=every), after=sunday, times=2) == found

    def test_a_time_of_day_falls_on_the_last_day(self) -> None:
        calendar = build_calendar(every="day", cut_off=time(22))
        assert ends(calendar, after=datetime(2026, 11, 22, 21, 59, tzinfo=UTC), times=2) == [
            ("11-22 22:00", "2026-11-22"),
            ("11-23 22:00", "2026-11-23"),
        ]

    def test_the_zone_decides_whose_midnight(self) -> None:
        calendar = build_calendar(zone="Asia/Shanghai")
        assert ends(calendar, after=datetime(2026, 11, 30, 15, 59, tzinfo=UTC), times=2) == [
            ("11-30 16:00", "2026-11"),
            ("12-31 16:00", "2026-12"),
        ]

    def test_the_cut_off_itself_has_passed(self) -> None:
        at = datetime(2026, 12, 1, tzinfo=UTC)
        assert ends(build_calendar(), after=at, times=1) == [("01-01 00:00", "2026-12")]

    def test_february_has_the_days_it_has(self) -> None:
        calendar = build_calendar(every="half-month", cut_off=time(18))
        assert ends(calendar, after=datetime(2028, 2, 15, 18, tzinfo=UTC), times=2) == [
            ("02-29 18:00", "2028-02b"),
            ("03-15 18:00", "2028-03a"),
        ]

    def test_over_summer_time(self) -> None:
        """Berlin leaps from 02:00 to 03:00 on 29 March, and shows 02:30 twice on 25 October."""
        calendar = build_calendar(every="day", cut_off=time(2, 30), zone="Europe/Berlin")
        assert ends(calendar, after=datetime(2026, 3, 27, 12, tzinfo=UTC)) == [
            ("03-28 01:30", "2026-03-28"),
            ("03-29 01:30", "2026-03-29"),
            ("03-30 00:30", "2026-03-30"),
        ]
        assert ends(calendar, after=datetime(2026, 10, 24, 12, tzinfo=UTC), times=2) == [
            ("10-25 00:30", "2026-10-25"),
            ("10-26 01:30", "2026-10-26"),
        ]

    def test_the_next_calendar_takes_over_on_its_day(self) -> None:
        months = build_calendar()
        weeks = build_calendar(every="week", valid_from=datetime(2026, 12, 1, tzinfo=UTC))
        assert ends(months, weeks, after=datetime(2026, 11, 20, tzinfo=UTC)) == [
            ("12-01 00:00", "2026-11"),
            ("12-07 00:00", "2026-W49"),
            ("12-14 00:00", "2026-W50"),
        ]

    def test_it_never_looks_back_before_it_began(self) -> None:
        days = build_calendar(every="day", valid_from=datetime(2026, 11, 22, 10, tzinfo=UTC))
        assert ends(days, after=START, times=1) == [("11-23 00:00", "2026-11-22")]
        from_midnight = build_calendar(every="day", valid_from=datetime(2026, 11, 22, tzinfo=UTC))
        assert ends(from_midnight, after=START, times=1) == [("11-22 00:00", "2026-11-21")]

    @given(
        every=st.sampled_from(["day", "week", "half-month", "month"]),
        cut_off=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        zone=st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe"]),
        after=st.datetimes(datetime(2026, 1, 2), datetime(2030, 1, 1)),  # noqa: DTZ001
    )
    def test_each_period_follows_the_last(
        self, every: Every, cut_off: time, zone: str, after: datetime
    ) -> None:
        calendar = build_calendar(every=every, cut_off=cut_off, zone=zone)
        found = []
        at = after.replace(tzinfo=UTC)
        for _ in range(40):
            cut = next_cut_off([calendar], at)
            assert cut is not None
            found.append(cut)
            at = cut.at
        assert found[0].at > after.replace(tzinfo=UTC)
        longest = {"day": 1, "week": 7, "half-month": 16, "month": 31}[every]
        for one, next_ in pairwise(found):
            gap = next_.at - one.at
            assert timedelta(0) < gap <= timedelta(days=longest, hours=1)
            assert one.name < next_.name


class TestNames:
    @pytest.mark.parametrize(
        ("every", "day", "last", "name"),
        [
            ("day", date(2026, 11, 22), date(2026, 11, 22), "2026-11-22"),
            ("week", date(2026, 11, 16), date(2026, 11, 22), "2026-W47"),
            ("week", date(2027, 1, 1), date(2027, 1, 3), "2026-W53"),
            ("half-month", date(2026, 11, 15), date(2026, 11, 15), "2026-11a"),
            ("half-month", date(2026, 11, 16), date(2026, 11, 30), "2026-11b"),
            ("month", date(2026, 12, 31), date(2026, 12, 31), "2026-12"),
        ],
    )
    def test_table(self, every: Every, day: date, last: date, name: str) -> None:
        assert last_day(every, day) == last
        assert name_of(every, last) == name


NEW = NewCalendar(
    every="month",
    cut_off=time(18, 30),
    zone="Asia/Shanghai",
    advice_days=2,
    call_days=5,
    dispute_days=4,
    route="direct",
    first_day=date(2026, 12, 1),
)


class TestAgreeing:
    def test_content_reads_back(self) -> None:
        assert read(NEW.content()) == NEW

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"every": "year"}, "every"),
            ({"route": "post"}, "route"),
            ({"zone": "Mars/Olympus"}, "zone"),
            ({"zone": "../etc/passwd"}, "zone"),
            ({"advice_days": -1}, "advice"),
            ({"advice_days": 6}, "advice"),
            ({"call_days": 367}, "year"),
            ({"dispute_days": 367}, "contested"),
        ],
    )
    def test_refuses_what_cannot_be(self, fields: dict[str, Any], says: str) -> None:
        with pytest.raises(CalendarRefused, match=says):
            check(read({**NEW.content(), **fields}))

    def test_begins_with_its_first_day_but_not_before_it_is_approved(
        self, database: Database, books: Books
    ) -> None:
        with database.transaction() as session:
            early = datetime(2026, 11, 1, tzinfo=UTC)
            assert enact(session, NEW, now=early).valid_from == datetime(
                2026, 11, 30, 16, tzinfo=UTC
            )
            late = datetime(2026, 12, 5, tzinfo=UTC)
            assert enact(session, NEW, now=late).valid_from == late
            assert [each.valid_from for each in store.calendars(session)] == [
                datetime(2026, 11, 30, 16, tzinfo=UTC),
                late,
            ]
            with pytest.raises(CalendarExists):
                enact(session, NEW, now=late)


class TestDates:
    def test_without_a_calendar_a_week_by_the_hubs_zone(
        self, database: Database, books: Books
    ) -> None:
        with database.transaction() as session:
            found = dates(session, datetime(2026, 11, 30, 23, 30, tzinfo=UTC))
        assert (found.advice_on, found.call_on, found.disputes_until, found.route) == (
            date(2026, 12, 1),
            date(2026, 12, 7),
            date(2026, 12, 7),
            "hub",
        )

    def test_by_the_calendar_in_force_and_in_its_zone(
        self, database: Database, books: Books
    ) -> None:
        with database.transaction() as session:
            enact(session, NEW, now=START)
            later = read({**NEW.content(), "first_day": "2027-01-01", "advice_days": 3})
            enact(session, later, now=START)
            found = dates(session, datetime(2026, 12, 31, 12, tzinfo=ZoneInfo("Asia/Shanghai")))
            after = dates(session, datetime(2026, 12, 31, 16, tzinfo=UTC))
        assert (found.advice_on, found.call_on, found.disputes_until, found.route) == (
            date(2027, 1, 2),
            date(2027, 1, 5),
            date(2027, 1, 4),
            "direct",
        )
        assert after.advice_on == date(2027, 1, 4)  # New Year's Day in Shanghai, and three.
