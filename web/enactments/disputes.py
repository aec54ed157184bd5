"""Acts on disputes: what two people of the hub decided."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from settlement.disputes import steps
from staff.approvals import Proposal
from web.enactments.acts import Act


def _resolution(session: Session, decided: Proposal, now: datetime) -> str:
    content = decided.content
    row = steps.decide(
        session,
        dispute=UUID(content["dispute"]),
        uphold=content["uphold"],
        points=content["points"],
        approval=decided.id,
        words=decided.reason,
        now=now,
    )
    return f"{row['outcome']}, {row['upheld_points']} points given back"


ACTS: dict[str, Act] = {"dispute-resolution": _resolution}
