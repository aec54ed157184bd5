"""Numbers, money, days and times in both languages, as a table."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from kit import language
from web.frame import formats, wiring

BEIJING = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 22, 9, 5, 30, tzinfo=UTC)
DAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    language.load((wiring.ROOT / "web/frame/locale").glob("*.po"))
    yield
    language.use("en")


EXAMPLES: list[tuple[Callable[[], str], str, str]] = [
    (lambda: formats.points(1200), "1,200", "1,200"),
    (lambda: formats.points(0), "0", "0"),
    (lambda: formats.points(-1234567), "−1,234,567", "−1,234,567"),
    (lambda: formats.signed(120), "+120", "+120"),
    (lambda: formats.signed(-1200), "−1,200", "−1,200"),
    (lambda: formats.signed(0), "0", "0"),
    (lambda: formats.headline(12_345_678), "12,345,678", "1,234.57万"),
    (lambda: formats.headline(234_567_890_123), "234,567,890,123", "2,345.68亿"),
    (lambda: formats.headline(9_999), "9,999", "9,999"),
    (lambda: formats.money(3_840_000, "CNY"), "¥38,400.00", "¥38,400.00"),
    (lambda: formats.money(-2_491_800, "CNY"), "−¥24,918.00", "−¥24,918.00"),
    (lambda: formats.money(0, "CNY"), "¥0.00", "¥0.00"),
    (lambda: formats.money(5, "CNY"), "¥0.05", "¥0.05"),
    (lambda: formats.percent(0.8), "80.0%", "80.0%"),
    (lambda: formats.percent(0.0004), "< 0.1%", "< 0.1%"),
    (lambda: formats.percent(0), "0.0%", "0.0%"),
    (lambda: formats.day(DAY), "22 Nov 2026", "2026-11-22"),
    (lambda: formats.day(date(2026, 9, 5)), "5 Sep 2026", "2026-09-05"),
    (lambda: formats.day_in_text(DAY), "22 November 2026", "2026年11月22日"),
    (lambda: formats.short_day(date(2026, 12, 31)), "31 Dec", "12月31日"),
    (lambda: formats.month(DAY), "Nov 2026", "2026-11"),
    (lambda: formats.moment(AT, BEIJING), "22 Nov 2026, 17:05", "2026-11-22 17:05"),
    (
        lambda: formats.moment_in_text(AT, BEIJING),
        "22 November 2026 at 17:05",
        "2026年11月22日17:05",
    ),
    (lambda: formats.utc(AT.astimezone(BEIJING)), "2026-11-22 09:05:30", "2026-11-22 09:05:30"),
    (lambda: formats.listed(["Fuel", "Market"]), "Fuel, Market", "Fuel、Market"),
    (lambda: formats.time_of_day(AT, BEIJING), "17:05", "17:05"),
    (lambda: formats.to_the_second(AT, BEIJING), "17:05:30", "17:05:30"),
    (
        lambda: formats.period(date(2026, 10, 1), date(2026, 10, 31)),
        "1–31 Oct 2026",
        "2026-10-01至10-31",
    ),
    (
        lambda: formats.period(date(2026, 7, 1), date(2026, 9, 30)),
        "1 Jul – 30 Sep 2026",
        "2026-07-01至09-30",
    ),
    (
        lambda: formats.period(date(2025, 12, 1), date(2026, 1, 31)),
        "1 Dec 2025 – 31 Jan 2026",
        "2025-12-01至2026-01-31",
    ),
    (lambda: formats.period(DAY, DAY), "22 Nov 2026", "2026-11-22"),
    (lambda: formats.days_left(date(2026, 12, 31), DAY), "39 days", "还有39天"),
    (lambda: formats.days_left(date(2026, 11, 23), DAY), "1 day", "还有1天"),
    (lambda: formats.days_left(DAY, DAY), "today", "今天"),
    (lambda: formats.ago(AT, AT), "just now", "刚刚"),
    (lambda: formats.ago(AT, AT.replace(minute=8)), "3 minutes ago", "3分钟前"),
    (lambda: formats.ago(AT, AT.replace(hour=12)), "3 hours ago", "3小时前"),
    (lambda: formats.short_id("win_01k2d8xq7f7k2q9d"), "win_…7K2Q9D", "win_…7K2Q9D"),
    (lambda: formats.masked("+8618612341402"), "186****1402", "186****1402"),
    (lambda: formats.masked_name("王小明"), "王**", "王**"),
    (lambda: formats.zone_name(BEIJING), "Beijing time", "北京时间"),
    (lambda: formats.zone_offset(BEIJING), "UTC+8", "UTC+8"),
    (lambda: formats.zone_offset(ZoneInfo("Asia/Kolkata")), "UTC+5:30", "UTC+5:30"),
]


@pytest.mark.parametrize(("shown", "english", "chinese"), EXAMPLES)
def test_it_reads_as_people_write_it(shown: Callable[[], str], english: str, chinese: str) -> None:
    language.use("en")
    assert shown() == english
    language.use("zh")
    assert shown() == chinese
