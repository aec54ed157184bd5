"""An issuer's exposure against its cap, day by day: points at its price, and money not yet paid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from partners.agreement import MILLION
from partners.terms import DatedTerms
from settlement.finance.reports import Check, Column, Report, Row, Table


@dataclass(frozen=True, slots=True)
class Day:
    """Where an issuer stood when a day ended; `amount` is both in minor units, cap None is none."""

    day: date
    points: int
    owed: int
    amount: int
    cap: int | None

    @property
    def used_ppm(self) -> int | None:
        """How much of the cap is used; None without a cap, or with one of nothing."""
        return self.amount * MILLION // self.cap if self.cap else None


def days(
    changes: Iterable[Row],
    agreed: Sequence[DatedTerms],
    ends: Mapping[date, datetime],
    *,
    since: date,
    at: date,
) -> list[Day]:
    """One issuer's days, oldest first, from its changes (`store.exposure_changes`) of all time.

    Each is valued by the terms in force when it ended (`ends`), or by the last before; before the
    first it is worth nothing.
    """
    by_day: dict[date, tuple[int, int]] = {}
    points = owed = 0
    for row in changes:
        if row["day"] < since:
            points, owed = points + row["points"], owed + row["owed"]
        else:
            by_day[row["day"]] = row["points"], row["owed"]
    found = []
    day = since
    while day <= at:
        more_points, more_owed = by_day.get(day, (0, 0))
        points, owed = points + more_points, owed + more_owed
        terms = [each for each in agreed if each.valid_from < ends[day]]
        price = terms[-1].issuing.price if terms else 0
        cap = terms[-1].issuing.cap if terms else None
        found.append(Day(day, points, owed, -(-points * price // MILLION) + owed, cap))
        day += timedelta(days=1)
    return found


def report(
    found: Mapping[int, Sequence[Day]],
    ever: Mapping[int, tuple[int, int]],
    now: Mapping[int, tuple[int, int]],
    *,
    names: Mapping[int, str],
    since: date,
    at: date,
    currency: str,
) -> Report:
    """Every issuer's days. `ever` sums its changes of all time, points and money owed, whatever
    days are shown; `now` is what issuing reads.
    """
    columns = (
        Column("issuer", "text"),
        Column("day", "day"),
        Column("points"),
        Column("owed", "money"),
        Column("exposure", "money"),
        Column("cap", "money"),
        Column("used", "ppm"),
    )
    rows = [
        (names[issuer], each.day, each.points, each.owed, each.amount, each.cap, each.used_ppm)
        for issuer, each_day in found.items()
        for each in each_day
    ]
    checks = [
        Check(f"{what} of {names[issuer]}: all changes, and what issuing reads", changed, read)
        for issuer in sorted({*ever, *now})
        for what, changed, read in zip(
            ("points", "owed"), ever.get(issuer, (0, 0)), now.get(issuer, (0, 0)), strict=True
        )
    ]
    return Report(
        title=f"Exposure against cap, {since} to {at}",
        currency=currency,
        tables=[Table("At the end of each day", columns, rows)],
        checks=checks,
    )
