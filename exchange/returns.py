"""Undoing: a refund gives points back to their lots, a clawback takes issued points back."""

from datetime import datetime
from uuid import UUID

from exchange.orders import Order
from kit.ids import uuid7


def refund(
    *,
    party: int,
    transaction: UUID,
    reference: str,
    points: int | None = None,
    occurred_at: datetime | None = None,
    issuer: int | None = None,
) -> Order:
    """Undo a redemption or capture, or part of it; None is all that is left.

    The points go back to the lots they came from, what was taken last first; with `issuer`, to
    that issuer's alone. A lot that expired meanwhile comes back with a grace. Refused, in this
    order: TransactionNotFound, DuplicateReference, ExceedsCaptured.
    """
    order = _undo("refund", party, transaction, reference, points, occurred_at)
    if issuer is not None:
        order["issuer"] = issuer
    return order


def claw_back(
    *,
    party: int,
    transaction: UUID,
    reference: str,
    points: int | None = None,
    occurred_at: datetime | None = None,
    only_unspent: bool = False,
) -> Order:
    """Undo an accrual or import, or part of it, because the goods came back.

    What the member has already spent is owed, and repaid by later accruals of the same issuer:
    a wallet is never negative. With `only_unspent`, nothing may have been spent instead. Refused,
    in this order: TransactionNotFound, DuplicateReference, ExceedsAccrued, PointsSpent.
    """
    order = _undo("clawback", party, transaction, reference, points, occurred_at)
    if only_unspent:
        order["only_unspent"] = True
    return order


def _undo(
    kind: str,
    party: int,
    transaction: UUID,
    reference: str,
    points: int | None,
    occurred_at: datetime | None,
) -> Order:
    order = Order(
        kind="refund" if kind == "refund" else "clawback",
        party=party,
        id=str(uuid7()),
        undoes=str(transaction),
        reference=reference,
    )
    if points is not None:
        order["points"] = points
    if occurred_at is not None:
        order["occurred_at"] = occurred_at.isoformat()
    return order
