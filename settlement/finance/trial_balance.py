"""The trial balance: every account of points, and of the money of closed windows.

A member's wallet is a liability of the issuers of its points, so all wallets together are one
account of each issuer. A debit balance stands positive, a credit balance negative. Money is what
windows came to, in the accounts of the export, each currency by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from settlement.finance.chart import net_account
from settlement.finance.money_entries import Money
from settlement.finance.reports import Check, Column, Report, Row, Table, total
from settlement.reckoning import FLOAT, HUB

Key = tuple[str, str]  # An account and a currency.


@dataclass(frozen=True, kw_only=True, slots=True)
class MoneyBalances:
    """Debits and credits of money in minor units, and what net accounts must have for positions
    that are not paid."""

    debits: Mapping[Key, int]
    credits: Mapping[Key, int]
    unpaid: Mapping[Key, int]

    def balance(self, key: Key) -> int:
        return self.debits.get(key, 0) - self.credits.get(key, 0)


def money_balances(
    windows: Iterable[tuple[Money, bool]], names: Mapping[int, str]
) -> MoneyBalances:
    """Of windows that are closed, each with whether it is paid."""
    debits: dict[Key, int] = {}
    credits_: dict[Key, int] = {}
    unpaid: dict[Key, int] = {}
    for money, paid in windows:
        for entry in money.entries(names, closed=date.min, paid=date.min if paid else None):
            for leg in () if entry.pending else entry.legs:
                side, key = debits if leg.amount > 0 else credits_, (leg.account, leg.commodity)
                side[key] = side.get(key, 0) + abs(leg.amount)
        for row in money.positions:
            key = net_account(row["party"], names[row["party"]]), row["currency"]
            own = row["party"] in (HUB, FLOAT)  # It keeps what it nets to.
            unpaid[key] = unpaid.get(key, 0) - (row["settles"] if own or not paid else 0)
    return MoneyBalances(debits=debits, credits=credits_, unpaid=unpaid)


def report(
    balances: Sequence[Row],
    lots: Mapping[int, int],
    debts: Mapping[int, int],
    money: MoneyBalances,
    *,
    names: Mapping[int, str],
    at: date,
    currency: str,
) -> Report:
    """At the end of a day. `lots` are points in wallets, `debts` what members owe, by issuer."""
    currencies = sorted(
        {currency for _, currency in money.debits} | {each for _, each in money.credits}
    )
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
        title=f"Trial balance at the end of {at}",
        currency=currency,
        tables=[
            Table("Points", columns, rows, total(rows, columns)),
            *(_money_table(money, each) for each in currencies),
        ],
        checks=[
            Check(
                "debits of points, and credits",
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
            *(
                Check(
                    f"debits of {each}, and credits",
                    _sum(money.debits, each),
                    _sum(money.credits, each),
                )
                for each in currencies
            ),
            *(
                Check(f"{account} in {each}, and its unpaid positions", balance, money.unpaid[key])
                for key in sorted(money.unpaid)
                for account, each in [key]
                for balance in [money.balance(key)]
            ),
        ],
    )


def _balances(rows: Sequence[Row], kind: str) -> dict[int, int]:
    return {row["party"]: row["debits"] - row["credits"] for row in rows if row["kind"] == kind}


def _money_table(money: MoneyBalances, currency: str) -> Table:
    columns = (
        Column("account", "text"),
        *(Column(name, "money") for name in ("debits", "credits", "balance")),
    )
    rows = [
        (key[0], money.debits.get(key, 0), money.credits.get(key, 0), money.balance(key))
        for key in sorted({*money.debits, *money.credits})
        if key[1] == currency
    ]
    return Table(f"Money, {currency}", columns, rows, total(rows, columns), currency=currency)


def _sum(sides: Mapping[Key, int], currency: str) -> int:
    return sum(amount for (_, each), amount in sides.items() if each == currency)
