"""One invoice or credit note: all its figures, as a value."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from settlement.statements import BankDetails

InvoiceKind = Literal["invoice", "credit-note"]


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceLine:
    """What the partner owes (positive) or is owed (negative) of one kind, in the hub's currency."""

    kind: str
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PayTo:
    """Money to send: to whom, how much in the invoice's currency, and the reference to give."""

    amount: int
    reference: str
    to: BankDetails
    collected: bool  # The hub collects it under the partner's mandate: nothing is to be sent.


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoice:
    """Immutable once numbered. Amounts are positive minor units unless said otherwise."""

    number: str
    kind: InvoiceKind
    cancels: str | None
    window: str
    revision: int
    party: int
    name: str
    statement: str | None
    issued_at: datetime
    due_on: date
    base: str  # The hub's currency, in which the lines are…
    lines: tuple[InvoiceLine, ...]
    net: int  # …and their sum; what a partner that pays nets to.
    numerator: int  # One unit of `base` is numerator / denominator units of `currency`.
    denominator: int
    currency: str
    amount: int  # What is to be paid, or what a credit note takes back.
    pay: tuple[PayTo, ...]  # Empty in a credit note.
