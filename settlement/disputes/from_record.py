"""Contesting what a partner's own record does not agree with: in one call, as far as it can be."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kit.errors import Refusal
from settlement.disputes.opening import Line, open_disputes
from settlement.reconciliation import findings, receiving

AT_ONCE = 1000  # Disputes made in one call; another call goes on where this one ended.


@dataclass(frozen=True, slots=True)
class Contested:
    """What came of one call: the disputes it made, and by code, how many findings cannot be one.

    `left` says whether there are more findings to look at: call again.
    """

    disputes: list[UUID]
    skipped: dict[str, int]
    left: bool


def contest(
    session: Session, *, party: int, record: UUID, reason: str, words: str, now: datetime
) -> Contested:
    """Contest what the record found missing there or differing, each line by itself.

    What the books do not have is no line of theirs (`line-not-found`); what was contested before
    stays as it is. Raises ReconciliationNotFound, ReconciliationUnfinished, in this order.
    """
    found = receiving.get(session, record, party)
    made: list[UUID] = []
    skipped: dict[str, int] = {}
    for each in list(findings.candidates(session, found)):
        if len(made) == AT_ONCE:
            return Contested(made, skipped, left=True)
        if each.journal is None or each.issuer is None:
            skipped["line-not-found"] = skipped.get("line-not-found", 0) + 1
            continue
        said = words or f"By our record: {each.reason}"
        try:
            with session.begin_nested():
                made += open_disputes(
                    session,
                    party=party,
                    lines=[Line(each.journal, each.issuer)],
                    reason=reason,
                    words=said,
                    now=now,
                )
        except Refusal as refused:
            skipped[refused.code] = skipped.get(refused.code, 0) + 1
    return Contested(made, skipped, left=False)
