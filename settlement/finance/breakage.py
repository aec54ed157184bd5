"""Breakage as a picture: how points were used as they aged, month of issue by month of issue."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from settlement.finance import deferral
from settlement.finance.deferral import Deferral
from settlement.finance.ladder import MILLION, Curve
from settlement.finance.reports import Cell, Column, Report, Table
from settlement.finance.triangles import pooled


def report(
    deferrals: Sequence[Deferral],
    outstanding: Mapping[int, int],
    *,
    names: Mapping[int, str],
    at: date,
    currency: str,
) -> Report:
    """The deferred revenue's report (see there) under two tables more: how much of what was issued
    is used by each age, as seen and as taken for the rest, and the triangle it was seen in."""
    vintages = deferral.report(deferrals, outstanding, names=names, at=at, currency=currency)
    return replace(vintages, tables=[_used(deferrals), _triangle(deferrals), *vintages.tables])


def _used(deferrals: Sequence[Deferral]) -> Table:
    """By age: the share of issued points used by then, of the vintages that are old enough, and
    what the curve has for it. Blank is where nobody has seen it, or where there is no curve."""
    columns = (Column("age, months", "text"), Column("used", "ppm"), Column("assumed", "ppm"))
    every = pooled([each.issue for each in deferrals])
    curve = next((each.curve for each in deferrals if each.curve), None)
    oldest = max((each.known for each in every), default=0)
    last = max((each.issue.life for each in deferrals), default=0) if curve else oldest - 1
    rows: list[tuple[Cell, ...]] = []
    for age in range(last + 1):
        seen = [each for each in every if each.known > age and each.issued]
        issued = sum(each.issued for each in seen)
        used = sum(each.used[age] for each in seen)
        share = used * MILLION // issued if issued else None
        rows.append((str(age), share, _assumed(curve, age)))
    return Table("Used by age", columns, rows)


def _assumed(curve: Curve | None, age: int) -> int | None:
    return None if curve is None else int(Fraction(curve.expected * curve.by(age)) * MILLION)


def _triangle(deferrals: Sequence[Deferral]) -> Table:
    months = sorted({each.issue.month for each in deferrals})
    every = pooled([each.issue for each in deferrals])
    ages = max((len(each.used) for each in every), default=0)
    columns = (
        Column("vintage", "text"),
        Column("issued"),
        *(Column(str(age)) for age in range(ages)),
    )
    rows: list[tuple[Cell, ...]] = [
        (f"{month:%Y-%m}", each.issued, *each.used, *([None] * (ages - len(each.used))))
        for month, each in zip(months, every, strict=True)
    ]
    return Table("Points used by age, of each month of issue", columns, rows)
