"""Leaving something out of a window's settlement, and letting it back into the next."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import uuid7
from settlement import store
from settlement.errors import DeferralExists


def defer_line(
    session: Session, window: int, journal: UUID, issuer: int, *, because: UUID, now: datetime
) -> UUID:
    """Leave one issuer's points of a journal of this window out. Raises DeferralExists."""
    return _defer(session, window, "line", because, now, journal=journal, issuer=issuer)


def defer_party(session: Session, window: int, party: int, *, because: UUID, now: datetime) -> UUID:
    """Leave all that a party issued or accepted out of this window. Raises DeferralExists."""
    return _defer(session, window, "party", because, now, party=party)


def defer_window(session: Session, window: int, *, because: UUID, now: datetime) -> UUID:
    """Leave everything out that is not left out already. Raises DeferralExists."""
    return _defer(session, window, "window", because, now)


def release(session: Session, deferral: UUID, now: datetime) -> None:
    """It belongs to the next settlement that closes. Released before, it stays as it was."""
    store.release_deferral(session, deferral, now)


def _defer(
    session: Session,
    window: int,
    kind: str,
    because: UUID,
    now: datetime,
    *,
    journal: UUID | None = None,
    issuer: int | None = None,
    party: int | None = None,
) -> UUID:
    deferral = uuid7()
    made = store.insert_deferral(
        session,
        {
            "id": deferral,
            "window": window,
            "kind": kind,
            "journal": journal,
            "issuer": issuer,
            "party": party,
            "because": because,
            "now": now,
        },
    )
    if not made:
        raise DeferralExists(kind=kind)
    return deferral
