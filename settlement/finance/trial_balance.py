"""The trial balance of points: every account by kind and party, its debits and its credits.

A member's wallet is a liability of the issuers of its points, so all wallets together are one
account of each issuer. A debit balance stands positive, a credit balance negative.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from settlement.finance.reports import Check, Column, Report, Row, Table, total


def report(
    balances: Sequence[Row],
    lots: Mapping[int, int],
    debts: Mapping[int, int],
    *,
    names: Mapping[int, str],
    at: date,
    currency: str,
) -> Report:
    """At the end of a day. `lots` are points in wallets, `debts` what members owe, by issuer."""
    columns = (
        Column("account", "text"),
        Column("party", "text"),
        *map(Column, ("debits", "credits", "balance")),
    )
    rows = [
        (
            row["kind"],
            names[row["party"]],
            row["debits"],
            row["credits"],
            row["debits"] - row["credits"],
        )
        for row in balances
    ]
    wallets = _balances(balances, "wallet")
    receivable = _balances(balances, "receivable")
    return Report(
        title=f"Trial balance of points at the end of {at}",
        currency=currency,
        tables=[Table("Accounts", columns, rows, total(rows, columns))],
        checks=[
            Check(
                "debits, and credits",
                sum(row["debits"] for row in balances),
                sum(row["credits"] for row in balances),
            ),
            *(
                Check(
                    f"wallets of {names[each]}, and lots", -wallets.get(each, 0), lots.get(each, 0)
                )
                for each in sorted({*wallets, *lots})
            ),
            *(
                Check(
                    f"receivable of {names[each]}, and members' debts",
                    receivable.get(each, 0),
                    debts.get(each, 0),
                )
                for each in sorted({*receivable, *debts})
            ),
        ],
    )


def _balances(rows: Sequence[Row], kind: str) -> dict[int, int]:
    return {row["party"]: row["debits"] - row["credits"] for row in rows if row["kind"] == kind}
