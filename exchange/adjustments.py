"""A correction by hand that two people agreed on: points into a wallet, or out of it."""

from datetime import date
from typing import Literal
from uuid import UUID

from exchange.issuing import IssuingTerms, expiry
from exchange.orders import Order
from kit.ids import uuid7


def adjust(
    *,
    party: int,
    wallet: int,
    points: int,
    direction: Literal["credit", "debit"],
    approval: UUID,
    note: str,
    terms: IssuingTerms,
    today: date,
) -> Order:
    """Carry out an approved correction, once.

    Refused, in this order: PartnerNotActive, WalletNotFound, ApprovalUsed, then PositionLimit
    for a credit or InsufficientPoints for a debit.
    """
    return Order(
        kind="adjustment",
        party=party,
        id=str(uuid7()),
        wallet=wallet,
        points=points,
        direction=direction,
        approval=str(approval),
        note=note,
        expires_on=expiry(today, terms.expiry_months).isoformat(),
        price=terms.price,
        cap=terms.cap,
    )
