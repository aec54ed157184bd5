"""Contesting what a partner's own record does not agree with: in one call, as far as it can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kit.errors import Refusal
from settlement.disputes.errors import LineNotFound
from settlement.disputes.opening import Line, open_disputes
from settlement.reconciliation import answering, findings, receiving
from settlement.reconciliation.answering import Place

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
    of: dict[Place, UUID] = {}
    skipped: dict[str, int] = {}
    left = False
    for each in list(findings.candidates(session, found)):
        if len(made) == AT_ONCE:
            left = True
            break
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
        else:
            of.setdefault((each.outcome, each.number), made[-1])
    answering.say_disputed(session, record, of, by=f"partner:{party}", words=words, now=now)
    return Contested(made, skipped, left)


def contest_for(
    session: Session,
    *,
    record: UUID,
    finding: Place,
    lines: Sequence[Line],
    reason: str,
    words: str,
    by: str,
    now: datetime,
) -> list[UUID]:
    """Contest lines of one finding for the partner whose record it is: it asked the hub to.

    The partner opens it, and alone may withdraw it. All or none. Raises what `answering.choose`
    raises, LineNotFound for a line that is not the finding's, then what `open_disputes` raises.
    """
    answering.choose(session, record, [finding])
    found = receiving.get(session, record)
    own = {
        Line(each.journal, each.issuer)
        for each in findings.candidates(session, found, finding[1])
        if each.journal is not None
    }
    if not lines or not own.issuperset(lines):
        raise LineNotFound
    made = open_disputes(
        session, party=found.party, lines=lines, reason=reason, words=words, now=now
    )
    answering.say_disputed(session, record, {finding: made[0]}, by=by, words=words, now=now)
    return made
