"""Wallets without a member: where a gift waits, what a family shares."""

from datetime import datetime

from sqlalchemy.orm import Session

from exchange import store


def open_purse(session: Session, now: datetime) -> int:
    """An empty wallet that no party has a name for; points come and go by transfers alone, and by
    payment codes."""
    return store.insert_wallet(session, now)
