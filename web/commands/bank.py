"""Accounts, invoices, payment files, and what the bank says."""

from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

import settlement.store
from kit.ids import from_text, to_text
from partners import registry
from settlement.bank import (
    accounts,
    agreement,
    importing,
    invoices,
    payment_files,
    store,
)
from settlement.bank.accounts import Account
from settlement.bank.invoice_files import read
from settlement.bank.invoice_page import as_pdf
from settlement.documents.figures import LANGUAGES, Language
from settlement.reckoning import HUB
from settlement.report import money
from web.commands.context import Context, json_option, pass_context
from web.commands.noting import note
from web.commands.proposing import AS, REASON, check_operator, propose

DAY = click.DateTime(["%Y-%m-%d"])
WINDOW = click.argument("window")
TO = click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files into this folder.",
)


@click.group()
def bank() -> None:
    """Accounts, invoices, payment files, and what the bank says."""


# --- accounts -------------------------------------------------------------------------------------


@bank.group()
def account() -> None:
    """Bank accounts of partners and of the hub; two people change them."""


@account.command(name="propose")
@click.argument("slug")
@click.option("--name", required=True, help="Whose account it is, as the bank knows them.")
@click.option("--account", "number", required=True, help="IBAN, or the bank's own number.")
@click.option("--bank", "bank_name", required=True, help="The bank's name.")
@click.option("--bank-code", default="", help="Its number in the clearing system: CNAPS in China.")
@click.option("--bic", help="Its BIC.")
@click.option("--currency", default="CNY", show_default=True)
@click.option("--mandate", help="The id of the mandate by which the hub may collect.")
@click.option("--mandate-on", type=DAY, help="The day on which the mandate was signed.")
@click.option("--from", "valid_from", type=DAY, required=True, help="Since when.")
@AS
@REASON
@json_option
@pass_context
def propose_account(
    context: Context, slug: str, number: str, bank_name: str, by: str, reason: str, **values: Any
) -> None:
    """Propose where SLUG (or `hub`) pays from and is paid to in one currency."""
    for day in ("valid_from", "mandate_on"):
        values[day] = values[day] and values[day].date()
    with context.database.transaction() as session:
        proposed = Account(party=_party(session, slug), account=number, bank=bank_name, **values)
        content = asdict(accounts.check(proposed))
        propose(context, session, "bank-account", content, by, reason)


@account.command(name="list")
@click.argument("slug", required=False)
@json_option
@pass_context
def list_accounts(context: Context, slug: str | None) -> None:
    """Every account that was ever agreed, newest first, and who agreed it."""
    with context.database.transaction() as session:
        party = None if slug is None else _party(session, slug)
        context.emit(store.list_accounts(session, party), title="Bank accounts")


# --- invoices and payment files -------------------------------------------------------------------


@bank.command()
@WINDOW
@TO
@click.option("--language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@json_option
@pass_context
def invoice(context: Context, window: str, folder: Path | None, language: Language) -> None:
    """Invoice everybody that pays for an approved window; once, and anew when it was revised."""
    with context.database.transaction() as session:
        if numbers := invoices.issue(session, window, now=context.clock()):
            facts = {"invoices": numbers}
            note(context, session, "invoices-issued", f"window {window}", after=facts)
        found = settlement.store.get_window(session, window)
        rows = store.invoices_of_window(session, found.id)
        names = settlement.store.names(session)
        if folder is not None:
            for row in store.invoice_documents(session, found.id):
                _write(context, folder / f"{row['number']}.json", row["document"])
                _write(context, folder / f"{row['number']}.csv", row["csv"])
                printed = as_pdf(read(bytes(row["document"])), language)
                _write(context, folder / f"{row['number']}.pdf", printed)
    context.emit(
        (
            {
                "number": row["number"],
                "kind": row["kind"],
                "revision": row["revision"],
                "partner": names[row["party"]][1],
                "amount": _money(context, row["amount"], row["currency"]),
                "currency": row["currency"],
                "due_on": row["due_on"],
                "cancels": row["cancels"],
                "cancelled_by": row["cancelled_by"],
            }
            for row in rows
        ),
        title=f"Invoices of {window}",
        empty=f"Nobody pays for {window}.",
    )


@bank.command()
@WINDOW
@TO
@json_option
@pass_context
def pay(context: Context, window: str, folder: Path | None) -> None:
    """A paid window's files for the bank: pain.001 to pay, pain.008 to collect.

    They are the bytes that two people agreed to (`windows pay`), the same each time.
    """
    with context.database.transaction() as session:
        files = payment_files.for_the_bank(session, window)
    for each in files:
        if folder is not None:
            _write(context, folder / f"{each.message_id}.xml", each.document)
    context.emit(
        (
            {
                "message_id": each.message_id,
                "kind": each.kind,
                "payments": each.payments,
                "total": _money(context, each.total, each.currency),
                "currency": each.currency,
                "digest": each.digest,
                "made_by": each.made_by,
                "made_at": each.made_at,
            }
            for each in files
        ),
        title=f"Files for the bank, {window}",
        empty=f"The bank has nothing to do for {window}.",
    )


# --- what the bank says ---------------------------------------------------------------------------


@bank.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "by", required=True, help="The operator who does this.")
@json_option
@pass_context
def import_(context: Context, file: Path, by: str) -> None:
    """Take in a camt.053 and match its entries to payments; the same file again changes nothing."""
    with context.database.transaction() as session:
        check_operator(session, by)
        content = file.read_bytes()
        done = importing.import_file(session, content, by=by, now=context.clock())
        if not done.known:
            said = asdict(done) | {"digest": sha256(content).hexdigest()}
            note(context, session, "bank-file-imported", f"file {file.name}", by=by, after=said)
    if done.known:
        context.say("The bank had said all of this before.")
    context.emit_one(done)


@bank.command()
@json_option
@pass_context
def rematch(context: Context) -> None:
    """Try again to match what came before its window was approved."""
    with context.database.transaction() as session:
        matched = importing.match_entries(session, context.clock())
    context.emit_one({"matched": matched})


@bank.command()
@click.option("--all", "every", is_flag=True, help="Also those that are matched.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@json_option
@pass_context
def entries(context: Context, every: bool, limit: int) -> None:
    """Entries of the bank that belong to no payment yet."""
    with context.database.transaction() as session:
        rows = store.entries(session, unmatched=not every, limit=limit)
    context.emit(
        (_entry(context, row) for row in rows),
        title="Entries of the bank",
        empty="Every entry is matched.",
    )


@bank.command()
@WINDOW
@json_option
@pass_context
def show(context: Context, window: str) -> None:
    """How far each payment of a window has come, and whether the bank agrees with it."""
    today = context.clock().date()
    with context.database.transaction() as session:
        found = settlement.store.get_window(session, window)
        progress = [] if found.currency is None else agreement.progress(session, found.id)
        rows = store.entries_of_window(session, found.id)
        names = settlement.store.names(session)
    payments = [
        {
            "payment": each.payment.end_to_end,
            "payer": names[each.payment.payer][1],
            "payee": names[each.payment.payee][1],
            "amount": _money(context, each.payment.amount, each.payment.currency),
            "received": _money(context, each.received, each.payment.currency),
            "currency": each.payment.currency,
            "state": each.state,
            "due_on": each.payment.window.call_on,
            "last_on": each.last_on,
            "late": each.late
            or (each.state not in agreement.AGREED and today > each.payment.window.call_on),
        }
        for each in progress
    ]
    agrees = all(each.state in agreement.AGREED for each in progress)
    if context.as_json:
        shown = [_entry(context, row) for row in rows]
        context.emit_one({"agrees": agrees, "payments": payments, "entries": shown})
        return
    context.emit(payments, title=f"Payments of {window}", empty="Nobody pays anybody.")
    context.emit(
        (_entry(context, row) for row in rows), title="Entries of the bank", empty="No entry yet."
    )
    context.say("The bank agrees." if agrees else "The bank does not agree.")


@bank.command()
@click.argument("entry")
@click.argument("payment")
@AS
@REASON
@json_option
@pass_context
def match(context: Context, entry: str, payment: str, by: str, reason: str) -> None:
    """Propose that ENTRY (ent_…) belongs to PAYMENT (2026-11-R1-P000003)."""
    id_ = from_text("ent", entry)
    if id_ is None:
        raise click.BadParameter(f"{entry} is no entry's id")
    with context.database.transaction() as session:
        importing.check_match(session, id_, payment)
        content = {"entry": str(id_), "payment": payment}
        propose(context, session, "bank-match", content, by, reason)


@bank.command()
@click.argument("payment")
@click.option("--on", "received_on", type=DAY, required=True, help="The day on which it arrived.")
@AS
@REASON
@json_option
@pass_context
def confirm(context: Context, payment: str, received_on: datetime, by: str, reason: str) -> None:
    """Propose that a PAYMENT between two partners, which the hub's bank never sees, arrived."""
    with context.database.transaction() as session:
        importing.check_confirmation(session, payment)
        content = {"payment": payment, "received_on": received_on.date()}
        propose(context, session, "payment-confirmation", content, by, reason)


def _party(session: Session, slug: str) -> int:
    return HUB if slug == "hub" else registry.find(session, slug).party


def _entry(context: Context, row: Any) -> dict[str, Any]:
    return {
        "id": to_text("ent", row["id"]),
        "booked_on": row["booked_on"],
        "direction": row["direction"],
        "amount": _money(context, row["amount"], row["currency"]),
        "currency": row["currency"],
        "end_to_end": row["end_to_end"],
        "counterparty": row["counterparty"],
        "counterparty_account": row["counterparty_account"],
        "remittance": row["remittance"],
        "returned": row["returned"],
        "matched_by": row["how"],
    }


def _money(context: Context, amount: int, currency: str) -> int | str:
    """Minor units for scripts, what people read for people."""
    return amount if context.as_json else money(amount, currency, symbol=False)


def _write(context: Context, path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    context.say(f"Wrote {path}")
