"""The tables of money in and out: what was agreed, what was asked of the bank, what it says."""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped

import staff.models  # noqa: F401 - proposals are referred to
from exchange.models import Big, Moment, Word
from kit.database import Base
from settlement.models import SCHEMA


def _to(column: str, target: str, name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], [target], name=name)


class BankAccount(Base):
    """Where a party pays from and is paid to in one currency, from a day on."""

    __tablename__ = "bank_account"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="bank_account_pk"),
        _to("party_id", "exchange.party.id", "bank_account_party_fk"),
        _to("proposal", "staff.proposal.id", "bank_account_proposal_fk"),
        UniqueConstraint("proposal", name="bank_account_once"),
        CheckConstraint(
            "(mandate IS NULL) = (mandate_on IS NULL)", name="bank_account_mandate_dated"
        ),
        Index("bank_account_party", "party_id", "currency", "valid_from"),
        SCHEMA,
    )

    id: Mapped[UUID]
    party_id: Mapped[int]
    currency: Mapped[Word]
    valid_from: Mapped[date]
    name: Mapped[Word]
    account: Mapped[Word]
    bank: Mapped[Word]
    bank_code: Mapped[Word]
    bic: Mapped[Word | None]
    mandate: Mapped[Word | None]
    mandate_on: Mapped[date | None]
    proposal: Mapped[UUID]
    agreed_at: Mapped[Moment]


class Invoice(Base):
    """What one partner is asked to pay for a window, or a credit note that takes that back."""

    __tablename__ = "invoice"
    __table_args__ = (
        PrimaryKeyConstraint("number", name="invoice_pk"),
        _to("window_id", "settlement.settlement.window_id", "invoice_settlement_fk"),
        _to("party_id", "exchange.party.id", "invoice_party_fk"),
        _to("cancels", "settlement.invoice.number", "invoice_cancels_fk"),
        UniqueConstraint("window_id", "party_id", "revision", "kind", name="invoice_once"),
        UniqueConstraint("cancels", name="invoice_cancelled_once"),
        CheckConstraint("kind IN ('invoice', 'credit-note')", name="invoice_kind_known"),
        CheckConstraint(
            "(kind = 'credit-note') = (cancels IS NOT NULL)", name="invoice_credit_note_cancels"
        ),
        CheckConstraint("amount > 0", name="invoice_amount_positive"),
        Index("invoice_party", "party_id", "issued_at"),
        SCHEMA,
    )

    number: Mapped[Word]
    window_id: Mapped[int]
    revision: Mapped[int]
    party_id: Mapped[int]
    kind: Mapped[Word]
    cancels: Mapped[Word | None]
    currency: Mapped[Word]
    amount: Mapped[Big]
    due_on: Mapped[date]
    document: Mapped[bytes]
    csv: Mapped[bytes]
    digest: Mapped[bytes]
    issued_at: Mapped[Moment]


class PaymentFile(Base):
    """What the bank is asked to do for a window in one currency, byte for byte as made."""

    __tablename__ = "payment_file"
    __table_args__ = (
        PrimaryKeyConstraint("message_id", name="payment_file_pk"),
        _to("window_id", "settlement.settlement.window_id", "payment_file_settlement_fk"),
        UniqueConstraint("window_id", "revision", "kind", "currency", name="payment_file_once"),
        CheckConstraint("kind IN ('pain.001', 'pain.008')", name="payment_file_kind_known"),
        SCHEMA,
    )

    message_id: Mapped[Word]
    window_id: Mapped[int]
    revision: Mapped[int]
    kind: Mapped[Word]
    currency: Mapped[Word]
    payments: Mapped[int]
    total: Mapped[Big]
    document: Mapped[bytes]
    digest: Mapped[bytes]
    made_by: Mapped[Word]
    made_at: Mapped[Moment]


class BankFile(Base):
    """A file of the bank, byte for byte as it came."""

    __tablename__ = "bank_file"
    __table_args__ = (PrimaryKeyConstraint("digest", name="bank_file_pk"), SCHEMA)

    digest: Mapped[bytes]
    document: Mapped[bytes]
    imported_by: Mapped[Word]
    imported_at: Mapped[Moment]


class BankStatement(Base):
    """One account statement of a bank's file; `content` is a digest of what it says."""

    __tablename__ = "bank_statement"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="bank_statement_pk"),
        _to("file", "settlement.bank_file.digest", "bank_statement_file_fk"),
        UniqueConstraint("account", "currency", "number", name="bank_statement_once"),
        SCHEMA,
    )

    id: Mapped[UUID]
    file: Mapped[bytes]
    number: Mapped[Word]
    account: Mapped[Word]
    currency: Mapped[Word]
    opening: Mapped[Big]
    closing: Mapped[Big]
    content: Mapped[bytes]


class BankEntry(Base):
    """Money that came to the hub's account or left it, as the bank booked it."""

    __tablename__ = "bank_entry"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="bank_entry_pk"),
        _to("statement", "settlement.bank_statement.id", "bank_entry_statement_fk"),
        UniqueConstraint("statement", "number", name="bank_entry_once"),
        CheckConstraint("direction IN ('in', 'out')", name="bank_entry_direction_known"),
        CheckConstraint("amount > 0", name="bank_entry_amount_positive"),
        SCHEMA,
    )

    id: Mapped[UUID]
    statement: Mapped[UUID]
    number: Mapped[int]
    direction: Mapped[Word]
    amount: Mapped[Big]
    currency: Mapped[Word]
    booked_on: Mapped[date]
    end_to_end: Mapped[Word | None]
    reference: Mapped[Word | None]
    counterparty: Mapped[Word | None]
    counterparty_account: Mapped[Word | None]
    remittance: Mapped[Word | None]
    returned: Mapped[bool]


class BankMatch(Base):
    """The payment that an entry belongs to; the amount is negative when money went back."""

    __tablename__ = "bank_match"
    __table_args__ = (
        PrimaryKeyConstraint("entry_id", name="bank_match_pk"),
        _to("entry_id", "settlement.bank_entry.id", "bank_match_entry_fk"),
        _to("window_id", "settlement.settlement.window_id", "bank_match_settlement_fk"),
        _to("proposal", "staff.proposal.id", "bank_match_proposal_fk"),
        CheckConstraint(
            "how IN ('end-to-end', 'reference', 'amount', 'hand')", name="bank_match_how_known"
        ),
        CheckConstraint(
            "(how = 'hand') = (proposal IS NOT NULL)", name="bank_match_by_hand_is_agreed"
        ),
        CheckConstraint("amount <> 0", name="bank_match_of_something"),
        Index("bank_match_payment", "window_id", "revision", "number"),
        SCHEMA,
    )

    entry_id: Mapped[UUID]
    window_id: Mapped[int]
    revision: Mapped[int]
    number: Mapped[int]
    amount: Mapped[Big]
    how: Mapped[Word]
    proposal: Mapped[UUID | None]
    matched_at: Mapped[Moment]


class PaymentConfirmation(Base):
    """Two people say that a payment between two partners arrived."""

    __tablename__ = "payment_confirmation"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", "revision", "number", name="payment_confirmation_pk"),
        _to("window_id", "settlement.settlement.window_id", "payment_confirmation_settlement_fk"),
        _to("proposal", "staff.proposal.id", "payment_confirmation_proposal_fk"),
        SCHEMA,
    )

    window_id: Mapped[int]
    revision: Mapped[int]
    number: Mapped[int]
    received_on: Mapped[date]
    proposal: Mapped[UUID]
    confirmed_at: Mapped[Moment]
