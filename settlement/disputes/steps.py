"""What becomes of a dispute: answered, escalated, withdrawn, decided, or lapsed in silence."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exchange import ledger, returns
from kit.ids import to_text
from settlement import deferrals
from settlement import store as windows
from settlement.disputes import store
from settlement.disputes.deadlines import due_after_next_closing, next_due
from settlement.disputes.errors import (
    DisputeCarriedAlready,
    DisputeNotFound,
    UpheldPointsRefused,
)
from settlement.disputes.rules import After, Role, Step, after
from settlement.disputes.store import Row


def answer(
    session: Session, *, party: int, dispute: UUID, accepts: bool, words: str, now: datetime
) -> Row:
    """The other side's stand; to accept is to give the points back.

    Raises DisputeNotFound, DisputeStepRefused, UpheldPointsRefused, in this order.
    """
    row = _own(session, party, dispute)
    step: Step = "accept" if accepts else "reject"
    return _take(session, row, step, _role(row, party), party=party, words=words, now=now)


def escalate(session: Session, *, party: int, dispute: UUID, words: str, now: datetime) -> Row:
    """Ask the hub to decide. Raises DisputeNotFound, DisputeStepRefused, in this order."""
    row = _own(session, party, dispute)
    return _take(session, row, "escalate", _role(row, party), party=party, words=words, now=now)


def withdraw(session: Session, *, party: int, dispute: UUID, words: str, now: datetime) -> Row:
    """The line stands after all. Raises DisputeNotFound, DisputeStepRefused, in this order."""
    row = _own(session, party, dispute)
    return _take(session, row, "withdraw", _role(row, party), party=party, words=words, now=now)


def decide(
    session: Session,
    *,
    dispute: UUID,
    uphold: bool,
    points: int | None,
    approval: UUID,
    words: str,
    now: datetime,
) -> Row:
    """Carry out what two people of the hub decided; `points` of an upheld one, None for all.

    Raises DisputeNotFound, DisputeStepRefused, UpheldPointsRefused, in this order.
    """
    row = store.lock(session, dispute)
    if row is None:
        raise DisputeNotFound
    step: Step = "uphold" if uphold else "dismiss"
    return _take(session, row, step, "hub", points=points, approval=approval, words=words, now=now)


def carry_over(
    session: Session, *, dispute: UUID, approval: UUID, words: str, now: datetime
) -> Row:
    """Put it off, as two people of the hub decided: it goes on in the window that is open now.

    Its own window settles without it either way. Raises DisputeNotFound, DisputeStepRefused,
    DisputeCarriedAlready, in this order.
    """
    row = store.lock(session, dispute)
    if row is None:
        raise DisputeNotFound
    return _take(session, row, "carry", "hub", approval=approval, words=words, now=now)


def lapse(session: Session, dispute: UUID, now: datetime) -> bool:
    """What silence means, once the deadline is over; False when somebody acted meanwhile.

    What is in the open window already waits on there, without a step: nobody need read of it again.
    """
    row = store.lock(session, dispute)
    if row is None or row["due_at"] is None or row["due_at"] > now:
        return False
    try:
        _take(session, row, "lapse", "time", words=_SILENCE[row["state"]], now=now)
    except DisputeCarriedAlready:
        later = {"state": row["state"], "due_at": due_after_next_closing(session, now)}
        store.move(session, row["id"], later)
        return False
    return True


_SILENCE = {
    "opened": "Nobody answered in time.",
    "answered": "Not escalated in time.",
    "escalated": "Not decided in time: carried over.",
}


def check_carries(session: Session, row: Row) -> int:
    """The open window, into which a dispute can be carried. Raises DisputeCarriedAlready."""
    window = windows.open_window(session)
    if window is None or window.id <= max(row["window_id"], row["carried_into"] or 0):
        raise DisputeCarriedAlready(window=window and window.name)
    return window.id


def check_points(session: Session, row: Row, points: int | None) -> int:
    """How many points an upheld dispute gives back. Raises UpheldPointsRefused."""
    left = store.not_given_back(session, row["journal_id"], row["issuer_id"])
    wanted = min(left, row["points"]) if points is None else points
    if not 1 <= wanted <= left:
        raise UpheldPointsRefused(requested=wanted, contested=row["points"], left=left)
    return wanted


def _own(session: Session, party: int, dispute: UUID) -> Row:
    row = store.lock(session, dispute)
    if row is None or party not in (row["issuer_id"], row["acceptor_id"]):
        raise DisputeNotFound
    return row


def _role(row: Row, party: int) -> Role:
    return "opener" if party == row["opened_by"] else "counterparty"


def _take(
    session: Session,
    row: Row,
    step: Step,
    role: Role,
    *,
    words: str,
    now: datetime,
    party: int | None = None,
    points: int | None = None,
    approval: UUID | None = None,
) -> Row:
    to = after(row["state"], step, role)
    values: dict[str, Any] = {"state": to.state, "due_at": _due(session, row, to, now)}
    if to.carries:
        values["carried_into"] = check_carries(session, row)
    if to.outcome is not None:
        values |= {"outcome": to.outcome, "resolved_at": now, "approval": approval}
    if to.outcome == "upheld":
        values["upheld_points"] = check_points(session, row, points)
        values["correction"] = _give_back(session, row, values["upheld_points"])
    if to.outcome is not None:
        deferrals.release(session, row["deferral_id"], now)
    store.move(session, row["id"], values)
    store.insert_step(session, row["id"], step, party, words, now, approval)
    found = store.find(session, row["id"])
    if found is None:
        raise DisputeNotFound
    return found


def _due(session: Session, row: Row, to: After, now: datetime) -> datetime | None:
    if to.by == "days":
        return next_due(session, now)
    if to.by == "next window":
        return due_after_next_closing(session, now)
    before: datetime | None = row["due_at"]
    return before if to.by == "same" else None


def _give_back(session: Session, row: Row, points: int) -> UUID:
    """Refund the line in the open window: with the line itself it comes to nothing there.

    The reference names the dispute, and cannot be foreseen: a till that took it would be in the
    way.
    """
    order = returns.refund(
        party=row["acceptor_id"],
        transaction=row["journal_id"],
        reference="",
        points=points,
        issuer=row["issuer_id"],
    )
    order["reference"] = f"{to_text('dsp', row['id'])}.{order['id'][-12:]}"
    facts = ledger.post_within(session, order).unwrap()
    return UUID(facts["id"])
