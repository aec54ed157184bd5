"""Deferred revenue: how much of what points were sold for is earned, and how much is still owed.

IFRS 15.B46: breakage that is expected is earned in proportion to the rights that members exercise.
Of a vintage sold for V, of which C points were used and U ever will be, V × C / U is earned. The
rest is deferred, and never more than the price of what is outstanding: what expired is earned.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from partners.agreement import MILLION
from settlement.finance import ladder
from settlement.finance.ladder import Curve, Method
from settlement.finance.reports import Check, Column, Report, Table, total
from settlement.finance.triangles import Issue, pooled

Curves = Literal["pooled", "own"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deferral:
    """One issuer's vintage, valued in minor units: sold = redeemed + breakage + deferred."""

    issue: Issue
    curve: Curve | None
    ultimate: int
    method: Method
    sold: int  # What it was issued for.
    redeemed: int  # Earned because members used points…
    breakage: int  # …and because of points that expired or will.
    deferred: int

    @property
    def expected_breakage(self) -> int:
        """Points outstanding that nobody will use."""
        return self.issue.used + self.issue.vintage.outstanding - self.ultimate

    @property
    def key(self) -> tuple[int, date]:
        return self.issue.issuer, self.issue.month


def defer(issue: Issue, curve: Curve | None) -> Deferral:
    """Value a vintage: deferred is rounded up, redeemed down, breakage is what is left."""
    vintage, projection = issue.vintage, ladder.project(issue.vintage, curve)
    price = Fraction(issue.exact, MILLION)
    deferred = Fraction(0)
    if vintage.outstanding > 0:
        deferred = price * vintage.outstanding / vintage.issued
        if projection.ultimate > 0:
            coming = Fraction(projection.ultimate - issue.used, projection.ultimate)
            deferred = min(deferred, price * coming)
    sold, owed = math.ceil(price), math.ceil(deferred)
    used = price * issue.used / vintage.issued if vintage.issued else Fraction(0)
    redeemed = min(math.floor(used), sold - owed)
    return Deferral(
        issue=issue,
        curve=curve,
        ultimate=projection.ultimate,
        method=projection.method,
        sold=sold,
        redeemed=redeemed,
        breakage=sold - redeemed - owed,
        deferred=owed,
    )


def value(
    issues: Sequence[Issue], *, curves: Curves = "pooled", tail: Fraction | None = None
) -> list[Deferral]:
    """Every vintage by the curve of all issuers, or by its issuer's own where that can be seen."""
    life = max((each.life for each in issues), default=0)
    common = ladder.curve(pooled(issues), life=life, tail=tail)
    own: dict[int, Curve | None] = {}
    if curves == "own":
        for issuer in {each.issuer for each in issues}:
            mine = [each for each in issues if each.issuer == issuer]
            longest = max(each.life for each in mine)
            own[issuer] = ladder.curve(pooled(mine), life=longest, tail=tail)
    return [defer(each, own.get(each.issuer) or common) for each in issues]


def report(
    deferrals: Sequence[Deferral],
    outstanding: Mapping[int, int],
    *,
    names: Mapping[int, str],
    at: date,
    currency: str,
) -> Report:
    """Deferred revenue at the end of a day; `outstanding` are points by issuer from the lots."""
    columns = (
        Column("vintage", "text"),
        Column("issuer", "text"),
        *map(Column, ("issued", "used", "expired", "outstanding", "breakage ahead")),
        Column("by", "text"),
        *(Column(name, "money") for name in ("sold for", "redeemed", "breakage", "deferred")),
    )
    rows = [
        (
            f"{each.issue.month:%Y-%m}",
            names[each.issue.issuer],
            each.issue.vintage.issued,
            each.issue.used,
            each.issue.expired,
            each.issue.vintage.outstanding,
            each.expected_breakage,
            each.method,
            each.sold,
            each.redeemed,
            each.breakage,
            each.deferred,
        )
        for each in sorted(deferrals, key=lambda each: (each.issue.month, each.issue.issuer))
    ]
    shapes: dict[Curve, set[str]] = {}
    for each in deferrals:
        if each.curve:
            shapes.setdefault(each.curve, set()).add(names[each.issue.issuer])
    tables = [
        Table("Deferred revenue by vintage", columns, rows, total(rows, columns)),
        *(_curve(shape, sorted(issuers)) for shape, issuers in shapes.items()),
    ]
    reported: dict[int, int] = {}
    for each in deferrals:
        issuer = each.issue.issuer
        reported[issuer] = reported.get(issuer, 0) + each.issue.vintage.outstanding
    return Report(
        title=f"Deferred revenue and breakage at the end of {at}",
        currency=currency,
        tables=tables,
        checks=[
            Check(
                f"points of {names[issuer]}: vintages, and lots",
                reported.get(issuer, 0),
                outstanding.get(issuer, 0),
            )
            for issuer in sorted({*reported, *outstanding})
        ],
        notes=_notes(deferrals),
    )


def _curve(shape: Curve, issuers: Sequence[str]) -> Table:
    columns = (
        Column("age, months", "text"),
        Column("used by then"),
        Column("used a month later"),
        Column("vintages"),
        Column("development", "ppm"),
        Column("of all use", "ppm"),
    )
    rows: list[tuple[str | int | None, ...]] = [
        (str(age), link.earlier, link.later, link.vintages, _ppm(link.factor), _ppm(shape.by(age)))
        for age, link in enumerate(shape.links)
    ]
    seen = len(shape.links)
    rows.append((f"{seen} and on: tail", None, None, None, _ppm(shape.tail), _ppm(shape.by(seen))))
    return Table(f"The curve for {', '.join(issuers)}", columns, rows)


def _ppm(ratio: Fraction | None) -> int | None:
    return None if ratio is None else round(ratio * MILLION)


def _notes(deferrals: Sequence[Deferral]) -> list[str]:
    notes = ["Sold for = redeemed + breakage + deferred; breakage is earned as members use points."]
    if any(each.method == "no estimate" for each in deferrals):
        notes.append(
            f"No estimate: fewer than {ladder.LEAST_LINKS} monthly developments have been seen, or"
            " they do not settle. All of it counts as points that will be used."
        )
    if any(each.method == "cape cod" for each in deferrals):
        notes.append(
            "Cape cod: less than a quarter of its use has come, so the rest of it is taken from"
            " what all vintages showed."
        )
    return notes
