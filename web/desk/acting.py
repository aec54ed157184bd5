"""How pages write: an act is recorded, or put before a second person, under who is signed in."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from staff import approvals
from staff.audit.recording import record
from web.desk.signed_in import me
from web.desk.wiring import here


def note(
    session: Session,
    what: str,
    object_: str,
    *,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> UUID:
    """Record an act of whoever is signed in, in the act's own transaction."""
    return record(
        session,
        who=me().name,
        what=what,
        object_=object_,
        now=here().clock(),
        reason=reason,
        before=before,
        after=after,
    )


def propose(session: Session, kind: str, content: Mapping[str, Any], reason: str) -> UUID:
    """Put an act before a second person; the proposal's id. Dates and times become ISO 8601."""
    plain = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in content.items()
    }
    return approvals.propose(
        session, kind=kind, content=plain, reason=reason, by=me().name, now=here().clock()
    )
