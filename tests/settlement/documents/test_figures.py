from datetime import UTC, date, datetime

import pytest

from settlement.documents import figures
from settlement.documents.figures import Language


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (3_840_000, "CNY", "¥38,400.00"),
        (-2_491_800, "CNY", "−¥24,918.00"),
        (0, "CNY", "¥0.00"),
        (-153, "JPY", "−JPY\u00a0153"),
        (1_234_567, "KWD", "KWD\u00a01,234.567"),
    ],
)
def test_money(minor: int, currency: str, text: str) -> None:
    assert figures.money(minor, currency) == text


def test_points() -> None:
    assert figures.points(-1_234_567) == "−1,234,567"
    assert figures.points(0) == "0"


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(4, 5, "80.0%"), (1, 3, "33.3%"), (2, 3, "66.7%"), (0, 0, "0.0%")]
)
def test_percent(part: int, whole: int, text: str) -> None:
    assert figures.percent(part, whole) == text


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "2026-11-23 01:05"), ("en", "23 Nov 2026, 01:05")]
)
def test_moment_is_the_zones(language: Language, text: str) -> None:
    at = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
    assert figures.moment(at, "Asia/Shanghai", language) == text


class TestPeriod:
    def test_of_whole_days_includes_the_last(self) -> None:
        opened = datetime(2026, 9, 30, 16, tzinfo=UTC)
        closed = datetime(2026, 10, 31, 16, tzinfo=UTC)
        found = figures.period(opened, closed, "Asia/Shanghai", "zh")
        assert found == "2026年10月1日至2026年10月31日"
        found = figures.period(opened, closed, "Asia/Shanghai", "en")
        assert found == "1 October 2026 to 31 October 2026"

    def test_else_names_both_moments(self) -> None:
        opened = datetime(2026, 10, 1, tzinfo=UTC)
        found = figures.period(opened, opened, "UTC", "en")
        assert found == "1 Oct 2026, 00:00 to 1 Oct 2026, 00:00"


@pytest.mark.parametrize(
    ("zone", "text"),
    [("Asia/Shanghai", "UTC+8"), ("Asia/Kolkata", "UTC+5:30"), ("America/St_Johns", "UTC−3:30")],
)
def test_offset(zone: str, text: str) -> None:
    assert figures.offset(datetime(2026, 1, 1, tzinfo=UTC), zone) == text


def test_day() -> None:
    assert figures.day(date(2026, 11, 2), "zh") == "2026年11月2日"
    assert figures.day(date(2026, 11, 2), "en") == "2 November 2026"
