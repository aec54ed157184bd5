"""Collateral and the mutual fund: what partners left with the hub, by movements never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from partners import terms
from partners.errors import TermsMissing
from settlement.defaults import store
from settlement.defaults.errors import SecurityShort
from settlement.defaults.waterfall import Security, Share, Step

Account = Literal["collateral", "fund"]

ACCOUNTS: Mapping[Step, Account] = {
    "collateral": "collateral",
    "own-contribution": "fund",
    "mutual-fund": "fund",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What one partner agreed to leave with the hub, and what it left; minor units."""

    party: int
    collateral: int
    collateral_agreed: int
    fund: int
    fund_agreed: int


def held(session: Session) -> Security:
    """All that the hub holds now."""
    found: dict[str, dict[int, int]] = {"collateral": {}, "fund": {}}
    for row in store.balances(session):
        found[row["account"]][row["party_id"]] = row["held"]
    return Security(**found)


def standings(session: Session, parties: Iterable[int], now: datetime) -> list[Standing]:
    """What these partners left, beside what their terms in force ask of them."""
    security = held(session)
    return [_standing(session, security, party, now) for party in parties]


def deposit(
    session: Session, *, party: int, account: Account, amount: int, proposal: UUID, now: datetime
) -> None:
    """The hub received money as security; `amount` is above zero."""
    _move(session, [(party, account, "deposit", amount)], proposal, now)


def withdraw(
    session: Session, *, party: int, account: Account, amount: int, proposal: UUID, now: datetime
) -> None:
    """The hub gave security back; `amount` is above zero. Raises SecurityShort."""
    store.lock_security(session)
    kept = getattr(held(session), account).get(party, 0)
    if amount > kept:
        raise SecurityShort(held=kept)
    _move(session, [(party, account, "withdrawal", -amount)], proposal, now)


def use(session: Session, shares: Iterable[Share], *, proposal: UUID, now: datetime) -> None:
    """Draw on what is held, as a default's shares say; losses are not of it."""
    drawn = [(each.party, ACCOUNTS[each.step], "use", -each.amount) for each in _held_of(shares)]
    _move(session, drawn, proposal, now)


def refill(session: Session, shares: Iterable[Share], *, proposal: UUID, now: datetime) -> None:
    """Put back what was drawn, as a recovery's shares say."""
    back = [(each.party, ACCOUNTS[each.step], "recovery", each.amount) for each in _held_of(shares)]
    _move(session, back, proposal, now)


def _held_of(shares: Iterable[Share]) -> Iterable[Share]:
    return (share for share in shares if share.step in ACCOUNTS)


def _move(
    session: Session,
    movements: Iterable[tuple[int, str, str, int]],
    proposal: UUID,
    now: datetime,
) -> None:
    names = ("party", "account", "kind", "amount")
    rows: list[dict[str, Any]] = [
        dict(zip(names, each, strict=True)) | {"proposal": proposal, "at": now}
        for each in movements
    ]
    store.insert_security(session, rows)


def _standing(session: Session, security: Security, party: int, now: datetime) -> Standing:
    try:
        agreed = terms.at(terms.of(session, party), now)
        asked = agreed.collateral, agreed.fund_share
    except TermsMissing:
        asked = 0, 0
    return Standing(
        party=party,
        collateral=security.collateral.get(party, 0),
        collateral_agreed=asked[0],
        fund=security.fund.get(party, 0),
        fund_agreed=asked[1],
    )
