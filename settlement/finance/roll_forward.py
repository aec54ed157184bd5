"""How points outstanding came from one day to another, issuer by issuer."""

from collections.abc import Iterable, Mapping
from datetime import date

from settlement.finance.reports import Cell, Check, Column, Report, Row, Table, total

# What a flow of `store.flows` counts as, in the order of the table; its points are signed.
_COLUMNS = {
    "issued": ("issued",),
    "imported": ("imported",),
    "adjusted": ("adjusted",),
    "clawed back": ("clawed_back",),
    "spent elsewhere": ("spent",),
    "at own till": ("spent_here", "refunded_here"),
    "refunded": ("refunded",),
    "expired": ("expired",),
}
_NO_CHANGE = "moved"  # From wallet to wallet: the issuer owes as much as before.


def report(
    opening: Mapping[int, int],
    flows: Iterable[Row],
    closing: Mapping[int, int],
    *,
    names: Mapping[int, str],
    since: date,
    at: date,
    currency: str,
) -> Report:
    """From the beginning of `since` to the end of `at`.

    `opening` is summed from the postings before, `closing` is what lies in the lots: that the one
    leads to the other is the check.
    """
    moved: dict[int, dict[str, int]] = {}
    for row in flows:
        by_kind = moved.setdefault(row["issuer"], {})
        by_kind[row["kind"]] = by_kind.get(row["kind"], 0) + row["points"]
    rows: list[tuple[Cell, ...]] = []
    checks = []
    for issuer in sorted({*opening, *moved, *closing}):
        by_kind = moved.get(issuer, {})
        changes = [sum(by_kind.get(kind, 0) for kind in kinds) for kinds in _COLUMNS.values()]
        began = opening.get(issuer, 0)
        ended = began + sum(changes)
        rows.append((names[issuer], began, *changes, ended))
        checks += [
            Check(f"points of {names[issuer]}: rolled, and lots", ended, closing.get(issuer, 0)),
            Check(f"points of {names[issuer]} moved, net", by_kind.get(_NO_CHANGE, 0), 0),
        ]
    columns = (Column("issuer", "text"), *map(Column, ("opening", *_COLUMNS, "closing")))
    return Report(
        title=f"Roll-forward of points outstanding, {since} to {at}",
        currency=currency,
        tables=[Table("Points", columns, rows, total(rows, columns))],
        checks=checks,
    )
