"""What partners read of money in and out: their invoices, and how far their payments have come."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import settlement.store
from kit.ids import to_text
from partners.api.operations import SETTLE, Call, Data, Document, Facts, Operation, Page, Read
from settlement.bank import accounts, agreement, invoices, schemas
from settlement.bank.agreement import Progress
from settlement.bank.dues import OWN
from settlement.bank.errors import InvoiceNotFound
from settlement.bank.invoice_files import read
from settlement.bank.invoice_page import as_pdf
from settlement.documents.schemas import LanguageQuery
from settlement.errors import WindowNotFound
from settlement.reckoning import FLOAT, HUB


def _invoices(call: Call, session: Session, data: Data) -> Page:
    rows, cursor = invoices.listed(
        session, call.party, cursor=data.get("cursor"), limit=data["limit"]
    )
    return Page(
        {"invoices": [{**row, "digest": bytes(row["digest"]).hex()} for row in rows]}, cursor
    )


def _invoice(call: Call, session: Session, _: Data) -> Document:
    row = invoices.files(session, call.party, str(call.path["invoice"]))
    return Document(bytes(row["document"]), "application/json")


def _invoice_csv(call: Call, session: Session, _: Data) -> Document:
    row = invoices.files(session, call.party, str(call.path["invoice"]))
    return Document(bytes(row["csv"]), "text/csv; charset=utf-8")


def _invoice_pdf(call: Call, session: Session, data: Data) -> Document:
    row = invoices.files(session, call.party, str(call.path["invoice"]))
    return Document(as_pdf(read(bytes(row["document"])), data["language"]), "application/pdf")


def _payments(call: Call, session: Session, _: Data) -> Facts:
    window = settlement.store.get_window(session, str(call.path["window"]))
    if window.currency is None:
        return {"window": window.name, "state": window.state, "payments": []}
    names = settlement.store.names(session)
    known = accounts.in_force(session, call.now.date())
    own = [
        each
        for each in agreement.progress(session, window.id)
        if call.party in (each.payment.payer, each.payment.payee)
    ]
    return {
        "window": window.name,
        "state": window.state,
        "payments": [_shown(each, call.party, names, known) for each in own],
    }


def _shown(each: Progress, party: int, names: Any, known: Any) -> Facts:
    due = each.payment
    pays = due.payer == party
    other = due.payee if pays else due.payer
    account = known.get((HUB if due.payee in OWN else due.payee, due.currency))
    public_id, name = names[other]
    return {
        "payment": due.end_to_end,
        "direction": "pay" if pays else "collect",
        "party": {
            "id": {HUB: "hub", FLOAT: "float"}.get(other) or to_text("ptr", UUID(public_id)),
            "name": name,
        },
        "amount": due.amount,
        "currency": due.currency,
        "due_on": due.window.call_on,
        "received": each.received,
        "state": each.state,
        "late": each.late,
        "account": account and account.details,
    }


OPERATIONS: tuple[Operation, ...] = (
    Read(
        name="listPayments",
        method="GET",
        path="/v1/windows/<window>/payments",
        scopes=SETTLE,
        tag="Settlement",
        summary="Your payments of a window: to whom, by when, and what the bank has confirmed",
        answer=schemas.PaymentsAnswer,
        refusals=(WindowNotFound,),
        read=_payments,
    ),
    Read(
        name="listInvoices",
        method="GET",
        path="/v1/invoices",
        scopes=SETTLE,
        tag="Settlement",
        summary="Your invoices and credit notes, newest first",
        query=schemas.InvoicesQuery,
        answer=schemas.InvoicesAnswer,
        refusals=(InvoiceNotFound,),
        read=_invoices,
    ),
    Read(
        name="getInvoice",
        method="GET",
        path="/v1/invoices/<invoice>",
        scopes=SETTLE,
        tag="Settlement",
        summary="One invoice or credit note, byte for byte as it was issued",
        answer=None,
        refusals=(InvoiceNotFound,),
        read=_invoice,
    ),
    Read(
        name="getInvoiceCsv",
        method="GET",
        path="/v1/invoices/<invoice>/csv",
        scopes=SETTLE,
        tag="Settlement",
        summary="One invoice or credit note for a spreadsheet",
        answer=None,
        content="text/csv",
        refusals=(InvoiceNotFound,),
        read=_invoice_csv,
    ),
    Read(
        name="getInvoicePdf",
        method="GET",
        path="/v1/invoices/<invoice>/pdf",
        scopes=SETTLE,
        tag="Settlement",
        summary="One invoice or credit note, fit to print",
        query=LanguageQuery,
        answer=None,
        content="application/pdf",
        refusals=(InvoiceNotFound,),
        read=_invoice_pdf,
    ),
)
