"""What the bank is asked to do: pain.001 for what the hub pays, pain.008 for what it collects.

One file for each currency and window. Two people agree to its digest, and from then on it is kept:
asked for again, it is the same bytes under the same message id, which is how a bank knows a file
that it has been sent twice.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy.orm import Session

import settlement.store
from settlement.bank import accounts, dues, pain, store
from settlement.bank.accounts import Account
from settlement.bank.dues import Due
from settlement.bank.errors import BankAccountMissing
from settlement.errors import SettlementStepRefused
from settlement.reckoning import HUB

FileKind = Literal["pain.001", "pain.008"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentFile:
    """A file for the bank; `total` is in minor units."""

    message_id: str
    kind: FileKind
    currency: str
    payments: int
    total: int
    document: bytes
    digest: bytes
    made_by: str
    made_at: datetime


def draft(session: Session, window: str, *, by: str, at: datetime, on: date) -> list[PaymentFile]:
    """The files that a window's current revision asks for, not kept yet.

    They say that they were made `at` a time, and use the accounts in force `on` a day: asked for
    again with the same, they are the same bytes. A partner without a mandate is sent its invoice
    only. Raises WindowNotFound, BankAccountMissing.
    """
    found = settlement.store.get_window(session, window)
    payments = dues.of_window(session, found.id)
    known = accounts.in_force(session, on)
    return [
        _file(kind, asked, known, by, at)
        for (kind, _), asked in sorted(_groups(payments, known).items())
    ]


def keep(session: Session, window: str, files: Sequence[PaymentFile]) -> None:
    """Keep the files of a window's current revision, from now on byte for byte."""
    found = settlement.store.get_window(session, window)
    for file in files:
        values = {name: getattr(file, name) for name in PaymentFile.__slots__}
        store.insert_payment_file(
            session, {**values, "window_id": found.id, "revision": found.revision}
        )


def for_the_bank(session: Session, window: str) -> list[PaymentFile]:
    """`kept`, once two people agreed. Raises WindowNotFound, SettlementStepRefused."""
    found = settlement.store.get_window(session, window)
    if settlement.store.paid_revision(session, found.id) != found.revision or not found.revision:
        raise SettlementStepRefused(state=found.state, needs="paying")
    return kept(session, window)


def kept(session: Session, window: str) -> list[PaymentFile]:
    """The files that two people agreed to for a window's current revision, byte for byte.

    Empty before they did. Raises WindowNotFound.
    """
    found = settlement.store.get_window(session, window)
    payments = dues.of_window(session, found.id)
    revision = payments[0].window.revision if payments else None
    return [
        PaymentFile(**{name: row[name] for name in PaymentFile.__slots__})
        for row in store.payment_files(session, found.id)
        if row["revision"] == revision
    ]


def _groups(
    payments: Sequence[Due], known: Mapping[tuple[int, str], Account]
) -> dict[tuple[FileKind, str], list[Due]]:
    """What the hub pays, and what it may collect, by currency."""
    groups: dict[tuple[FileKind, str], list[Due]] = {}
    for due in payments:
        if due.way == "out":
            groups.setdefault(("pain.001", due.currency), []).append(due)
        elif due.way == "in":
            account = known.get((due.payer, due.currency))
            if account is not None and account.mandate is not None:
                groups.setdefault(("pain.008", due.currency), []).append(due)
    return groups


def _file(
    kind: FileKind,
    asked: Sequence[Due],
    known: Mapping[tuple[int, str], Account],
    by: str,
    now: datetime,
) -> PaymentFile:
    window, currency = asked[0].window, asked[0].currency
    letter = {"pain.001": "C", "pain.008": "D"}[kind]
    message_id = f"TB-{window.label}-R{window.revision}-{letter}-{currency}"
    write = {"pain.001": pain.credit_transfers, "pain.008": pain.direct_debits}[kind]
    document = write(
        message_id=message_id,
        own=_account(known, HUB, currency),
        transfers=[(due, _account(known, due.other, currency)) for due in asked],
        on=max(window.call_on, now.date()),
        made_at=now,
    )
    return PaymentFile(
        message_id=message_id,
        kind=kind,
        currency=currency,
        payments=len(asked),
        total=sum(due.amount for due in asked),
        document=document,
        digest=hashlib.sha256(document).digest(),
        made_by=by,
        made_at=now,
    )


def _account(known: Mapping[tuple[int, str], Account], party: int, currency: str) -> Account:
    account = known.get((party, currency))
    if account is None:
        raise BankAccountMissing(party=party, currency=currency)
    return account
