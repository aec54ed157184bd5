"""Everybody against everybody: from gross obligations to one net position each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from settlement.errors import NettingDoesNotBalance
from settlement.obligations import Obligation


@dataclass(frozen=True, slots=True, order=True)
class Owed:
    """A positive amount, in minor units, that one party owes another."""

    debtor: int
    creditor: int
    amount: int


@dataclass(frozen=True, slots=True)
class NetPosition:
    """A party's gross sums for a window, both at least zero, in minor units.

    `cover` is what others make good for it when it does not fund, or, below zero, what it bears.
    """

    receives: int
    pays: int
    cover: int = 0

    @property
    def net(self) -> int:
        """Positive when the party receives."""
        return self.receives - self.pays + self.cover


@dataclass(frozen=True, slots=True)
class Compression:
    """How much money netting keeps from moving, in minor units."""

    gross: int
    bilateral: int
    to_move: int

    @property
    def saved_per_mille(self) -> int:
        """The share of the gross that need not move, rounded down; 0 when nothing is owed."""
        return (self.gross - self.to_move) * 1000 // self.gross if self.gross else 0


@dataclass(frozen=True, slots=True)
class Matrix:
    """Debtors down, creditors across: only cells above zero are held."""

    parties: tuple[int, ...]
    cells: Mapping[tuple[int, int], int]  # (debtor, creditor) → amount
    pays: Mapping[int, int]  # The total of each party's row…
    receives: Mapping[int, int]  # …and of its column.
    total: int

    def cell(self, debtor: int, creditor: int) -> int:
        return self.cells.get((debtor, creditor), 0)


def matrix(obligations: Iterable[Obligation]) -> Matrix:
    """Gross amounts by debtor and creditor, all kinds together, with the totals of each side.

    A negative obligation stands turned round, in the cell of the party that really pays.
    """
    cells: dict[tuple[int, int], int] = {}
    pays: dict[int, int] = {}
    receives: dict[int, int] = {}
    for owed in _turned(obligations):
        cell = owed.debtor, owed.creditor
        cells[cell] = cells.get(cell, 0) + owed.amount
        pays[owed.debtor] = pays.get(owed.debtor, 0) + owed.amount
        receives[owed.creditor] = receives.get(owed.creditor, 0) + owed.amount
    parties = tuple(sorted({*pays, *receives}))
    return Matrix(
        parties=parties,
        cells=dict(sorted(cells.items())),
        pays={party: pays.get(party, 0) for party in parties},
        receives={party: receives.get(party, 0) for party in parties},
        total=sum(cells.values()),
    )


def bilateral(obligations: Iterable[Obligation]) -> list[Owed]:
    """What each pair still owes after setting its two sides off, by debtor and creditor."""
    gross = matrix(obligations)
    pairs = {(min(cell), max(cell)) for cell in gross.cells}
    found = []
    for low, high in pairs:
        amount = gross.cell(low, high) - gross.cell(high, low)
        if amount:
            found.append(Owed(low, high, amount) if amount > 0 else Owed(high, low, -amount))
    return sorted(found)


def net(obligations: Iterable[Obligation]) -> dict[int, NetPosition]:
    """Each party's position against all the others. Raises NettingDoesNotBalance."""
    gross = matrix(obligations)
    positions = {
        party: NetPosition(gross.receives[party], gross.pays[party]) for party in gross.parties
    }
    check_balanced({party: position.net for party, position in positions.items()})
    return positions


def compression(obligations: Iterable[Obligation]) -> Compression:
    """The gross owed, what is left of it between pairs, and what must really move."""
    owed = list(obligations)
    return Compression(
        gross=matrix(owed).total,
        bilateral=sum(each.amount for each in bilateral(owed)),
        to_move=sum(max(position.net, 0) for position in net(owed).values()),
    )


def check_balanced(nets: Mapping[int, int]) -> None:
    """Money is neither made nor lost: raises NettingDoesNotBalance unless nets sum to zero."""
    off_by = sum(nets.values())
    if off_by:
        raise NettingDoesNotBalance(off_by=off_by)


def _turned(obligations: Iterable[Obligation]) -> Iterable[Owed]:
    for each in obligations:
        if each.amount > 0:
            yield Owed(each.debtor, each.creditor, each.amount)
        elif each.amount < 0:
            yield Owed(each.creditor, each.debtor, -each.amount)
