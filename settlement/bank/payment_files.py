"""What the bank is asked to do: pain.001 for what the hub pays, pain.008 for what it collects.

One file for each currency and window, made once and kept: asked for again, it is the same bytes
under the same message id, which is how a bank knows a file that it has been sent twice.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

import settlement.store
from settlement.bank import accounts, dues, pain, store
from settlement.bank.accounts import Account
from settlement.bank.dues import PAYABLE, Due
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


def make(session: Session, window: str, *, by: str, now: datetime) -> list[PaymentFile]:
    """The files of a window's current revision, and those not yet made are made.

    A partner without a mandate is sent its invoice only. Raises WindowNotFound, Busy,
    SettlementStepRefused, BankAccountMissing.
    """
    found = settlement.store.get_window(session, window)
    state = settlement.store.lock_settlement(session, found.id) or found.state
    if state not in PAYABLE:
        raise SettlementStepRefused(state=state, needs="approved")
    payments = dues.of_window(session, found.id)
    there = {(each.kind, each.currency) for each in kept(session, window)}
    known = accounts.in_force(session, now.date())
    for (kind, currency), asked in _groups(payments, known).items():
        if (kind, currency) not in there:
            _insert(session, _file(kind, asked, known, by, now), asked)
    return kept(session, window)


def kept(session: Session, window: str) -> list[PaymentFile]:
    """The files made for a window's current revision, byte for byte. Raises WindowNotFound."""
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


def _insert(session: Session, file: PaymentFile, asked: Sequence[Due]) -> None:
    values = {name: getattr(file, name) for name in PaymentFile.__slots__}
    window = asked[0].window
    store.insert_payment_file(
        session, {**values, "window_id": window.id, "revision": window.revision}
    )
