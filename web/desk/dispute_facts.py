"""What the pages of disputes say of one: its state, its worth, the proposal that waits."""

from collections.abc import Iterable
from uuid import UUID

from flask import abort
from sqlalchemy.orm import Session

from kit import ids
from kit.ids import to_text
from kit.language import gettext as _
from kit.language import mark
from settlement import store as windows
from settlement.disputes import proposing, store
from settlement.disputes.store import Row
from settlement.disputes.worth import worth
from staff import approvals
from web.desk.wiring import here

ENDED = {
    "upheld": ("done", mark("Upheld")),
    "rejected": ("neutral", mark("Rejected")),
    "withdrawn": ("neutral", mark("Withdrawn")),
}


def state_of(row: Row) -> tuple[str, str]:
    """A dispute's state: its tone and its word."""
    if row["state"] == "resolved":
        tone, words = ENDED[row["outcome"]]
        return tone, _(words)
    if row["state"] == "escalated":
        if row["carried_into"] is not None:
            return "info", _("Carried over")
        return "wait", _("For the hub to decide")
    return ("wait", _("Awaiting answer")) if row["state"] == "opened" else ("info", _("Answered"))


def find_row(session: Session, name: str) -> Row:
    id_ = ids.from_text("dsp", name)
    found = None if id_ is None else store.find(session, id_)
    if found is None:
        abort(404)
    return found


def names_of_parties(session: Session) -> dict[int, str]:
    return {party: name for party, (_slug, name) in windows.names(session).items()}


def amounts_of(session: Session, rows: Iterable[Row]) -> dict[UUID, int | None]:
    """What each line comes to in money, in the hub's currency."""
    rows = list(rows)
    found = worth(session, [(row["journal_id"], row["issuer_id"]) for row in rows])
    return {row["id"]: found.get((row["journal_id"], row["issuer_id"])) for row in rows}


def waiting_proposals(session: Session) -> dict[UUID, UUID]:
    """The proposals about disputes that wait for a second person, by dispute."""
    return {
        UUID(each.content["dispute"]): each.id
        for each in approvals.still_open(session, now=here().clock())
        if each.kind == proposing.KIND
    }


def dispute_id(row: Row) -> str:
    return to_text("dsp", row["id"])


def proposal_id(id_: UUID) -> str:
    return to_text("prp", id_)
