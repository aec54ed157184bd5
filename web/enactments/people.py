"""Acts on people of the hub: who comes in, as what, and who comes back."""

from datetime import datetime

from sqlalchemy.orm import Session

from staff.approvals import Proposal
from staff.audit.recording import record
from staff.people import invitations, operators
from web.enactments.acts import Act


def _invite(session: Session, decided: Proposal, now: datetime) -> str:
    content, by = decided.content, str(decided.decided_by)
    name, roles = content["name"], content["roles"]
    invitations.approve(session, name, roles, content["email"], by=by, now=now)
    record(
        session,
        who=by,
        what="operator-invited",
        object_=f"operator {name}",
        now=now,
        reason=decided.reason,
        after={"roles": roles, "email": content["email"]},
    )
    return f"{name} may come in: the link goes by mail, or is made by {by}"


def _roles(session: Session, decided: Proposal, now: datetime) -> str:
    name, roles, by = decided.content["name"], decided.content["roles"], str(decided.decided_by)
    before = operators.change_roles(session, name, roles, by=(decided.proposed_by, by))
    record(
        session,
        who=by,
        what="roles-changed",
        object_=f"operator {name}",
        now=now,
        reason=decided.reason,
        before={"roles": before},
        after={"roles": roles},
    )
    return f"{name}: {', '.join(roles)}"


def _restore(session: Session, decided: Proposal, now: datetime) -> str:
    name, by = decided.content["name"], str(decided.decided_by)
    operators.restore(session, name, by=(decided.proposed_by, by), now=now)
    record(
        session,
        who=by,
        what="operator-restored",
        object_=f"operator {name}",
        now=now,
        reason=decided.reason,
    )
    return f"{name} may come in again: the link goes by mail, or is made by {by}"


ACTS: dict[str, Act] = {
    "operator-invitation": _invite,
    "operator-roles": _roles,
    "operator-restoration": _restore,
}
