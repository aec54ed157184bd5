"""Acts on disputes: what two people of the hub decided."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from settlement import store as windows
from settlement.disputes import steps
from staff.approvals import Proposal
from staff.errors import ProposalChanged
from web.enactments.acts import Act


def _resolution(session: Session, decided: Proposal, now: datetime) -> str:
    """How it ends; or, with `carry`, that it goes on in the open window, which `carry` names."""
    content = decided.content
    if content.get("carry"):
        window = windows.open_window(session)
        if window is None or window.name != content["carry"]:
            raise ProposalChanged
        row = steps.carry_over(
            session,
            dispute=UUID(content["dispute"]),
            approval=decided.id,
            words=decided.reason,
            now=now,
        )
        return f"carried over into {row['carried_into_name']}"
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
