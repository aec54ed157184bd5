"""Explaining a closed window's figures, and the journals behind one of them."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from partners import terms
from settlement import store
from settlement.explaining.errors import ExplanationDoesNotAddUp, LinesNotTold, NothingToExplain
from settlement.explaining.explanation import Explanation, check, explain
from settlement.explaining.kept import Kept, closed, kept
from settlement.explaining.lines import Line, lines
from settlement.explaining.reasons import Reason, reasons
from settlement.obligations import ObligationKind
from settlement.reckoning import FLOAT, HUB
from settlement.store import Window


def explained(session: Session, name: str, party: int) -> tuple[Window, Explanation]:
    """Why a party's figures for a window are what was kept.

    Raises WindowNotFound, WindowNotClosed, NothingToExplain (it took no part),
    ExplanationDoesNotAddUp.
    """
    window = kept(session, name)
    if party not in window.figures:
        raise NothingToExplain
    found = explain(
        party,
        window.settled,
        window.terms,
        base=window.base,
        figures=window.figures[party],
        payments=window.payments,
        left_out=window.left_out,
        brought_in=window.brought_in,
    )
    problems = check(found) + _unlike(window, found)
    if problems:
        raise ExplanationDoesNotAddUp(problems=problems)
    return window.window, found


def lines_behind(
    session: Session,
    name: str,
    party: int,
    *,
    kind: ObligationKind | None = None,
    owes: bool | None = None,
    counterparty: int | None = None,
    after: UUID | None = None,
    limit: int,
    to_hub: bool = False,
) -> tuple[list[Line], UUID | None]:
    """A page of the window's journals behind what a party owes or is owed, and the next's cursor.

    Those brought in from another window are among that window's. Raises WindowNotFound,
    WindowNotClosed, and LinesNotTold but to the hub's finance.
    """
    window = closed(session, name)
    moved, agreed = store.moved(session, window.id), terms.every(session)
    behind = [
        each
        for each in reasons(moved, agreed, hub=HUB, float_=FLOAT)
        if kind in (None, each.kind) and _is_between(each, party, counterparty, owes)
    ]
    movements = list(dict.fromkeys(cause.movement for each in behind for cause in each.causes))
    acceptors = {each.acceptor for each in movements}
    if counterparty not in (None, HUB, FLOAT) and counterparty in acceptors and not to_hub:
        raise LinesNotTold
    found, following = lines(
        session,
        window.id,
        movements,
        tills_of=party if acceptors == {party} else None,
        after=after,
        limit=limit,
    )
    return _marked(session, window, found), following


def _unlike(window: Kept, found: Explanation) -> list[str]:
    """The party's kept obligations that the reasons do not come to, and the other way round."""
    party = found.party
    worked_out = {(e.debtor, e.creditor, e.kind): (e.points, e.amount) for e in found.reasons}
    was_kept = {
        (e.debtor, e.creditor, e.kind): (e.points, e.amount)
        for e in window.obligations
        if party in (e.debtor, e.creditor)
    }
    return [
        f"{kind} from {debtor} to {creditor} was kept otherwise"
        for debtor, creditor, kind in sorted(worked_out.keys() | was_kept.keys())
        if worked_out.get((debtor, creditor, kind)) != was_kept.get((debtor, creditor, kind))
    ]


def _marked(session: Session, window: Window, found: list[Line]) -> list[Line]:
    """Those that the settlement leaves out say so."""
    rows = [row for row in store.deferrals_of(session, window.id) if row["revision"] is not None]
    journals = {(row["journal_id"], row["issuer_id"]) for row in rows if row["kind"] == "line"}
    parties = {row["party_id"] for row in rows if row["kind"] == "party"}
    return [
        replace(each, left_out=True)
        if (each.journal, each.issuer) in journals or parties & {each.issuer, each.acceptor}
        else each
        for each in found
    ]


def _is_between(reason: Reason, party: int, counterparty: int | None, owes: bool | None) -> bool:
    if party not in (reason.debtor, reason.creditor):
        return False
    is_owed = reason.creditor == party
    other = reason.debtor if is_owed else reason.creditor
    return owes is not is_owed and counterparty in (None, other)
