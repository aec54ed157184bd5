"""Contesting lines: what is contested is left out of the net, and everything else settles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import to_text, uuid7
from settlement import deferrals
from settlement import store as windows
from settlement.disputes import store
from settlement.disputes.deadlines import next_due
from settlement.disputes.errors import (
    DisputeExists,
    DisputeTooLate,
    LineNotDisputable,
    LineNotFound,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A journal, and whose points of it; None where the journal holds one issuer's alone."""

    journal: UUID
    issuer: int | None = None


@dataclass(frozen=True, slots=True)
class _Contested:
    journal: UUID
    issuer: int
    acceptor: int
    window: int
    points: int


def open_disputes(
    session: Session,
    *,
    party: int,
    lines: Sequence[Line],
    reason: str,
    words: str,
    now: datetime,
) -> list[UUID]:
    """Contest the lines, all or none; the disputes' ids in their order.

    Raises LineNotFound, LineNotDisputable, Busy, DisputeTooLate, DisputeExists, in this order.
    """
    contested = [_look(session, party, line) for line in lines]
    for window in sorted({each.window for each in contested}):
        _check_in_time(session, window, now)
        of_it = [each for each in contested if each.window == window]
        sides = {side for each in of_it for side in (each.issuer, each.acceptor)}
        _check_not_left_out(session, window, sides)
    return [_open(session, party, each, reason, words, now) for each in contested]


def _look(session: Session, party: int, line: Line) -> _Contested:
    issuer = line.issuer
    if issuer is None:
        issuer = _only_issuer(session, party, line.journal)
    row = store.line(session, line.journal, issuer)
    if row is None or party not in (issuer, row["acceptor"]):
        raise LineNotFound
    if row["points"] is None or issuer == row["acceptor"]:
        raise LineNotDisputable
    return _Contested(line.journal, issuer, row["acceptor"], row["window"], row["points"])


def _only_issuer(session: Session, party: int, journal: UUID) -> int:
    """An issuer means its own points; an acceptor must say whose where there are several."""
    found = store.issuers(session, journal)
    if party in found:
        return party
    if len(found) != 1:
        raise LineNotFound
    return found[0]


def _check_in_time(session: Session, window_id: int, now: datetime) -> None:
    """Until the figures are worked out, and then as long as the calendar says.

    The lock holds back a closing that is about to work them out: it leaves this line out.
    """
    window = windows.window_by_id(session, window_id)
    if window.state == "open":
        return
    state = windows.lock_settlement(session, window_id)
    if state == "closing":
        return
    until = window.disputes_until
    if state != "closed" or until is None or windows.day_of(session, now) > until:
        raise DisputeTooLate(state=state, until=until and until.isoformat())


def _check_not_left_out(session: Session, window: int, sides: set[int]) -> None:
    """What a default left out comes with its cure, maybe already: it is not taken out of that."""
    if any(windows.is_left_out(session, window, side) for side in sorted(sides)):
        raise DisputeTooLate(state="left-out")


def _open(
    session: Session, party: int, line: _Contested, reason: str, words: str, now: datetime
) -> UUID:
    dispute = uuid7()
    inserted = store.insert(
        session,
        {
            "id": dispute,
            "window": line.window,
            "journal": line.journal,
            "issuer": line.issuer,
            "acceptor": line.acceptor,
            "points": line.points,
            "opened_by": party,
            "reason": reason,
            "now": now,
            "due_at": next_due(session, now),
        },
    )
    if not inserted:
        first = store.of_line(session, line.journal, line.issuer)
        raise DisputeExists(line=to_text("jrn", line.journal), dispute=to_text("dsp", first))
    deferral = deferrals.defer_line(
        session, line.window, line.journal, line.issuer, because=dispute, now=now
    )
    store.set_deferral(session, dispute, deferral)
    store.insert_step(session, dispute, "opened", party, words, now)
    return dispute
