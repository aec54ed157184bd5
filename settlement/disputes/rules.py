"""How a dispute goes on: who may take which step, by when, and what silence means.

Opened by one side, answered by the other. A stand that rejects may be escalated to the hub, whose
finance decides with two people. Silence of the side that must answer escalates by itself, for
nobody shall gain by not answering; silence of the side that may escalate ends it, rejected; silence
of the hub carries it over into the window that is open then. The hub's two people may carry it over
before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from settlement.disputes.errors import DisputeStepRefused

State = Literal["opened", "answered", "escalated", "resolved"]
Outcome = Literal["upheld", "rejected", "withdrawn"]
Step = Literal["accept", "reject", "escalate", "withdraw", "uphold", "dismiss", "carry", "lapse"]
# By when the next step must be taken: never, in the calendar's days, as before, or in those days
# after the window has closed that is open now.
By = Literal["never", "days", "same", "next window"]
Role = Literal["opener", "counterparty", "hub", "time"]


@dataclass(frozen=True, slots=True)
class After:
    """Where a step leads, and by when the next one is due; `carries` into the open window."""

    state: State
    outcome: Outcome | None = None
    by: By = "never"
    carries: bool = False


_STEPS: dict[tuple[State, Step, Role], After] = {
    ("opened", "accept", "counterparty"): After("resolved", "upheld"),
    ("opened", "reject", "counterparty"): After("answered", by="days"),
    ("opened", "withdraw", "opener"): After("resolved", "withdrawn"),
    ("opened", "carry", "hub"): After("opened", by="same", carries=True),
    ("opened", "lapse", "time"): After("escalated", by="days"),
    ("answered", "accept", "counterparty"): After("resolved", "upheld"),
    ("answered", "escalate", "opener"): After("escalated", by="days"),
    ("answered", "carry", "hub"): After("answered", by="same", carries=True),
    ("answered", "withdraw", "opener"): After("resolved", "withdrawn"),
    ("answered", "lapse", "time"): After("resolved", "rejected"),
    ("escalated", "accept", "counterparty"): After("resolved", "upheld"),
    ("escalated", "withdraw", "opener"): After("resolved", "withdrawn"),
    ("escalated", "uphold", "hub"): After("resolved", "upheld"),
    ("escalated", "dismiss", "hub"): After("resolved", "rejected"),
    ("escalated", "carry", "hub"): After("escalated", by="next window", carries=True),
    ("escalated", "lapse", "time"): After("escalated", by="next window", carries=True),
}


def after(state: State, step: Step, role: Role) -> After:
    """Where the step leads. Raises DisputeStepRefused when it cannot be taken, or not by them."""
    found = _STEPS.get((state, step, role))
    if found is None:
        raise DisputeStepRefused(state=state)
    return found


def due(now: datetime, days: int) -> datetime:
    """By when the next step must be taken: so many days, and never less than one."""
    return now + timedelta(days=max(1, days))
