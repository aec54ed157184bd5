"""The money of a closed window as accounting entries: owed, netted, fixed in currencies, paid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from settlement.finance.chart import (
    EXCHANGE,
    RESIDUE,
    net_account,
    owed_account,
    payment_account,
)
from settlement.finance.plain_text import Entry, Leg
from settlement.finance.reports import Row
from settlement.fx import Rate, residue_of
from settlement.obligations import Obligation
from settlement.reckoning import FLOAT, HUB


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """One window's figures, as `settlement.store` reads them; all empty for an aborted one."""

    base: str  # The hub's currency.
    obligations: Sequence[Obligation]
    positions: Sequence[Row]
    payments: Sequence[Row]

    @property
    def currencies(self) -> list[str]:
        found = {self.base, *(row["currency"] for row in self.positions)}
        return sorted(found) if self.positions else []

    def entries(
        self, names: Mapping[int, str], *, closed: date, paid: date | None
    ) -> Iterator[Entry]:
        """In order: obligations, what a default cost others, nets, payments; nought is left out.

        Payments that were not made yet (`paid` is None) are pending ones of the day of closing.
        """
        for each in self.obligations:
            if each.amount:
                debtor, creditor = names[each.debtor], names[each.creditor]
                yield Entry(
                    day=closed,
                    text=f"{each.kind} owed by {debtor} to {creditor}",
                    legs=[
                        Leg(owed_account(debtor), each.amount, self.base),
                        Leg(owed_account(creditor), -each.amount, self.base),
                    ],
                )
        if cover := [
            Leg(owed_account(names[row["party"]]), -row["cover"], self.base)
            for row in self.positions
            if row.get("cover")
        ]:
            yield Entry(day=closed, text="cover of a default", legs=cover)
        for row in self.positions:
            if legs := [leg for leg in _net(row, names, self.base) if leg.amount]:
                yield Entry(day=closed, text=f"net of {names[row['party']]}", legs=legs)
        for row in self.payments:
            payer, payee = names[row["payer"]], names[row["payee"]]
            yield Entry(
                day=paid or closed,
                text=f"payment {row['number']} from {payer} to {payee}",
                legs=[
                    Leg(payment_account(row["payee"], payee), row["amount"], row["currency"]),
                    Leg(payment_account(row["payer"], payer), -row["amount"], row["currency"]),
                ],
                pending=paid is None,
            )

    def balances(self, names: Mapping[int, str]) -> list[Leg]:
        """What every account must have after all of it, from the figures alone.

        Nothing is owed gross any more, nor net to a partner: the payments settle all of it.
        """
        if not self.positions:
            return []
        legs = [Leg(RESIDUE, 0, self.base)]
        across: dict[str, int] = {}
        for row in self.positions:
            party, name = row["party"], names[row["party"]]
            own = party in (HUB, FLOAT)
            legs.append(Leg(owed_account(name), 0, self.base))
            legs.append(
                Leg(net_account(party, name), -row["settles"] if own else 0, row["currency"])
            )
            if row["currency"] != self.base:
                booked = row["net"] - _residue(row, self.base)
                across[self.base] = across.get(self.base, 0) - booked
                across[row["currency"]] = across.get(row["currency"], 0) + row["settles"]
        legs += [Leg(EXCHANGE, amount, currency) for currency, amount in sorted(across.items())]
        banks: dict[tuple[str, str], int] = {}
        for row in self.payments:
            for side, sign in (("payee", 1), ("payer", -1)):
                if row[side] in (HUB, FLOAT):
                    bank = payment_account(row[side], names[row[side]]), row["currency"]
                    banks[bank] = banks.get(bank, 0) + sign * row["amount"]
        return legs + [
            Leg(bank, amount, currency) for (bank, currency), amount in sorted(banks.items())
        ]


def _net(row: Row, names: Mapping[int, str], base: str) -> list[Leg]:
    name, net = names[row["party"]], row["net"]
    residue = _residue(row, base)
    legs = [Leg(owed_account(name), net, base), Leg(RESIDUE, -residue, base)]
    due = Leg(net_account(row["party"], name), -row["settles"], row["currency"])
    if row["currency"] == base:
        return [*legs, due]
    across = [
        Leg(EXCHANGE, residue - net, base),
        Leg(EXCHANGE, row["settles"], row["currency"]),
    ]
    return [*legs, *across, due]


def _residue(row: Row, base: str) -> int:
    """What converting the net rounded away; the hub's own is minus all the others'."""
    if row["party"] == HUB or row["currency"] == base:
        return int(row["net"] - row["settles"])
    rate = Rate(
        base=base,
        quote=row["currency"],
        numerator=row["fx_numerator"],
        denominator=row["fx_denominator"],
    )
    return residue_of(row["net"], rate)
