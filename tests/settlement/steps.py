"""Steps of a closed window that take two people, as the hub's own code takes them, in one line."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from settlement import closing
from tests.factories import build_proposal


def approve(session: Session, window: str, now: datetime, *, by: str) -> None:
    """`closing.approve`, on a proposal of somebody's that was just approved."""
    closing.approve(session, window, now, by=by, because=_agreed(session, "approval", window, by))


def start_paying(session: Session, window: str, now: datetime, *, by: str) -> None:
    """`closing.start_paying`, likewise; without files for the bank."""
    because = _agreed(session, "payment", window, by)
    closing.start_paying(session, window, now, by=by, because=because)


def _agreed(session: Session, step: str, window: str, by: str) -> UUID:
    return build_proposal(
        session, kind=f"window-{step}", content={"window": window}, decided_by=by
    ).id
