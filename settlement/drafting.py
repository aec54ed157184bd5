"""One partner's statement out of a window's figures: its own row, its own column, its own tills."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from settlement.fx import Rate
from settlement.movements import Movement
from settlement.reckoning import Reckoning
from settlement.statements import Due, Statement, TillLine, Trade, Transfer


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A closed window and all that its statements are drawn from; the same for every partner."""

    window: str
    opened_at: datetime
    closed_at: datetime
    movements: Sequence[Movement]
    reckoning: Reckoning
    rates: Mapping[str, Rate]
    outstanding: Mapping[int, int]  # Per issuer, at the end of the window.
    names: Mapping[int, str]


def draft(
    period: Period, party: int, *, number: str, till_lines: Iterable[TillLine] | None
) -> Statement:
    """The partner's statement. It is for the caller to check, to number and to sign."""
    fixed = period.reckoning.fixed[party]
    points = points_of(period.movements, party)
    closing = period.outstanding.get(party, 0)
    return Statement(
        number=number,
        window=period.window,
        opened_at=period.opened_at,
        closed_at=period.closed_at,
        party=party,
        name=period.names[party],
        currency=period.reckoning.base,
        opening=closing - points.change,
        issued=points.issued,
        clawed_back=points.clawed_back,
        expired=points.expired,
        closing=closing,
        spent=_trades(period, party, as_issuer=True),
        accepted=_trades(period, party, as_issuer=False),
        owes=_dues(period, party, as_debtor=True),
        owed=_dues(period, party, as_debtor=False),
        net=fixed.net,
        residue=fixed.residue,
        settlement_currency=fixed.currency,
        rate=period.rates[fixed.currency] if fixed.currency != period.reckoning.base else None,
        settled=fixed.settled,
        pay=_transfers(period, party, as_payer=True),
        collect=_transfers(period, party, as_payer=False),
        till_lines=None if till_lines is None else tuple(till_lines),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Points:
    """What one partner's points did in a window, and what was done at its tills."""

    issued: int
    clawed_back: int
    spent_elsewhere: int
    refunded_elsewhere: int
    spent_here: int  # Its own points at its own tills…
    refunded_here: int
    expired: int
    accepted: int  # …and other issuers' points at its tills.
    accepted_refunds: int

    @property
    def change(self) -> int:
        """By how much the window changed what is outstanding of its points."""
        spent = self.spent_elsewhere + self.spent_here
        refunded = self.refunded_elsewhere + self.refunded_here
        return self.issued - self.clawed_back - spent + refunded - self.expired


def points_of(movements: Iterable[Movement], party: int) -> Points:
    """The window's points that the partner issued or accepted, summed."""
    sums = dict.fromkeys(Points.__slots__, 0)
    for each in movements:
        if party in (each.issuer, each.acceptor):
            sums[_row(each, party)] += each.points
    return Points(**sums)


def _row(movement: Movement, party: int) -> str:
    if movement.acceptor is None:
        return movement.kind
    if movement.acceptor == movement.issuer:
        return f"{movement.kind}_here"
    if movement.issuer == party:
        return f"{movement.kind}_elsewhere"
    return "accepted" if movement.kind == "spent" else "accepted_refunds"


def _trades(period: Period, party: int, *, as_issuer: bool) -> tuple[Trade, ...]:
    sums: dict[int, dict[str, int]] = {}
    for each in period.movements:
        mine, theirs = each.issuer, each.acceptor
        if not as_issuer and theirs is not None:
            mine, theirs = theirs, mine
        if theirs is not None and mine == party:
            both = sums.setdefault(theirs, {"spent": 0, "refunded": 0})
            both[each.kind] += each.points
    amounts = {
        (each.debtor, each.creditor): each.amount
        for each in period.reckoning.obligations
        if each.kind == "spent"
    }
    return tuple(
        Trade(
            party=other,
            name=period.names[other],
            spent=both["spent"],
            refunded=both["refunded"],
            amount=amounts.get((party, other) if as_issuer else (other, party), 0),
        )
        for other, both in sorted(sums.items())
    )


def _dues(period: Period, party: int, *, as_debtor: bool) -> tuple[Due, ...]:
    return tuple(
        Due(
            party=other,
            name=period.names[other],
            kind=each.kind,
            points=each.points,
            amount=each.amount,
        )
        for each in period.reckoning.obligations
        for mine, other in [
            (each.debtor, each.creditor) if as_debtor else (each.creditor, each.debtor)
        ]
        if mine == party
    )


def _transfers(period: Period, party: int, *, as_payer: bool) -> tuple[Transfer, ...]:
    return tuple(
        Transfer(party=other, name=period.names[other], amount=each.amount)
        for each in period.reckoning.payments
        for mine, other in [(each.payer, each.payee) if as_payer else (each.payee, each.payer)]
        if mine == party
    )
