"""Numbers, money, days and times as people read them, in both languages.

Points are whole numbers, money minor units; times come in any zone and are shown in the hub's own.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_timezone_name
from babel.numbers import format_currency, format_decimal, get_currency_precision

from kit.language import LOCALES, current, gettext

MINUS = "−"  # U+2212: as wide as a plus, and read as minus.


def _locale() -> str:
    return LOCALES[current()]


def points(amount: int) -> str:
    """1,200"""
    return str(format_decimal(amount, locale=_locale())).replace("-", MINUS)


def signed(amount: int) -> str:
    """+120, −1,200"""
    return f"+{points(amount)}" if amount > 0 else points(amount)


def money(minor: int, currency: str) -> str:
    """¥38,400.00, −¥24,918.00"""
    units = Decimal(minor).scaleb(-get_currency_precision(currency))
    shown = format_currency(abs(units), currency, locale=_locale()).replace("CN¥", "¥")
    return f"{MINUS}{shown}" if minor < 0 else shown


def listed(words: Iterable[str]) -> str:
    """operations, finance; 运营、财务"""
    return ("、" if current() == "zh" else ", ").join(words)


def utc(at: datetime) -> str:
    """2026-10-31 16:00:00, whose column or label says that it is UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def headline(amount: int) -> str:
    """1,234.57万, for one headline beside its exact figure; English has no such unit."""
    for size, word in ((100_000_000, "亿"), (10_000, "万")):
        if current() == "zh" and abs(amount) >= size:
            shown = format_decimal(Decimal(amount) / size, "#,##0.00", locale=_locale())
            return str(shown).replace("-", MINUS) + word
    return points(amount)


def on_axis(kind: str) -> Callable[[float], str]:
    """How an axis writes its figures: `points`, `percent` (of 1), `number`, or money by its code,
    in whole units of the currency."""
    if kind == "percent":
        return lambda value: f"{100 * value:.0f}%".replace("-", MINUS)
    if kind == "points":
        return lambda value: headline(round(value))
    if kind == "number":
        return lambda value: str(format_decimal(value, "#,##0.####", locale=_locale())).replace(
            "-", MINUS
        )
    size: int = 10 ** get_currency_precision(kind)
    return lambda value: headline(round(value / size))


def in_table(kind: str) -> Callable[[float], str]:
    """How the table of a picture writes the same figures, exactly."""
    if kind == "percent":
        return percent
    if kind in ("points", "number"):
        return lambda value: str(format_decimal(value, "#,##0.######", locale=_locale())).replace(
            "-", MINUS
        )
    return lambda value: money(round(value), kind)


def _shown(value: date | datetime, english: str, chinese: str) -> str:
    pattern = english if current() == "en" else chinese
    shape = format_datetime if isinstance(value, datetime) else format_date
    # Four letters for one month of twelve would set columns askew.
    return str(shape(value, pattern, locale=_locale())).replace("Sept", "Sep", 1)


def day(on: date) -> str:
    """31 Dec 2026; 2026-12-31"""
    return _shown(on, "d MMM y", "y-MM-dd")


def day_in_text(on: date) -> str:
    """31 December 2026; 2026年12月31日"""
    return str(format_date(on, "d MMMM y" if current() == "en" else "y年M月d日", locale=_locale()))


def short_day(on: date) -> str:
    """31 Dec; 12月31日. Where the year is plain."""
    return _shown(on, "d MMM", "M月d日")


def month(on: date) -> str:
    """Nov 2026; 2026-11"""
    return _shown(on, "MMM y", "y-MM")


def period(first: date, last: date) -> str:
    """1–31 Oct 2026; 2026-10-01至10-31. Both ends belong to it."""
    if first == last:
        return day(first)
    if current() == "zh":
        if first.year != last.year:
            return f"{day(first)}至{day(last)}"
        return f"{day(first)}至{last:%m-%d}"
    if first.year != last.year:
        return f"{day(first)} – {day(last)}"
    if first.month != last.month:
        return f"{short_day(first)} – {day(last)}"
    return f"{first.day}–{day(last)}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """22 Nov 2026, 17:05; 2026-11-22 17:05"""
    return _shown(at.astimezone(zone), "d MMM y, HH:mm", "y-MM-dd HH:mm")


def moment_in_text(at: datetime, zone: ZoneInfo) -> str:
    """22 November 2026 at 17:05; 2026年11月22日17:05"""
    pattern = "d MMMM y 'at' HH:mm" if current() == "en" else "y年M月d日HH:mm"
    return str(format_datetime(at.astimezone(zone), pattern, locale=_locale()))


def ago(at: datetime, now: datetime) -> str:
    """3 minutes ago; 3分钟前. For what is fresh: within the hour, or a day for the inbox."""
    minutes = max(0, int((now - at).total_seconds()) // 60)
    if minutes < 1:
        return gettext("just now")
    if minutes < 60:
        return gettext("1 minute ago") if minutes == 1 else gettext("%(n)s minutes ago", n=minutes)
    hours = minutes // 60
    return gettext("1 hour ago") if hours == 1 else gettext("%(n)s hours ago", n=hours)


def short_id(text: str) -> str:
    """win_…7K2Q9D: the kind, and the end that people compare."""
    kind, _, rest = text.rpartition("_")
    return f"{kind}_…{rest[-6:].upper()}" if kind else text


def time_of_day(at: datetime, zone: ZoneInfo) -> str:
    """17:05"""
    return at.astimezone(zone).strftime("%H:%M")


def to_the_second(at: datetime, zone: ZoneInfo) -> str:
    """17:05:30"""
    return at.astimezone(zone).strftime("%H:%M:%S")


def month_name(on: date) -> str:
    """Nov; 11月. Under a bar."""
    return _shown(on, "MMM", "M月")


def iso(at: datetime) -> str:
    """For machines: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def days_left(on: date, today: date) -> str:
    """39 days; 还有39天"""
    left = (on - today).days
    if left == 0:
        return gettext("today")
    if left == 1:
        return gettext("1 day")
    return gettext("%(n)s days", n=left)


def percent(share: float) -> str:
    """80.0%; less than a tenth of one is said so."""
    if 0 < share < 0.001:
        return "< 0.1%"
    return f"{100 * share:.1f}%".replace("-", MINUS)


def masked(number: str) -> str:
    """186****1402: the first three and the last four digits of a phone number."""
    plain = number.removeprefix("+86")
    return f"{plain[:3]}****{plain[-4:]}"


def masked_name(name: str) -> str:
    """王**: of a name, the first character."""
    return f"{name[:1]}**"


def zone_name(zone: ZoneInfo) -> str:
    """Beijing time, as people there say; elsewhere what Unicode calls the zone."""
    if zone.key == "Asia/Shanghai":
        return gettext("Beijing time")
    if zone.key == "UTC":
        return gettext("universal time")
    return str(get_timezone_name(zone, locale=_locale()))


def zone_offset(zone: ZoneInfo) -> str:
    """UTC+8"""
    ahead = datetime.now(zone).utcoffset() or timedelta()
    minutes = abs(int(ahead.total_seconds())) // 60
    sign = MINUS if ahead < timedelta() else "+"
    return f"UTC{sign}{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")
