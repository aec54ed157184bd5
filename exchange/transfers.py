"""Points from one wallet to another: the lots keep their issuer and expiry."""

from exchange.orders import Order
from kit.ids import uuid7


def transfer(*, wallet: int, to_wallet: int, points: int, note: str | None = None) -> Order:
    """Refused, in this order: SameWallet, WalletNotFound, WalletFrozen, InsufficientPoints."""
    order = Order(
        kind="transfer", id=str(uuid7()), wallet=wallet, to_wallet=to_wallet, points=points
    )
    if note is not None:
        order["note"] = note
    return order
