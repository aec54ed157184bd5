"""Invoices: numbered, immutable, one for each partner that pays for a window.

A window that is revised takes its invoices back by credit notes, each of which names the one it
cancels, and asks anew. An invoice asks for what a partner's payments come to; its lines say why.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

import settlement.store
from settlement.bank import accounts, dues, invoice_files, store
from settlement.bank.accounts import Account
from settlement.bank.dues import OWN, PAYABLE, Due, MoneyWindow
from settlement.bank.errors import BankAccountMissing, InvoiceNotFound
from settlement.bank.invoice import Invoice, InvoiceKind, InvoiceLine, PayTo
from settlement.errors import SettlementStepRefused
from settlement.reckoning import HUB
from settlement.statements import BankDetails


def issue(session: Session, window: str, *, now: datetime) -> list[str]:
    """Invoice everybody that pays for the window's current revision; the numbers newly given.

    Invoices of an earlier revision, and all of a window given up, are cancelled first. Doing it
    again changes nothing.
    Raises WindowNotFound, Busy, SettlementStepRefused, BankAccountMissing.
    """
    found = settlement.store.get_window(session, window)
    state = settlement.store.lock_settlement(session, found.id) or found.state
    if state not in (*PAYABLE, "aborted"):
        raise SettlementStepRefused(state=state, needs="approved")
    money = dues.money_window(session, found.id)
    there = store.invoices_of_window(session, found.id)
    stale = [
        row
        for row in there
        if row["kind"] == "invoice"
        and (row["revision"] != money.revision or state == "aborted")
        and row["cancelled_by"] is None
    ]
    asked = {
        row["party"]
        for row in there
        if row["kind"] == "invoice" and row["revision"] == money.revision
    }
    owed: dict[int, list[Due]] = {}
    for due in dues.of_window(session, found.id):
        if state != "aborted" and due.payer not in OWN and due.payer not in asked:
            owed.setdefault(due.payer, []).append(due)
    papers = [
        *_credit_notes(session, money, stale, first=_next(there, "credit-note"), now=now),
        *_invoices(session, money, owed, first=_next(there, "invoice"), now=now),
    ]
    # Every refusal is above this line.
    for paper in papers:
        _keep(session, money, paper)
    return [paper.number for paper in papers]


def asked_for(session: Session, payments: Sequence[Due]) -> dict[str, tuple[int, int, int]]:
    """The payment that each invoice or statement asks for, where it asks for one alone.

    A statement tells its reader to give its own number as the reference.
    """
    by_payer: dict[tuple[int, int], list[Due]] = {}
    for due in payments:
        by_payer.setdefault((due.window.id, due.payer), []).append(due)
    found = {}
    for row in store.asking(session, {due.window.id for due in payments}):
        asked = by_payer.get((row["window_id"], row["party"]), [])
        if len(asked) == 1:
            found[row["number"]] = asked[0].key
    return found


def listed(
    session: Session, party: int, *, cursor: str | None = None, limit: int = 100
) -> tuple[list[store.Row], str | None]:
    """A page of a partner's invoices and credit notes, newest first, and the next one's cursor.

    The cursor is the last number of the page. Raises InvoiceNotFound.
    """
    if cursor is not None and store.invoice_files(session, party, cursor) is None:
        raise InvoiceNotFound
    rows = store.invoices_of_party(session, party, before=cursor, limit=limit)
    return rows[:limit], rows[limit - 1]["number"] if len(rows) > limit else None


def files(session: Session, party: int, number: str) -> store.Row:
    """Another partner's is not found, just as one that does not exist. Raises InvoiceNotFound."""
    row = store.invoice_files(session, party, number)
    if row is None:
        raise InvoiceNotFound
    return row


def of_number(session: Session, number: str) -> store.Row:
    """Anybody's, for the hub itself. Raises InvoiceNotFound."""
    row = store.invoice(session, number)
    if row is None:
        raise InvoiceNotFound
    return row


def _next(there: Sequence[store.Row], kind: InvoiceKind) -> int:
    return sum(row["kind"] == kind for row in there) + 1


def _credit_notes(
    session: Session, window: MoneyWindow, stale: Sequence[store.Row], *, first: int, now: datetime
) -> list[Invoice]:
    """What takes earlier invoices back: the same figures, and nothing to pay."""
    if not stale:
        return []
    documents = {
        row["number"]: row["document"] for row in store.invoice_documents(session, window.id)
    }
    return [
        replace(
            invoice_files.read(bytes(documents[row["number"]])),
            number=f"CN-{window.label}-{sequence:06d}",
            kind="credit-note",
            cancels=row["number"],
            revision=window.revision,
            issued_at=now,
            pay=(),
        )
        for sequence, row in enumerate(stale, start=first)
    ]


def _invoices(
    session: Session,
    window: MoneyWindow,
    owed: Mapping[int, Sequence[Due]],
    *,
    first: int,
    now: datetime,
) -> list[Invoice]:
    if not owed:
        return []
    known = accounts.in_force(session, now.date())
    names = settlement.store.names(session)
    return [
        _invoice(
            session,
            window,
            asked,
            number=f"INV-{window.label}-{sequence:06d}",
            name=names[party][1],
            known=known,
            now=now,
        )
        for sequence, (party, asked) in enumerate(sorted(owed.items()), start=first)
    ]


def _invoice(
    session: Session,
    window: MoneyWindow,
    asked: Sequence[Due],
    *,
    number: str,
    name: str,
    known: Mapping[tuple[int, str], Account],
    now: datetime,
) -> Invoice:
    party, currency = asked[0].payer, asked[0].currency
    position = settlement.store.positions(session, window.id, party=party)[0]
    statement = settlement.store.statement_of_window(session, party, window.id)
    account = known.get((party, currency))
    return Invoice(
        number=number,
        kind="invoice",
        cancels=None,
        window=window.name,
        revision=window.revision,
        party=party,
        name=name,
        statement=None if statement is None else statement["number"],
        issued_at=now,
        due_on=window.call_on,
        base=window.currency,
        lines=_lines(session, window, party, cover=position["cover"]),
        net=-position["net"],
        numerator=position["fx_numerator"],
        denominator=position["fx_denominator"],
        currency=currency,
        amount=sum(due.amount for due in asked),
        pay=tuple(
            PayTo(
                amount=due.amount,
                reference=due.end_to_end,
                to=_payee(known, due),
                collected=due.way == "in" and account is not None and account.mandate is not None,
            )
            for due in asked
        ),
    )


def _lines(
    session: Session, window: MoneyWindow, party: int, *, cover: int
) -> tuple[InvoiceLine, ...]:
    sums: dict[str, int] = {}
    for each in settlement.store.obligations(session, window.id, party=party):
        sign = 1 if each.debtor == party else -1
        sums[each.kind] = sums.get(each.kind, 0) + sign * each.amount
    if cover:
        sums["cover"] = -cover
    return tuple(
        InvoiceLine(kind=kind, amount=amount) for kind, amount in sorted(sums.items()) if amount
    )


def _payee(known: Mapping[tuple[int, str], Account], due: Due) -> BankDetails:
    party = HUB if due.payee in OWN else due.payee
    account = known.get((party, due.currency))
    if account is None:
        raise BankAccountMissing(party=party, currency=due.currency)
    return account.details


def _keep(session: Session, window: MoneyWindow, paper: Invoice) -> None:
    document = invoice_files.as_json(paper)
    store.insert_invoice(
        session,
        {
            "number": paper.number,
            "window_id": window.id,
            "revision": paper.revision,
            "party_id": paper.party,
            "kind": paper.kind,
            "cancels": paper.cancels,
            "currency": paper.currency,
            "amount": paper.amount,
            "due_on": paper.due_on,
            "document": document,
            "csv": invoice_files.as_csv(paper),
            "digest": hashlib.sha256(document).digest(),
            "issued_at": paper.issued_at,
        },
    )
