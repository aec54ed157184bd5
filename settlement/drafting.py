"""One partner's statement out of a window's figures: its own row and its own column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from settlement.fx import Rate
from settlement.movements import Movement, MovementKind
from settlement.reckoning import HUB, Reckoning
from settlement.statements import (
    BankDetails,
    Carried,
    Due,
    Side,
    Statement,
    Trade,
    Transfer,
    TreeHead,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A closed window and all that its statements are drawn from; the same for every partner."""

    window: str
    opened_at: datetime
    closed_at: datetime
    due_on: date
    movements: Sequence[Movement]  # The window's own.
    content: Sequence[Movement]  # What is settled: those, less `held_back`, and `brought_in`.
    reckoning: Reckoning  # Of the content.
    rates: Mapping[str, Rate]
    outstanding: Mapping[int, int]  # Per issuer, at the end of the window.
    names: Mapping[int, str]
    held_back: Sequence[Movement] = ()
    brought_in: Sequence[Movement] = ()
    revision: int = 1
    replaces: Mapping[int, str] = field(default_factory=dict)  # Per partner, a number.
    cover: Mapping[int, int] = field(default_factory=dict)
    adjusted: Mapping[int, int] = field(default_factory=dict)
    banks: Mapping[int, BankDetails] = field(default_factory=dict)  # Per party, the hub too.
    head: TreeHead | None = None
    zone: str = "Asia/Shanghai"


def draft(period: Period, party: int, *, number: str) -> Statement:
    """The partner's statement. It is for the caller to check, to number and to sign."""
    fixed = period.reckoning.fixed[party]
    points = points_of(period.movements, party)
    closing = period.outstanding.get(party, 0)
    pay = _transfers(period, party, as_payer=True)
    collect = _transfers(period, party, as_payer=False)
    return Statement(
        number=number,
        revision=period.revision,
        replaces=period.replaces.get(party),
        window=period.window,
        opened_at=period.opened_at,
        closed_at=period.closed_at,
        zone=period.zone,
        due_on=period.due_on,
        hub=period.names[HUB],
        party=party,
        name=period.names[party],
        currency=period.reckoning.base,
        opening=closing - points.change,
        issued=points.issued,
        clawed_back=points.clawed_back,
        spent_elsewhere=points.spent_elsewhere,
        refunded_elsewhere=points.refunded_elsewhere,
        spent_here=points.spent_here,
        refunded_here=points.refunded_here,
        expired=points.expired,
        closing=closing,
        adjusted=period.adjusted.get(party, 0),
        accepted_points=points.accepted,
        accepted_refunds=points.accepted_refunds,
        held_back=_carried(period, period.held_back, party),
        brought_in=_carried(period, period.brought_in, party),
        spent=_trades(period, party, as_issuer=True),
        accepted=_trades(period, party, as_issuer=False),
        owes=_dues(period, party, as_debtor=True),
        owed=_dues(period, party, as_debtor=False),
        cover=period.cover.get(party, 0),
        net=fixed.net,
        residue=fixed.residue,
        settlement_currency=fixed.currency,
        rate=period.rates[fixed.currency] if fixed.currency != period.reckoning.base else None,
        settled=fixed.settled,
        pay=pay,
        collect=collect,
        bank=_bank(period, party, pay, collect),
        head=period.head,
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
    for each in period.content:
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


def _carried(period: Period, moved: Iterable[Movement], party: int) -> tuple[Carried, ...]:
    sums: dict[tuple[int, Side, MovementKind], int] = {}
    for each in moved:
        side: Side = "issuer" if each.issuer == party else "acceptor"
        if party in (each.issuer, each.acceptor):
            other = each.issuer if side == "acceptor" else each.acceptor or party
            key = other, side, each.kind
            sums[key] = sums.get(key, 0) + each.points
    return tuple(
        Carried(party=other, name=period.names[other], side=side, kind=kind, points=points)
        for (other, side, kind), points in sorted(sums.items())
    )


def _bank(
    period: Period, party: int, pay: Sequence[Transfer], collect: Sequence[Transfer]
) -> BankDetails | None:
    """A payer's only payee, or the payee itself: who pays several is told by each of them."""
    to = {each.party for each in pay} or ({party} if collect else set())
    return period.banks.get(to.pop()) if len(to) == 1 else None


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
