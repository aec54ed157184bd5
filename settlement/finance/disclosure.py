"""What IFRS 15 has an entity disclose of its points: paragraphs 116 to 122, from two valuations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from settlement.finance.deferral import Deferral
from settlement.finance.reports import Cell, Check, Column, Report, Table, share, total
from settlement.finance.triangles import months_between

# Months from the end of the period, up to which revenue counts as expected within so long.
HORIZONS = ((3, "within 3 months"), (12, "4 to 12 months"), (24, "13 to 24 months"))
LATER = "later"


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """One issuer's contract liability over a period, in minor units.

    opening + issued − from_opening − from_issued = closing; `breakage` is a part of the revenue.
    """

    opening: int
    issued: int
    from_opening: int  # Revenue out of what was deferred when the period began (116 b).
    from_issued: int
    breakage: int
    closing: int


def movements(
    before: Sequence[Deferral], after: Sequence[Deferral], *, since: date
) -> dict[int, Movement]:
    """By issuer. A vintage of the months before `since` counts as opening, later ones as issued.

    Points clawed back are taken off what was issued.
    """
    old = {each.key: each for each in before}
    sums: dict[int, list[int]] = {}
    for each in after:
        was = old.pop(each.key, None)
        opening, sold, breakage = (was.deferred, was.sold, was.breakage) if was else (0, 0, 0)
        issued = each.sold - sold
        revenue = opening + issued - each.deferred
        is_old = each.issue.month < since.replace(day=1)
        row = [
            opening,
            issued,
            revenue if is_old else 0,
            0 if is_old else revenue,
            each.breakage - breakage,
            each.deferred,
        ]
        known = sums.get(each.issue.issuer, [0] * len(row))
        sums[each.issue.issuer] = [a + b for a, b in zip(known, row, strict=True)]
    if old:
        raise ValueError("a vintage has disappeared")
    names = Movement.__slots__
    return {issuer: Movement(**dict(zip(names, sums[issuer], strict=True))) for issuer in sums}


def timing(deferral: Deferral, at: date) -> list[int]:
    """When the deferred revenue of a vintage is expected: minor units by HORIZONS, then later."""
    issue = deferral.issue
    age = months_between(issue.month, at)
    left = max(1, issue.life - age)
    known = issue.vintage.known - 1
    ahead = age - known  # An age that still goes on is 1 ahead of the last that is over.
    if deferral.curve is None:  # Evenly, until the last of it expires.
        weights = [1] * left
    else:
        steps = [deferral.curve.by(known + month) for month in range(left + ahead + 1)]
        exact = [later - earlier for earlier, later in pairwise(steps)]
        whole = sum(exact)
        weights = [round(each / whole * 10**9) for each in exact] if whole else [1]
    buckets = [0] * (len(HORIZONS) + 1)
    for month, amount in enumerate(share(deferral.deferred, weights), start=1 - ahead):
        buckets[sum(month > most for most, _ in HORIZONS)] += amount
    return buckets


def report(
    before: Sequence[Deferral],
    after: Sequence[Deferral],
    *,
    names: Mapping[int, str],
    since: date,
    at: date,
    currency: str,
    points: tuple[int, int],
) -> Report:
    """The disclosure for the days from `since` to `at`; `points` are outstanding by the lots."""
    found = movements(before, after, since=since)
    columns = (
        Column("issuer", "text"),
        *(
            Column(name, "money")
            for name in (
                "opening",
                "issued",
                "revenue from opening",
                "revenue from issued",
                "of both, breakage",
                "closing",
            )
        ),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            names[issuer],
            each.opening,
            each.issued,
            -each.from_opening,
            -each.from_issued,
            -each.breakage,
            each.closing,
        )
        for issuer, each in sorted(found.items())
    ]
    when = (Column("issuer", "text"), *(Column(name, "money") for name in _horizons()))
    expected: dict[int, list[int]] = {}
    for each in after:
        known = expected.get(each.issue.issuer, [0] * len(_horizons()))
        buckets = zip(known, timing(each, at), strict=True)
        expected[each.issue.issuer] = [a + b for a, b in buckets]
    times: list[tuple[Cell, ...]] = [
        (names[issuer], *expected[issuer]) for issuer in sorted(expected)
    ]
    opening, closing = (sum(each.deferred for each in side) for side in (before, after))
    return Report(
        title=f"Points as contract liabilities (IFRS 15), {since} to {at}",
        currency=currency,
        tables=[
            Table("Contract liability (116, 118)", columns, rows, total(rows, columns)),
            Table("When it is expected to be earned (120)", when, times, total(times, when)),
        ],
        checks=[
            Check(
                "opening and what moved, and closing",
                opening
                + sum(
                    each.issued - each.from_opening - each.from_issued for each in found.values()
                ),
                closing,
            ),
            Check("closing by time, and closing", sum(map(sum, expected.values())), closing),
            *(
                Check(
                    f"points outstanding at the {end}: vintages, and lots",
                    sum(each.issue.vintage.outstanding for each in side),
                    booked,
                )
                for end, side, booked in zip(
                    ("beginning", "end"), (before, after), points, strict=True
                )
            ),
        ],
        notes=[
            "Revenue of vintages of the months before the period is from opening. Both ends are"
            " valued by the curves that could be seen then, so revenue holds what the estimate of"
            " breakage changed by."
        ],
    )


def _horizons() -> list[str]:
    return [*(name for _, name in HORIZONS), LATER]
