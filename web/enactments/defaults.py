"""Acts on partners that do not fund, and on the security against it."""

from datetime import datetime

from sqlalchemy.orm import Session

from settlement.defaults import curing, defaulting, security
from settlement.sealing.sealer import Sealer
from staff.approvals import Proposal
from web.enactments.acts import Act

KINDS = {"security", "default", "default-cure"}


def acts(signer: Sealer) -> dict[str, Act]:
    """These acts; a default is signed for, since partners get new statements."""

    def default(session: Session, decided: Proposal, now: datetime) -> str:
        revision = defaulting.enact(
            session,
            decided.content,
            proposal=decided.id,
            by=str(decided.decided_by),
            now=now,
            signer=signer,
        )
        return f"window {decided.content['window']} stands at revision {revision}"

    return {"security": _security, "default": default, "default-cure": _cure}


def _security(session: Session, decided: Proposal, now: datetime) -> str:
    values = dict(decided.content)
    kind = values.pop("kind")
    move = security.deposit if kind == "deposit" else security.withdraw
    move(session, **values, proposal=decided.id, now=now)
    return f"{kind} of {values['amount']:,} booked"


def _cure(session: Session, decided: Proposal, now: datetime) -> str:
    return curing.enact(session, decided.content, proposal=decided.id, now=now)
