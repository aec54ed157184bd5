"""Carrying exchanges through: ask the partner, let the books do what its answer leads to.

Asking is written down before the call, and what follows is one transaction with the books. So
whoever is killed, wherever, leaves an exchange that the next run takes up: the partner is asked
the same again under the same id, and the books move once.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

import exchange.store as books
from exchange import acceptance, issuing, ledger, returns
from exchange.ledger import Outcome
from kit.database import Database
from kit.ids import to_text
from members.notices import notify_owner
from partners import terms
from partners.errors import TermsMissing
from partners.exchanges import exchanging, machine, store
from partners.exchanges.calling import MAYBE, Answer, Caller
from partners.exchanges.machine import Act, Move, State
from partners.exchanges.store import Row
from partners.terms import DatedTerms

AT_ONCE = 200
PARTIES_AT_ONCE = 8
# The partner has credited its own points, and the books cannot take the shared ones yet: they will,
# when it is active and has terms again.
NOT_YET = frozenset({"partner-not-active", "terms-missing"})

log = structlog.get_logger("exchanges")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of whom, and in which state."""

    act: Act
    state: State
    url: str | None
    content: dict[str, Any]


def advance(database: Database, caller: Caller, exchange: UUID) -> Answer | None:
    """Ask the partner what is to be asked now, and act upon its answer; None when nothing was."""
    with database.transaction() as session:
        asked = _begin(session, exchange, caller.clock())
    if asked is None:
        return None
    answer = MAYBE if asked.url is None else caller.ask(asked.url, asked.content)
    with database.transaction() as session:
        _act_upon(session, exchange, asked, answer, caller.clock())
    return answer


def ask_partners(database: Database, caller: Caller) -> int:
    """Ask every partner that is to be asked now; how many exchanges got an answer. A job.

    Several partners are asked at once, each one thing after another: a silent one keeps nobody
    waiting, and is left alone until the next run.
    """
    with database.transaction() as session:
        waiting = store.due(session, caller.clock(), AT_ONCE)
    by_party: dict[int, list[UUID]] = {}
    for row in waiting:
        by_party.setdefault(row["party_id"], []).append(row["id"])
    if not by_party:
        return 0
    with ThreadPoolExecutor(min(PARTIES_AT_ONCE, len(by_party))) as threads:
        return sum(threads.map(lambda ids: _ask_all(database, caller, ids), by_party.values()))


def _ask_all(database: Database, caller: Caller, exchanges: list[UUID]) -> int:
    answered = 0
    for exchange in exchanges:
        try:
            answer = advance(database, caller, exchange)
        except Exception as error:  # One that cannot go on must not keep back the others.
            log.exception("exchange", id=to_text("exg", exchange), failed=type(error).__name__)
            continue
        if answer is not None and answer.said == "maybe":
            break
        answered += answer is not None
    return answered


def _begin(session: Session, exchange: UUID, now: datetime) -> _Asked | None:
    row = store.lock_due(session, exchange, now)
    if row is None:
        return None
    act = machine.act(row["direction"], row["state"])
    if act is None:
        raise RuntimeError(f"an exchange that is {row['state']} asks nobody")
    state = machine.asking(row["state"])
    tries = row["tries"] + 1
    store.update(
        session,
        exchange,
        state=state,
        tries=tries,
        first_asked_at=row["first_asked_at"] or now,
        last_asked_at=now,
        ask_at=now + timedelta(seconds=machine.pause(tries)),
    )
    content = {
        "id": to_text("exg", row["id"]),
        "act": act,
        "member": to_text("mbr", row["link_id"]),
        "reference": row["customer"],
        "theirs": row["theirs"],
        "points": row["points"],
        "rate": {"theirs": row["rate_theirs"], "ours": row["rate_ours"]},
    }
    return _Asked(
        act,
        state,
        row["url"],
        {name: value for name, value in content.items() if value is not None},
    )


def _act_upon(
    session: Session, exchange: UUID, asked: _Asked, answer: Answer, now: datetime
) -> None:
    row = store.lock(session, exchange)
    if row is None or row["state"] != asked.state:
        return  # Somebody else was told the same, and has acted.
    move = machine.move(row["direction"], asked.state, answer.said)
    if move is not None:
        carry(session, row, move, answer, now)
    elif answer.said == "refused":
        log.error("exchange-refused", id=asked.content["id"], act=asked.act)


def carry(session: Session, row: Row, move: Move, answer: Answer, now: datetime) -> State | None:
    """Let the books do what an answer leads to; the new state, or None when they cannot yet."""
    outcome = _do(session, row, move, now)
    if move.deed == "capture" and outcome is not None and outcome.code in NOT_YET:
        log.warning("exchange-waits", id=to_text("exg", row["id"]), code=outcome.code)
        return None
    refused = outcome is not None and outcome.code is not None
    state = cast(State, move.instead) if refused and move.instead is not None else move.to
    store.update(session, row["id"], **_follows(row, state, answer, outcome, now))
    if state == "returned":  # What is done or undone is a journal, and told as such.
        notify_owner(
            session,
            row["wallet_id"],
            "exchange-returned",
            points=row["points"],
            party=row["party_id"],
            exchange=row["id"],
            now=now,
        )
    return state


def _follows(
    row: Row, state: State, answer: Answer, outcome: Outcome | None, now: datetime
) -> dict[str, Any]:
    """The columns that a new state brings."""
    facts = outcome.facts if outcome is not None and outcome.code is None else {}
    columns: dict[str, Any] = {"state": state, "ask_at": None}
    if state == "done" and row["state"] == "undoing":
        columns |= {"undo_refused": answer.reason}
    elif state == "done":
        columns |= {
            "journal_id": UUID(facts["id"]),
            "done_at": now,
            "undo_until": exchanging.undo_end(row["undo_days"], now),
        }
    elif state == "returning":
        code = outcome.code if outcome is not None else None
        columns |= {"reason": code, "ask_at": now, "tries": 0}
    elif state == "returned":
        columns |= {"ended_at": now, "reason": row["reason"] or answer.reason or None}
    elif state == "undone":
        columns |= {"ended_at": now}
        if "id" in facts:
            columns |= {"undo_id": UUID(facts["id"])}
    return columns


def _do(session: Session, row: Row, move: Move, now: datetime) -> Outcome | None:
    """Let the books do what the move asks for; what they refuse leaves no trace."""
    if move.deed is None:
        return None
    agreed = _terms(session, row["party_id"], now)
    with session.begin_nested() as step:
        if move.deed == "capture":
            order = acceptance.export(
                party=row["party_id"],
                hold=row["hold_id"],
                rate=row["rate_id"],
                theirs=row["theirs"],
                fee=row["fee"],
            )
            order["unpriced"] = agreed is None
        elif move.deed == "void":
            order = acceptance.void(party=row["party_id"], hold=row["hold_id"])
        elif move.deed == "refund":
            order = returns.refund(
                party=row["party_id"],
                transaction=row["journal_id"],
                reference=exchanging.undo_reference(row["id"]),
            )
        else:
            # The books take a quote while it is fresh; the member took this one in time.
            books.insert_quote(
                session,
                {
                    "id": row["id"],
                    "party": row["party_id"],
                    "link": row["link_id"],
                    "rate": row["rate_id"],
                    "theirs": row["theirs"],
                    "points": row["points"],
                    "fee": row["fee"],
                    "now": row["quoted_at"],
                    "expires_at": books.database_now(session) + timedelta(minutes=1),
                },
            )
            order = issuing.import_points(
                party=row["party_id"],
                link=row["link_id"],
                reference=to_text("exg", row["id"]),
                terms=None if agreed is None else agreed.issuing,
                quote=row["id"],
            )
        outcome = ledger.post_within(session, order)
        if outcome.code is not None:
            step.rollback()
    return outcome


def _terms(session: Session, party: int, now: datetime) -> DatedTerms | None:
    try:
        return terms.at(terms.of(session, party), now)
    except TermsMissing:
        return None
