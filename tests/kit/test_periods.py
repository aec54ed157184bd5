"""Periods as people type them."""

from datetime import UTC, date, datetime

import pytest

from kit import periods

READ = [
    ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
    ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
    ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
    ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
    ("2026-q4", date(2026, 10, 1), date(2026, 12, 31)),
    ("2026-11-05", date(2026, 11, 5), date(2026, 11, 5)),
    ("2026-11-01..15", date(2026, 11, 1), date(2026, 11, 15)),
    ("2026-11-20..12-03", date(2026, 11, 20), date(2026, 12, 3)),
    ("2025-12-20..2026-01-03", date(2025, 12, 20), date(2026, 1, 3)),
    ("  ２０２６-11 ", date(2026, 11, 1), date(2026, 11, 30)),
    ("2026-11-01 .. 15", date(2026, 11, 1), date(2026, 11, 15)),
]
REFUSED = [
    "", "November", "26-11", "2026-13", "2026-00", "2026-Q5", "2026-11-31", "2026-02-30..28",
    "2026-11-15..01", "2026-11..15", "2026-11-01..", "2026-11-01..32", "9999-11", "2026-1",
    "2026-11-01..15; DROP TABLE x", "2026-11-01..15..20",
]  # fmt: skip


@pytest.mark.parametrize(("text", "first", "last"), READ)
def test_reads_both_ends_inclusive(text: str, first: date, last: date) -> None:
    period = periods.read(text)
    assert period is not None
    assert (period.first, period.last) == (first, last)


@pytest.mark.parametrize("text", REFUSED)
def test_reads_nothing_else(text: str) -> None:
    assert periods.read(text) is None


def test_a_day_is_the_zone_s() -> None:
    period = periods.read("2026-11-01..15")
    assert period is not None
    assert period.moments("Asia/Shanghai") == (
        datetime(2026, 10, 31, 16, tzinfo=UTC),
        datetime(2026, 11, 15, 16, tzinfo=UTC),
    )


def test_the_text_is_one_for_equal_views() -> None:
    texts = {found.text for typed in ("2026-q3", " 2026-Q3") if (found := periods.read(typed))}
    assert texts == {"2026-Q3"}
