"""A correction by hand that two people agreed on: points into a wallet, or out of it."""

from typing import Literal
from uuid import UUID

from exchange.issuing import IssuingTerms
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
) -> Order:
    """Carry out an approved correction, once.

    Refused, in this order: PartnerNotActive, WalletNotFound, ApprovalUsed, then PositionLimit
    for a credit or InsufficientPoints for a debit.
    """
    return (
        Order(
            kind="adjustment",
            party=party,
            id=str(uuid7()),
            wallet=wallet,
            points=points,
            direction=direction,
            approval=str(approval),
            note=note,
        )
        | terms.fields()
    )
