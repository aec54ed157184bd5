"""What is put before a second person of the hub about a dispute: the content of the proposal."""

from typing import Any

from sqlalchemy.orm import Session

from settlement import store as windows
from settlement.disputes import rules, steps
from settlement.disputes.store import Row

KIND = "dispute-resolution"


def decided(session: Session, row: Row, *, uphold: bool, points: int | None) -> dict[str, Any]:
    """That it ends: `points` of an upheld one, None for all that is left.

    Raises DisputeStepRefused, UpheldPointsRefused, in this order.
    """
    rules.after(row["state"], "uphold" if uphold else "dismiss", "hub")
    if uphold:
        steps.check_points(session, row, points)
    return {"dispute": str(row["id"]), "uphold": uphold, "points": points if uphold else None}


def carried(session: Session, row: Row) -> dict[str, Any]:
    """That it goes on in the open window, by its name. Raises DisputeStepRefused,
    DisputeCarriedAlready, in this order.
    """
    rules.after(row["state"], "carry", "hub")
    into = windows.window_by_id(session, steps.check_carries(session, row)).name
    return {"dispute": str(row["id"]), "uphold": False, "points": None, "carry": into}
