"""Points from one wallet to another: the lots keep their issuer and expiry."""

from typing import Final

from exchange.orders import Order
from kit.ids import uuid7

RETURNED: Final = "returned"  # The note of a transfer that undoes an earlier one.


def transfer(
    *,
    wallet: int,
    to_wallet: int,
    points: int | None,
    reference: str | None = None,
    note: str | None = None,
) -> Order:
    """Move points, soonest expiry first; None is all that can be spent.

    With a reference it happens once; with the note RETURNED the receiver reads that points came
    back. Refused, in this order: SameWallet, WalletNotFound,
    DuplicateReference, WalletFrozen, InsufficientPoints.
    """
    order = Order(kind="transfer", id=str(uuid7()), wallet=wallet, to_wallet=to_wallet)
    if points is not None:
        order["points"] = points
    if reference is not None:
        order["reference"] = reference
    if note is not None:
        order["note"] = note
    return order
