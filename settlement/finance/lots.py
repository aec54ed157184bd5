"""What an issuer still stands for, by the month in which it expires: the ledger beside the lots."""

from collections.abc import Iterable, Mapping
from datetime import date

from settlement.finance.reports import Cell, Check, Column, Report, Row, Table, total


def report(
    postings: Iterable[Row],
    in_lots: Iterable[Row],
    *,
    names: Mapping[int, str],
    at: date,
    currency: str,
) -> Report:
    """At the end of a day: rows of `store.outstanding` and of `store.outstanding_in_lots`."""
    booked, lying = _sums(postings), _sums(in_lots)
    columns = (
        Column("issuer", "text"),
        Column("expiry", "day"),
        Column("in the ledger"),
        Column("in lots"),
        Column("difference"),
    )
    rows: list[tuple[Cell, ...]] = []
    for issuer, month in sorted({*booked, *lying}):
        ours, theirs = booked.get((issuer, month), 0), lying.get((issuer, month), 0)
        rows.append((names[issuer], month, ours, theirs, theirs - ours))
    return Report(
        title=f"Points by issuer and expiry at the end of {at}",
        currency=currency,
        tables=[Table("Points by issuer and expiry", columns, rows, total(rows, columns))],
        checks=[
            Check(
                f"points of {names[issuer]}: postings, and lots",
                sum(points for (each, _), points in booked.items() if each == issuer),
                sum(points for (each, _), points in lying.items() if each == issuer),
            )
            for issuer in sorted({issuer for issuer, _ in (*booked, *lying)})
        ],
    )


def _sums(rows: Iterable[Row]) -> dict[tuple[int, date], int]:
    sums: dict[tuple[int, date], int] = {}
    for row in rows:
        key = row["issuer"], row["expires_in"]
        sums[key] = sums.get(key, 0) + row["points"]
    return sums
