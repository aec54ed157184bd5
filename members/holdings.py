"""What a wallet holds, in parts that add up: available, held and pending are never one number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from exchange.history import Lot
from members.worth import floor_worth, shares

SOON = timedelta(days=90)

State = Literal["available", "held", "pending"]
_ORDER: tuple[State, ...] = ("available", "held", "pending")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Points of one issuer that expire together. `worth` is in minor units; `usable_from` is
    the day from which pending points may be spent."""

    issuer: int
    expires_on: date
    state: State
    points: int
    worth: int
    usable_from: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiring:
    """What ends soon: points by the day and issuer, soonest first, and summed by month."""

    points: int
    parts: list[Part]
    months: list[tuple[date, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Holdings:
    """The whole wallet. The worth of the parts adds up to `worth`; `worth_available` is that of
    what may be spent today."""

    available: int
    held: int
    pending: int
    worth: int
    worth_available: int
    parts: list[Part]
    expiring: Expiring

    @property
    def points(self) -> int:
        """In all."""
        return self.available + self.held + self.pending


def of(lots: Iterable[Lot], *, today: date, point_worth: int) -> Holdings:
    """The wallet of these lots, in the order in which they are spent."""
    found: list[tuple[State, Lot, int]] = []
    for lot in lots:
        if lot.held:
            found.append(("held", lot, lot.held))
        if lot.available:
            found.append(("pending" if lot.spendable_from else "available", lot, lot.available))
    found.sort(key=lambda each: _ORDER.index(each[0]))
    worths = shares((points for _, _, points in found), point_worth)
    parts = [
        Part(
            issuer=lot.issuer,
            expires_on=lot.expires_on,
            state=state,
            points=points,
            worth=worth,
            usable_from=lot.spendable_from if state == "pending" else None,
        )
        for (state, lot, points), worth in zip(found, worths, strict=True)
    ]
    sums = {state: sum(p.points for p in parts if p.state == state) for state in _ORDER}
    return Holdings(
        **sums,
        worth=floor_worth(sum(sums.values()), point_worth),
        worth_available=floor_worth(sums["available"], point_worth),
        parts=parts,
        expiring=_expiring(parts, today),
    )


def _expiring(parts: list[Part], today: date) -> Expiring:
    """Held points are left out: their sale decides what becomes of them."""
    soon: dict[tuple[date, int], list[Part]] = {}
    months: dict[date, int] = {}
    for month in _months(today, today + SOON):
        months[month] = 0
    for part in parts:
        if part.state != "held" and part.expires_on <= today + SOON:
            soon.setdefault((part.expires_on, part.issuer), []).append(part)
            months[part.expires_on.replace(day=1)] += part.points
    merged = [
        Part(
            issuer=issuer,
            expires_on=day,
            state="available",
            points=sum(each.points for each in same),
            worth=sum(each.worth for each in same),
            usable_from=None,
        )
        for (day, issuer), same in sorted(soon.items())
    ]
    return Expiring(
        points=sum(months.values()), parts=merged, months=list(months.items()) if merged else []
    )


def _months(first: date, last: date) -> Iterable[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)
