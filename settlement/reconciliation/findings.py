"""What was found, as its partner and finance read it: counts, pages, and what may be disputed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exchange.store import Row
from kit.ids import to_text
from settlement.reconciliation import store
from settlement.reconciliation.errors import ReconciliationUnfinished
from settlement.reconciliation.matching import BOOKS, OUTCOMES
from settlement.reconciliation.records import Side
from settlement.reconciliation.store import PART_SPAN, Reconciliation

Facts = dict[str, Any]

OPEN = tuple(outcome for outcome in OUTCOMES if outcome != "matched")


def summary(session: Session, record: Reconciliation) -> Facts:
    """A record with what came of it, outcome by outcome; every outcome once it is matched."""
    facts = head(record)
    if record.matched_at is not None:
        found = {row["outcome"]: dict(row) for row in store.outcomes(session, record.id)}
        facts["outcomes"] = [found.get(name) or _none(name) for name in OUTCOMES]
    return facts


def head(record: Reconciliation) -> Facts:
    """A record as it stands in a list."""
    return {
        "id": str(record.id),
        "window": record.window,
        "side": record.side,
        "tolerance_seconds": record.tolerance,
        "many": record.many,
        "state": record.state,
        "lines": record.lines,
        "points": record.points,
        **{
            name: None if moment is None else moment.isoformat()
            for name, moment in (
                ("created_at", record.created_at),
                ("matched_at", record.matched_at),
                ("closed_at", record.closed_at),
                ("cleared_at", record.cleared_at),
            )
        },
    }


def _none(outcome: str) -> Facts:
    names = ("findings", "their_lines", "their_points", "our_journals", "our_points")
    return {"outcome": outcome, **dict.fromkeys(names, 0)}


def page(
    session: Session,
    record: Reconciliation,
    outcomes: Sequence[str],
    *,
    cursor: str | None,
    limit: int,
) -> tuple[list[Facts], str | None]:
    """Findings in the order of their outcome, and the cursor of the next page.

    A cursor is the last finding's outcome and number. Raises ReconciliationUnfinished.
    """
    check_matched(record)
    outcome, _, number = (cursor or "").partition(".")
    rows = store.findings(
        session, record.id, list(outcomes), after=(outcome, int(number or 0)), limit=limit
    )
    found = [told(row, record.side) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return found, None if last is None else f"{last['outcome']}.{last['number']}"


def every(session: Session, record: Reconciliation, outcomes: Sequence[str]) -> Iterator[Facts]:
    """All findings in the same order, fetched as they are asked for."""
    for row in store.every_finding(session, record.id, list(outcomes)):
        yield told(row, record.side)


def check_matched(record: Reconciliation) -> None:
    """Raises ReconciliationUnfinished."""
    if record.matched_at is None:
        raise ReconciliationUnfinished(state=record.state)


def told(row: Row, side: Side) -> Facts:
    """One finding: `theirs` or `ours` is None where the other side stands alone."""
    found: Facts = {
        "outcome": row["outcome"],
        "differs": list(row["differs"]),
        "points_more": None,
        "theirs": None,
        "ours": None,
    }
    if row["their_lines"] is not None:
        found["theirs"] = {
            "lines": [_place(number) for number in row["their_lines"]],
            "reference": _named(row["their_reference"], side),
            "kind": row["their_kind"],
            "points": row["their_points"],
            "at": row["their_at"],
        }
    if row["our_journals"] is not None:
        found["ours"] = {
            "transactions": [to_text("jrn", journal) for journal in row["our_journals"]],
            "reference": _named(row["our_reference"], side),
            "kind": row["our_kind"],
            "points": row["our_points"],
            "at": row["our_at"],
            "window": row["our_window"],
        }
    if found["theirs"] and found["ours"]:
        found["points_more"] = row["their_points"] - row["our_points"]
    return found


def _place(number: int) -> str:
    """`1:17`: part 1, line 17 of it."""
    return f"{number // PART_SPAN}:{number % PART_SPAN}"


def _named(reference: str | None, side: Side) -> str | None:
    """A reference as the partner writes it: an id where it has no other."""
    return to_text("jrn", UUID(reference)) if reference and side == "spent" else reference


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """What may be disputed: one issuer's part of a journal, or a line that the books do not have.

    `theirs` are the points that the record has for the whole finding, `ours` those of this part
    alone; None where a side has nothing. `reason` is the outcome, and what differs; outcome and
    number name the finding.
    """

    outcome: str
    number: int

    journal: UUID | None
    issuer: int | None
    reference: str | None
    theirs: int | None
    ours: int | None
    reason: str


def candidates(
    session: Session, record: Reconciliation, number: int | None = None
) -> Iterator[Candidate]:
    """Whatever of a record does not agree, but for mere copies, as its lines in the books.

    With a `number`, of that finding alone. Raises ReconciliationUnfinished.
    """
    check_matched(record)
    for row in store.contested(session, record.id, BOOKS[record.side].mine, record.party, number):
        yield Candidate(
            outcome=row["outcome"],
            number=row["number"],
            journal=row["journal"],
            issuer=row["issuer"],
            reference=_named(row["reference"], record.side),
            theirs=row["theirs"],
            ours=row["ours"],
            reason=": ".join(
                [row["outcome"], *([", ".join(row["differs"])] if row["differs"] else [])]
            ),
        )
