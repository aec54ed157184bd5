"""What the bank says, kept once and matched to the payments it belongs to."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import uuid7
from settlement.bank import accounts, bank_files, dues, invoices, matching, store
from settlement.bank.bank_files import AccountStatement
from settlement.bank.dues import Due
from settlement.bank.errors import (
    BankEntryNotFound,
    BankFileAccountUnknown,
    BankMatchRefused,
    BankStatementDiffers,
    ConfirmationRefused,
)
from settlement.bank.matching import Entry, Match
from settlement.reckoning import HUB


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What an import did; nothing when the bank had said it all before."""

    statements: int
    entries: int
    matched: int  # Of these entries, and of those that waited for their payment.
    known: bool


def import_file(session: Session, document: bytes, *, by: str, now: datetime) -> Imported:
    """Keep a camt.053 and match its entries; the same file or statement again changes nothing.

    Raises BankFileMalformed, BankFileCurrencyUnknown, BankFileDoesNotAddUp, BankFileAccountUnknown,
    BankStatementDiffers, in this order.
    """
    statements = bank_files.read(document)
    store.lock_imports(session)
    digest = hashlib.sha256(document).digest()
    if store.file_is_known(session, digest):
        return Imported(statements=0, entries=0, matched=0, known=True)
    ours = {
        (number, currency)
        for (party, currency), numbers in accounts.ever(session).items()
        if party == HUB
        for number in numbers
    }
    for each in statements:
        if (each.account, each.currency) not in ours:
            raise BankFileAccountUnknown(account=each.account, currency=each.currency)
    new = [each for each in _once(statements) if not _is_known(session, each)]
    # Every refusal is above this line.
    store.insert_bank_file(
        session,
        {"digest": digest, "document": document, "imported_by": by, "imported_at": now},
    )
    for each in new:
        _keep(session, each, digest)
    return Imported(
        statements=len(new),
        entries=sum(len(each.entries) for each in new),
        matched=match_entries(session, now),
        known=not new,
    )


def match_entries(session: Session, now: datetime) -> int:
    """Match every entry whose payment is sure by now; how many were."""
    store.lock_imports(session)
    rows = store.unmatched(session)
    if not rows:
        return 0
    waiting = [entry_of(dict(row)) for row in rows]
    named = {
        label
        for each in waiting
        for text in (each.end_to_end, each.remittance)
        for label in dues.labels(text or "")
    }
    payments = dues.payable(session, named)
    windows = {due.window.id for due in payments}
    found = matching.match(
        waiting,
        payments,
        paid=store.paid(session, windows),
        accounts=accounts.ever(session),
        invoices=invoices.asked_for(session, payments),
    )
    _write(session, found, None, now)
    return len(found)


def check_match(session: Session, entry: UUID, payment: str) -> tuple[Entry, Due]:
    """The entry and the payment that somebody means to be one. Accounts are theirs to judge.

    Raises BankEntryNotFound, PaymentNotFound, BankMatchRefused.
    """
    row = store.entry(session, entry)
    if row is None:
        raise BankEntryNotFound
    due = dues.find(session, payment)
    found = entry_of(dict(row))
    if row["how"] is not None:
        raise BankMatchRefused(why="matched")
    if due.way in ("internal", "between"):
        raise BankMatchRefused(why="internal" if due.way == "internal" else "between-partners")
    if found.currency != due.currency:
        raise BankMatchRefused(why="currency")
    return found, due


def match_by_hand(
    session: Session, *, entry: UUID, payment: str, proposal: UUID, now: datetime
) -> Due:
    """Two people say what an entry is for. Raises what `check_match` raises."""
    store.lock_imports(session)
    found, due = check_match(session, entry, payment)
    made = Match(entry=entry, payment=due.key, amount=matching.counted(found, due), how="hand")
    _write(session, [made], proposal, now)
    return due


def check_confirmation(session: Session, payment: str) -> Due:
    """A payment between partners that nobody has confirmed yet.

    Raises PaymentNotFound, ConfirmationRefused.
    """
    due = dues.find(session, payment)
    if due.way != "between":
        raise ConfirmationRefused(why="bank-sees-it")
    if due.number in store.confirmations(session, due.window.id, due.window.revision):
        raise ConfirmationRefused(why="confirmed")
    return due


def confirm_by_hand(
    session: Session, *, payment: str, received_on: date, proposal: UUID, now: datetime
) -> Due:
    """Two people say that a payment between partners arrived. Raises as `check_confirmation`."""
    store.lock_imports(session)
    due = check_confirmation(session, payment)
    store.insert_confirmation(
        session,
        {
            "window_id": due.window.id,
            "revision": due.window.revision,
            "number": due.number,
            "received_on": received_on,
            "proposal": proposal,
            "confirmed_at": now,
        },
    )
    return due


def entry_of(row: dict[str, object]) -> Entry:
    """An entry as matching needs it, of a row that has more."""
    return Entry(**{name: row[name] for name in Entry.__slots__})  # type: ignore[arg-type]


def _once(statements: list[AccountStatement]) -> list[AccountStatement]:
    """Each statement of a file once. Raises BankStatementDiffers for two of one number."""
    found: dict[tuple[str, str, str], AccountStatement] = {}
    for each in statements:
        first = found.setdefault((each.account, each.currency, each.number), each)
        if first != each:
            raise BankStatementDiffers(statement=each.number)
    return list(found.values())


def _is_known(session: Session, statement: AccountStatement) -> bool:
    content = store.statement_content(
        session, statement.account, statement.currency, statement.number
    )
    if content not in (None, statement.content):
        raise BankStatementDiffers(statement=statement.number)
    return content is not None


def _keep(session: Session, statement: AccountStatement, file: bytes) -> None:
    id_ = uuid7()
    store.insert_bank_statement(
        session,
        {
            "id": id_,
            "file": file,
            "number": statement.number,
            "account": statement.account,
            "currency": statement.currency,
            "opening": statement.opening,
            "closing": statement.closing,
            "content": statement.content,
        },
    )
    store.insert_entries(
        session,
        [
            {"id": uuid7(), "statement": id_, "number": number, "currency": statement.currency}
            | asdict(each)
            for number, each in enumerate(statement.entries, start=1)
        ],
    )


def _write(session: Session, found: list[Match], proposal: UUID | None, now: datetime) -> None:
    store.insert_matches(
        session,
        [
            {
                "entry_id": each.entry,
                "window_id": each.payment[0],
                "revision": each.payment[1],
                "number": each.payment[2],
                "amount": each.amount,
                "how": each.how,
                "proposal": proposal,
                "matched_at": now,
            }
            for each in found
        ],
    )
