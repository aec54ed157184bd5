"""Acts on exchanges: what two people found out is taken as the partner's answer."""

from datetime import datetime

from sqlalchemy.orm import Session

from partners.exchanges import by_hand
from staff.approvals import Proposal
from staff.audit.recording import record
from web.enactments.acts import Act


def _answer(session: Session, decided: Proposal, now: datetime) -> str:
    """Raises what by_hand.settle refuses."""
    content = decided.content
    before, after = by_hand.settle(session, content, now)
    record(
        session,
        who=str(decided.decided_by),
        what="exchange-settled",
        object_=f"exchange {content['exchange']}",
        now=now,
        reason=decided.reason,
        before={"state": before},
        after={"state": after, "said": content["said"]},
    )
    return f"{content['exchange']} is {after}"


ACTS: dict[str, Act] = {"exchange-answer": _answer}
