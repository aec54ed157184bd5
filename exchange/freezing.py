"""Freezing a wallet: from one moment on nothing leaves it, and what was held is let go."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exchange import acceptance, ledger, store
from exchange.errors import WalletNotFound


@dataclass(frozen=True, slots=True)
class Ended:
    """A hold that freezing ended."""

    hold: UUID
    party: int
    points: int
    held_at: datetime


def freeze(session: Session, wallet: int) -> list[Ended]:
    """Freeze the wallet and void its open holds, whosever they are, in this transaction.

    Points still come in; none leave, by code, mandate or transfer, until `unfreeze`. A firm hold
    stays: its maker may have given for it already (`acceptance.authorise` with `until`). A wallet
    that is frozen already has none left to void. Raises WalletNotFound.
    """
    # As all who post do: this first, then wallets. Else a closing could stand between the two.
    store.join_window(session)
    if store.lock_wallet(session, wallet) is None:
        raise WalletNotFound
    ended = [
        Ended(row["id"], row["party_id"], row["points"], row["held_at"])
        for row in store.open_holds(session, wallet)
    ]
    for each in ended:
        # One that is past its time is let go as well: nobody has said so yet.
        ledger.post_within(session, acceptance.void(party=each.party, hold=each.hold)).unwrap()
    store.set_frozen(session, wallet, True)
    return ended


def unfreeze(session: Session, wallet: int) -> None:
    """Let the wallet be spent from again. Raises WalletNotFound."""
    if store.lock_wallet(session, wallet) is None:
        raise WalletNotFound
    store.set_frozen(session, wallet, False)
