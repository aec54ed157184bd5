"""What settlement has for somebody to do: windows, invoices, payments, disputes, records, seals."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from kit.due import MOST, Due
from kit.ids import to_text
from settlement import store
from settlement.bank import agreement
from settlement.bank import store as bank
from settlement.bank.agreement import Disagreement
from settlement.finance.store import end_of

STUCK = timedelta(minutes=10)  # How long a closing, a comparison or a seal may take.

# The few whose money is not settled; there are as many settlements as windows in all.
_WINDOWS = """
    SELECT w.id, w.name, s.state, s.revision, s.closed_at, s.call_on, s.currency,
           (SELECT coalesce(sum(p.net), 0)::bigint FROM settlement.position p
            WHERE p.window_id = s.window_id AND p.revision = s.revision AND p.net > 0) AS moves
    FROM settlement.settlement s JOIN exchange."window" w ON w.id = s.window_id
    WHERE s.state IN ('closing', 'closed', 'approved', 'paying') ORDER BY w.id LIMIT :most
"""
_ACT = {"closed": "window-to-approve", "approved": "window-to-pay", "paying": "window-to-settle"}

_DISPUTES = """
    SELECT d.id, d.points, s.call_on, i.slug AS issuer, i.name AS issuer_name, a.name AS acceptor,
           w.name AS "window"
    FROM settlement.dispute d
    JOIN exchange."window" w ON w.id = d.window_id
    LEFT JOIN settlement.settlement s ON s.window_id = d.window_id
    LEFT JOIN partners.partner i ON i.party_id = d.issuer_id
    LEFT JOIN partners.partner a ON a.party_id = d.acceptor_id
    WHERE d.state = 'escalated' AND d.state <> 'resolved'
    ORDER BY s.call_on, d.id LIMIT :most
"""

# A record that is compared is on its way; one that waits for parts for a day was forgotten.
_RECORDS = """
    SELECT r.id, r.state, r.created_at, r.matched_at, p.name, w.name AS "window",
           (SELECT coalesce(sum(o.findings), 0)::bigint FROM settlement.reconciliation_outcome o
            WHERE o.reconciliation_id = r.id AND o.outcome <> 'matched') AS findings
    FROM settlement.reconciliation r
    JOIN partners.partner p ON p.party_id = r.party_id
    JOIN exchange."window" w ON w.id = r.window_id
    WHERE r.state = 'differs' OR (r.state = 'loading' AND r.created_at < :yesterday)
        OR (r.state IN ('waiting', 'matching') AND r.created_at < :earlier)
    ORDER BY r.id LIMIT :most
"""

_ENTRIES = """
    SELECT count(*) AS entries, min(booked_on) AS since, coalesce(sum(amount), 0)::bigint AS amount,
           min(currency) AS currency, count(DISTINCT currency) AS currencies
    FROM (SELECT e.booked_on, e.amount, e.currency FROM settlement.bank_entry e
          WHERE NOT EXISTS (SELECT FROM settlement.bank_match m WHERE m.entry_id = e.id)
          LIMIT 1000) e
"""

_SEAL = """
    SELECT at FROM settlement.head ORDER BY size DESC LIMIT 1
"""
_UNSEALED = """
    SELECT EXISTS (SELECT FROM exchange.journal
                   WHERE at > :sealed AND at < :earlier AND id > :since)
"""


def due(session: Session, now: datetime) -> list[Due]:
    """All of it, each kind bounded."""
    return [
        *_windows(session, now),
        *_disputes(session, now),
        *_records(session, now),
        *_unmatched(session),
        *_seal(session, now),
    ]


def _windows(session: Session, now: datetime) -> Iterator[Due]:
    today = store.day_of(session, now)
    for row in session.execute(text(_WINDOWS), {"most": MOST}).mappings():
        names = {"window": row["name"]}
        if row["state"] == "closing":
            if now - row["closed_at"] > STUCK:
                yield Due(urgency="stuck", kind="closing", at=row["closed_at"], names=names)
            continue
        yield Due(
            urgency="due",
            kind=_ACT[row["state"]],
            at=end_of(session, row["call_on"]),
            names=names,
            amount=row["moves"],
            currency=row["currency"],
        )
        if row["state"] in ("approved", "paying") and row["call_on"] < today:
            yield from _overdue(session, row, names)


def _overdue(session: Session, window: RowMapping, names: dict[str, str]) -> Iterator[Due]:
    """A line for each currency in which invoices of the window are not paid in full, and one for
    each in which other payments are missing, short or too much once they were sent for."""
    asked = {
        row["party"]
        for row in bank.invoices_of_window(session, window["id"])
        if row["kind"] == "invoice" and row["revision"] == window["revision"]
    }
    found: dict[tuple[str, str], list[Disagreement]] = {}
    for each in agreement.disagreements(session, window["id"]):
        if each.payer in asked and each.received < each.amount:
            found.setdefault(("invoices", each.currency), []).append(each)
        elif window["state"] == "paying":
            found.setdefault(("payments", each.currency), []).append(each)
    for (kind, currency), payments in found.items():
        # An invoice may ask for several payments.
        count = len({each.payer for each in payments}) if kind == "invoices" else len(payments)
        yield Due(
            urgency="stuck",
            kind=kind,
            at=end_of(session, window["call_on"]),
            names={**names, "n": count},
            amount=sum(each.amount - each.received for each in payments),
            currency=currency,
        )


def _disputes(session: Session, now: datetime) -> Iterator[Due]:
    for row in session.execute(text(_DISPUTES), {"most": MOST}).mappings():
        yield Due(
            urgency="due",
            kind="dispute",
            at=None if row["call_on"] is None else end_of(session, row["call_on"]),
            names={
                "dispute": to_text("dsp", row["id"]),
                "issuer": row["issuer_name"] or "",
                "acceptor": row["acceptor"] or "",
                "window": row["window"],
            },
            amount=row["points"],
        )


def _records(session: Session, now: datetime) -> Iterator[Due]:
    values = {"most": MOST, "yesterday": now - timedelta(days=1), "earlier": now - STUCK}
    for row in session.execute(text(_RECORDS), values).mappings():
        yield Due(
            urgency="due" if row["state"] == "differs" else "stuck",
            kind={"differs": "record-differs", "loading": "record-unfinished"}.get(
                row["state"], "record-stuck"
            ),
            at=row["matched_at"] or row["created_at"],
            names={
                "record": to_text("rec", row["id"]),
                "partner": row["name"],
                "window": row["window"],
                "n": row["findings"],
            },
        )


def _unmatched(session: Session) -> Iterator[Due]:
    row = session.execute(text(_ENTRIES)).mappings().one()
    if row["entries"]:
        one = row["currencies"] == 1
        yield Due(
            urgency="due",
            kind="bank-entries",
            at=end_of(session, row["since"]),
            names={"n": row["entries"]},
            amount=row["amount"] if one else None,
            currency=row["currency"] if one else "",
        )


def _seal(session: Session, now: datetime) -> Iterator[Due]:
    """That the last head is old is well while nothing happened since it."""
    sealed = session.execute(text(_SEAL)).scalar_one_or_none()
    if sealed is None or now - sealed <= STUCK:
        return
    values = {"sealed": sealed, "earlier": now - STUCK, "since": _first_id(sealed)}
    if session.execute(text(_UNSEALED), values).scalar_one():
        yield Due(urgency="stuck", kind="seal", at=sealed)


def _first_id(at: datetime) -> UUID:
    """Before every id that was made since a moment: ids begin with their time."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
