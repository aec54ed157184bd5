"""Telling a member something, in the transaction in which it happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from members.notices import kinds, store


def notify(
    session: Session, person: UUID, kind: str, *, now: datetime | None = None, **facts: Any
) -> None:
    """Put a notice into the person's inbox, to be sent as well, unless they switched it off.

    `facts` are those of `kinds.KINDS[kind]`, of exactly these types; else TypeError. A notice about
    the same journal, exchange or gift is put once. The erased are told nothing. `now` is the
    transaction's beginning when it is not given.
    """
    store.insert(
        session,
        {
            "person": person,
            "kind": kind,
            "topic": kinds.KINDS[kind].topic if kind in kinds.KINDS else "",
            "facts": kinds.written(kind, facts),
            "about": kinds.about(facts),
            "now": now,
        },
    )


def notify_owner(
    session: Session, wallet: int, kind: str, *, now: datetime | None = None, **facts: Any
) -> None:
    """As `notify`, for whoever owns the wallet; nobody, where that is no person."""
    person = store.owner(session, wallet)
    if person is not None:
        notify(session, person, kind, now=now, **facts)


def unread(session: Session, person: UUID) -> int:
    """How many notices of the inbox have not been shown yet; a hundred when there are more."""
    return store.count_unread(session, person)


def forget(session: Session, person: UUID) -> None:
    """Part of erasing a person, once they are marked as erased."""
    store.forget(session, person)
