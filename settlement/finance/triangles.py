"""From the books to vintages: what each issuer issued in a month, and how it was used since."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from partners.agreement import Terms
from settlement.errors import PointsUnpriced
from settlement.finance.ladder import Vintage
from settlement.finance.reports import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """One issuer's vintage at the end of a day; `exact` is its price in millionths of a unit."""

    issuer: int
    month: date  # The first of the month of issue.
    life: int  # Its age, in months, when the last of it expires.
    exact: int
    expired: int
    vintage: Vintage

    @property
    def used(self) -> int:
        return self.vintage.used[-1]


def months_between(earlier: date, later: date) -> int:
    """From one month to the other: 0 for days of the same."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def issues(rows: Iterable[Row], terms: Mapping[int, Terms], *, at: date) -> list[Issue]:
    """Rows of `store.vintages` at the end of a day, by issuer and month. Raises PointsUnpriced."""
    groups: dict[tuple[int, date], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["issuer"], row["vintage"]), []).append(row)
    return [_issue(*key, groups[key], terms, at) for key in sorted(groups)]


def pooled(every: Iterable[Issue]) -> list[Vintage]:
    """All issuers' vintages together, oldest first."""
    months: dict[date, list[Vintage]] = {}
    for each in every:
        months.setdefault(each.month, []).append(each.vintage)
    return [_together(months[month]) for month in sorted(months)]


def _issue(
    issuer: int,
    month: date,
    rows: Sequence[Row],
    terms: Mapping[int, Terms],
    at: date,
) -> Issue:
    issued = expired = exact = 0
    used = [0] * (max(0, months_between(month, at)) + 1)
    for row in rows:
        if row["terms"] is None:
            raise PointsUnpriced(party=issuer, at=f"{month:%Y-%m}")
        issued += row["issued"]
        expired += row["expired"]
        exact += row["issued"] * terms[row["terms"]].issue_price
        # A clock that was set back makes nothing be used before it was issued.
        used[min(max(0, months_between(month, row["month"])), len(used) - 1)] += row["used"]
    for index in range(1, len(used)):
        used[index] += used[index - 1]
    return Issue(
        issuer=issuer,
        month=month,
        life=max(months_between(month, row["last_expiry"]) for row in rows),
        exact=exact,
        expired=expired,
        vintage=Vintage(
            issued=issued,
            used=tuple(used),
            outstanding=issued - used[-1] - expired,
            complete=(at + timedelta(days=1)).day == 1,
        ),
    )


def _together(vintages: Sequence[Vintage]) -> Vintage:
    return Vintage(
        issued=sum(each.issued for each in vintages),
        used=tuple(sum(column) for column in zip(*(each.used for each in vintages), strict=True)),
        outstanding=sum(each.outstanding for each in vintages),
        complete=vintages[0].complete,
    )
