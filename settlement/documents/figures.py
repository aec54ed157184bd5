"""Figures and times as people read them, in Chinese and in English; files for machines differ."""

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from settlement.statement_files import decimal

Language = Literal["zh", "en"]

LANGUAGES: tuple[Language, ...] = ("zh", "en")
MINUS = "\N{MINUS SIGN}"

_MONTHS = "January February March April May June July August September October November December"
_MONTH = _MONTHS.split()


def points(number: int) -> str:
    """`−1,200`: whole, thousands separated."""
    return f"{number:,}".replace("-", MINUS)


def amount(minor: int, currency: str) -> str:
    """`−38,400.00`, for a column whose head names the currency."""
    whole, dot, part = decimal(abs(minor), currency).partition(".")
    return f"{MINUS if minor < 0 else ''}{int(whole):,}{dot}{part}"


def money(minor: int, currency: str) -> str:
    """`−¥38,400.00`; every currency but the yuan has its code: `−JPY 153`."""
    sign, figure = (MINUS if minor < 0 else ""), amount(abs(minor), currency)
    return (
        f"{sign}¥{figure}" if currency == "CNY" else f"{sign}{currency}\N{NO-BREAK SPACE}{figure}"
    )


def percent(part: int, whole: int) -> str:
    """`80.0%`; nothing of nothing is 0.0%."""
    tenths = (part * 1000 * 2 + whole) // (whole * 2) if whole else 0
    return f"{tenths // 10}.{tenths % 10}%"


def day(when: date, language: Language) -> str:
    """In text: `2026年11月22日`, `22 November 2026`."""
    if language == "zh":
        return f"{when.year}年{when.month}月{when.day}日"
    return f"{when.day} {_MONTH[when.month - 1]} {when.year}"


def moment(at: datetime, zone: str, language: Language) -> str:
    """In tables: `2026-11-22 17:05`, `22 Nov 2026, 17:05`."""
    here = at.astimezone(ZoneInfo(zone))
    if language == "zh":
        return f"{here:%Y-%m-%d %H:%M}"
    return f"{here.day} {_MONTH[here.month - 1][:3]} {here.year}, {here:%H:%M}"


def period(opened: datetime, closed: datetime, zone: str, language: Language) -> str:
    """Whole days with the last one included; else from moment to moment."""
    first, end = (each.astimezone(ZoneInfo(zone)) for each in (opened, closed))
    whole = not any(each.hour or each.minute or each.second for each in (first, end))
    last = (end - timedelta(days=1)).date() if whole else None
    if last is None or last < first.date():
        start, stop = (moment(each, zone, language) for each in (opened, closed))
        return f"{start}至{stop}" if language == "zh" else f"{start} to {stop}"
    start, stop = day(first.date(), language), day(last, language)
    return f"{start}至{stop}" if language == "zh" else f"{start} to {stop}"


def offset(at: datetime, zone: str) -> str:
    """`UTC+8`, `UTC−3:30`: the zone's distance at that moment."""
    seconds = int((at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds())
    hours, rest = divmod(abs(seconds) // 60, 60)
    return f"UTC{MINUS if seconds < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def fingerprint(root: str) -> str:
    """A digest in groups of eight, to be compared by eye."""
    return " ".join(root[start : start + 8] for start in range(0, len(root), 8))
