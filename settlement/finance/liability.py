"""What issuers still stand for: points not yet spent or expired, by issuer, age and expiry."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from partners.agreement import MILLION, Terms
from settlement.errors import PointsUnpriced
from settlement.finance.reports import Cell, Check, Column, Report, Row, Table, share, total

# Days since the issue, up to which an age counts as so named; the last has no end.
AGES = ((30, "0–30 days"), (90, "31–90 days"), (180, "91–180 days"), (365, "181–365 days"))
OLDEST = "over a year"

K = TypeVar("K", int, str)

_MONEY = (Column("points"), Column("value", "money"), Column("prefunded", "money"))


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Points of one issuer, issued on one day under the same terms, expiring in one month."""

    issuer: int
    issued_on: date
    expires_in: date  # The first of the month.
    terms: int
    points: int


@dataclass(frozen=True, slots=True)
class Worth:
    """Points, and in millionths of a minor unit what they were sold for and what is prepaid."""

    points: int
    exact: int
    exact_prefunded: int

    @property
    def value(self) -> int:
        """At the price of their issue, in minor units; up, for a debt is not understated."""
        return -(-self.exact // MILLION)

    @property
    def prefunded(self) -> int:
        """Of that, what the float holds already; down, for it holds no fraction more."""
        return self.exact_prefunded // MILLION


def worth(lots: Iterable[Outstanding], terms: Mapping[int, Terms]) -> Worth:
    """All of them together. Raises KeyError when terms are missing."""
    points = exact = prefunded = 0
    for lot in lots:
        agreed = terms[lot.terms]
        points += lot.points
        exact += lot.points * agreed.issue_price
        prefunded += lot.points * agreed.issue_price * agreed.prefunded_ppm
    return Worth(points, exact, prefunded // MILLION)


def age(issued_on: date, at: date) -> str:
    """The name of the age that points issued on a day have at the end of another."""
    days = (at - issued_on).days
    return next((name for most, name in AGES if days <= most), OLDEST)


def priced(rows: Iterable[Row]) -> list[Outstanding]:
    """Rows of `store.outstanding` as values. Raises PointsUnpriced."""
    found = []
    for row in rows:
        if row["terms"] is None:
            raise PointsUnpriced(party=row["issuer"], at=str(row["issued_on"]))
        found.append(Outstanding(**row))
    return found


def report(
    lots: Sequence[Outstanding],
    in_lots: Sequence[Outstanding],
    terms: Mapping[int, Terms],
    *,
    names: Mapping[int, str],
    at: date,
    currency: str,
) -> Report:
    """The liability at the end of a day; `in_lots` is the same from the lots of the wallets."""
    ages = [*(name for _, name in AGES), OLDEST]
    issuers = {names[issuer]: each for issuer, each in _grouped(lots, by=_issuer).items()}
    aged = _grouped(lots, by=lambda lot: age(lot.issued_on, at))
    months = _grouped(lots, by=lambda lot: f"{lot.expires_in:%Y-%m}")
    whole = worth(lots, terms)
    all_together = ("all together", whole.points, whole.value, whole.prefunded)
    matrix: list[tuple[Cell, ...]] = []
    for name, each in issuers.items():
        of_age = _grouped(each, by=lambda lot: age(lot.issued_on, at))
        matrix.append((name, *(sum(lot.points for lot in of_age.get(a, ())) for a in ages)))
    columns = (Column("issuer", "text"), *(Column(name) for name in ages))
    groups = (
        ("By issuer", "issuer", issuers),
        ("By age", "age", {name: aged.get(name, []) for name in ages}),
        ("By expiry", "month", dict(sorted(months.items()))),
    )
    return Report(
        title=f"Liability at the end of {at}",
        currency=currency,
        tables=[
            *(
                Table(
                    title, (Column(first, "text"), *_MONEY), _rows(each, terms, whole), all_together
                )
                for title, first, each in groups
            ),
            Table("Points by issuer and age", columns, matrix, total(matrix, columns)),
        ],
        checks=[
            *_checks(names, lots, in_lots),
            Check("issues that differ between postings and lots", _apart(lots, in_lots), 0),
        ],
        notes=[
            "Value is at the price of the issue, rounded up; prefunded is the part of it that the"
            " float holds already."
        ],
    )


def _issuer(lot: Outstanding) -> int:
    return lot.issuer


def _grouped(
    lots: Iterable[Outstanding], *, by: Callable[[Outstanding], K]
) -> dict[K, list[Outstanding]]:
    groups: dict[K, list[Outstanding]] = {}
    for lot in lots:
        groups.setdefault(by(lot), []).append(lot)
    return groups


def _rows(
    groups: Mapping[str, Sequence[Outstanding]], terms: Mapping[int, Terms], whole: Worth
) -> list[tuple[str, int, int, int]]:
    """A row for each group: money is allotted, so that a column adds up to the unit."""
    each = [worth(lots, terms) for lots in groups.values()]
    values = share(whole.value, [one.exact for one in each])
    prefunded = share(whole.prefunded, [one.exact_prefunded for one in each])
    return [
        (name, one.points, value, paid)
        for name, one, value, paid in zip(groups, each, values, prefunded, strict=True)
    ]


def _checks(
    names: Mapping[int, str], lots: Sequence[Outstanding], in_lots: Sequence[Outstanding]
) -> list[Check]:
    ours, theirs = _grouped(lots, by=_issuer), _grouped(in_lots, by=_issuer)
    return [
        Check(
            f"points of {names[issuer]}: postings, and lots",
            sum(lot.points for lot in ours.get(issuer, ())),
            sum(lot.points for lot in theirs.get(issuer, ())),
        )
        for issuer in sorted({*ours, *theirs})
    ]


def _apart(lots: Sequence[Outstanding], in_lots: Sequence[Outstanding]) -> int:
    return len(set(lots) ^ set(in_lots))
