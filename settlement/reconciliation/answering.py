"""What a person says of a finding that does not agree. Nothing here touches the books.

explained   the two records differ, and nothing follows from it: a clock, another spelling
accepted    the books stand; the partner takes them over into its own record
correction  the partner puts it right: it sends what never came, or gives back what was too much
disputed    the line is contested, which leaves it out of the net until it is decided
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from settlement.reconciliation import receiving, store
from settlement.reconciliation.errors import (
    FindingAnswered,
    FindingNotFound,
    ReconciliationNotFound,
)
from settlement.reconciliation.findings import check_matched

Resolution = Literal["explained", "accepted", "correction"]
RESOLUTIONS: Final[tuple[Resolution, ...]] = ("explained", "accepted", "correction")
Place = tuple[str, int]  # A finding's outcome and number.

# What differs without a point being another's.
_HARMLESS: Final = {"time", "reference", "window"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one finding."""

    outcome: str
    number: int
    resolution: Resolution


def proposed(outcome: str, differs: Sequence[str]) -> Resolution:
    """What a finding of this kind mostly comes to; whoever answers may know better."""
    if outcome == "missing_here" or "kind" in differs:
        return "correction"
    if outcome == "differing" and set(differs) <= _HARMLESS:
        return "explained"
    return "accepted"


def answer(
    session: Session,
    id_: UUID,
    answers: Sequence[Answer],
    *,
    by: str,
    words: str,
    now: datetime,
) -> None:
    """Say it of all of them, or of none.

    Raises ReconciliationNotFound, ReconciliationUnfinished, FindingNotFound, FindingAnswered, in
    this order.
    """
    choose(session, id_, [(each.outcome, each.number) for each in answers])
    # Every refusal is above this line.
    store.insert_answers(
        session,
        id_,
        [
            {
                "outcome": each.outcome,
                "number": each.number,
                "resolution": each.resolution,
                "dispute": None,
                "words": words,
                "by": by,
                "now": now,
            }
            for each in answers
        ],
    )


def choose(session: Session, id_: UUID, places: Sequence[Place]) -> list[RowMapping]:
    """Findings that wait for an answer, in their order; nobody else answers them meanwhile.

    Raises as `answer`.
    """
    if store.find(session, id_) is None:
        raise ReconciliationNotFound
    store.lock(session, id_, alone=True)
    check_matched(receiving.get(session, id_))
    wanted = set(places)
    found = [
        row for row in (store.chosen(session, id_, wanted) if wanted else [])
        if row["outcome"] != "matched"
    ]  # fmt: skip
    if len(found) < len(wanted) or not wanted:
        raise FindingNotFound
    if any(row["resolution"] for row in found):
        raise FindingAnswered
    return found


def say_disputed(
    session: Session,
    id_: UUID,
    disputes: Mapping[Place, UUID],
    *,
    by: str,
    words: str,
    now: datetime,
) -> None:
    """Write down that disputes were opened about these findings; what was said before stands."""
    store.insert_answers(
        session,
        id_,
        [
            {
                "outcome": outcome,
                "number": number,
                "resolution": "disputed",
                "dispute": dispute,
                "words": words,
                "by": by,
                "now": now,
            }
            for (outcome, number), dispute in disputes.items()
        ],
    )
