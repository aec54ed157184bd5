"""Numbers, money, days and times as people read them, in both languages.

Points are whole numbers, money minor units; times come in any zone and are shown in the hub's own.
"""

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


def day(on: date) -> str:
    """31 Dec 2026; 2026年12月31日"""
    return str(format_date(on, "d MMM y" if current() == "en" else "y年M月d日", locale=_locale()))


def moment(at: datetime, zone: ZoneInfo) -> str:
    """22 Nov 2026, 17:05; 2026年11月22日17:05"""
    pattern = "d MMM y, HH:mm" if current() == "en" else "y年M月d日HH:mm"
    return str(format_datetime(at.astimezone(zone), pattern, locale=_locale()))


def time_of_day(at: datetime, zone: ZoneInfo) -> str:
    """17:05"""
    return at.astimezone(zone).strftime("%H:%M")


def to_the_second(at: datetime, zone: ZoneInfo) -> str:
    """17:05:30"""
    return at.astimezone(zone).strftime("%H:%M:%S")


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
    return f"{100 * share:.1f}%"


def masked(number: str) -> str:
    """186****1402: the last four and the first three digits of a phone number."""
    plain = number.removeprefix("+86")
    return f"{plain[:3]}****{plain[-4:]}"


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
