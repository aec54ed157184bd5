"""An invoice as files: canonical JSON, which can be read again, and a CSV for a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from kit.clock import rfc3339
from kit.csv_lines import safe_cell
from settlement.bank.invoice import Invoice, InvoiceLine, PayTo
from settlement.statement_files import decimal
from settlement.statements import BankDetails

FORMAT = "tongbao-invoice-1"
COLUMNS = ("invoice", "window", "section", "kind", "amount", "currency", "account", "reference")


def as_json(invoice: Invoice) -> bytes:
    """Canonical: UTF-8, sorted keys, no blanks, one newline at the end; money in minor units."""
    text = json.dumps(
        {**asdict(invoice), "format": FORMAT},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        default=_time,
    )
    return text.encode() + b"\n"


def read(document: bytes) -> Invoice:
    """The invoice that `as_json` wrote."""
    plain: dict[str, Any] = json.loads(document)
    del plain["format"]
    plain["issued_at"] = datetime.fromisoformat(plain["issued_at"])
    plain["due_on"] = date.fromisoformat(plain["due_on"])
    plain["lines"] = tuple(InvoiceLine(**each) for each in plain["lines"])
    plain["pay"] = tuple(
        PayTo(**{**each, "to": BankDetails(**each["to"])}) for each in plain["pay"]
    )
    return Invoice(**plain)


def as_csv(invoice: Invoice) -> bytes:
    """One row per figure, as in the statements: a byte order mark, CRLF, decimals with a point."""
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow(COLUMNS)
    for row in _rows(invoice):
        writer.writerow((invoice.number, safe_cell(invoice.window), *row))
    return page.getvalue().encode("utf-8-sig")


def _rows(invoice: Invoice) -> Iterator[tuple[str, ...]]:
    sign = -1 if invoice.kind == "credit-note" else 1
    for line in invoice.lines:
        yield "line", line.kind, decimal(sign * line.amount, invoice.base), invoice.base, "", ""
    yield "total", "net", decimal(sign * invoice.net, invoice.base), invoice.base, "", ""
    amount = decimal(sign * invoice.amount, invoice.currency)
    due = f"due {invoice.due_on}" if sign > 0 else f"cancels {invoice.cancels}"
    yield "total", invoice.kind, amount, invoice.currency, "", due
    for each in invoice.pay:
        how = "collected" if each.collected else "to send"
        account = safe_cell(f"{each.to.name} {each.to.account} {each.to.bank}")
        amount = decimal(each.amount, invoice.currency)
        yield "pay", how, amount, invoice.currency, account, each.reference


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in an invoice")
