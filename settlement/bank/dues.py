"""The payments of a window as the bank knows them: each with a name of its own, and how it goes."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlalchemy.orm import Session

import settlement.store
from settlement.bank import store
from settlement.bank.errors import PaymentNotFound
from settlement.reckoning import FLOAT, HUB

OWN: Final = frozenset({HUB, FLOAT})  # Both stand behind the hub's account.
PAYABLE: Final = ("approved", "paying", "settled")  # Money may come late, or be returned.

Way = Literal["out", "in", "between", "internal"]  # As the hub's bank sees it, if it does.

_PLAIN: Final = re.compile("(?!W[0-9]+$)[0-9A-Za-z.-]{1,20}")
_LABELS: Final = re.compile(
    r"(?<![0-9A-Za-z.-])(?:([0-9A-Za-z.-]{1,20})-R[0-9]+-P[0-9]{6}"
    r"|(?:INV|ST)-([0-9A-Za-z.-]{1,40})-[0-9]{6}(?:-r[0-9]+)?)(?![0-9A-Za-z])"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MoneyWindow:
    """A window's settlement as far as money is concerned; `call_on` is when it must be there."""

    id: int
    name: str
    state: str
    revision: int
    call_on: date
    currency: str

    @property
    def label(self) -> str:
        """Its name in references, which have 35 letters: a long one gives way to its number."""
        return self.name if _PLAIN.fullmatch(self.name) else f"W{self.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """One payment of a window: a positive amount of minor units."""

    window: MoneyWindow
    number: int
    payer: int
    payee: int
    amount: int
    currency: str

    @property
    def end_to_end(self) -> str:
        """`2026-11-R1-P000003`: window, revision and number, the same on every paper."""
        return f"{self.window.label}-R{self.window.revision}-P{self.number:06d}"

    @property
    def way(self) -> Way:
        if self.payer in OWN:
            return "internal" if self.payee in OWN else "out"
        return "in" if self.payee in OWN else "between"

    @property
    def other(self) -> int:
        """The partner at the other end of a payment that the hub's bank sees."""
        return self.payee if self.payer in OWN else self.payer

    @property
    def key(self) -> tuple[int, int, int]:
        return self.window.id, self.window.revision, self.number


def money_window(session: Session, window: int) -> MoneyWindow:
    """A window that has been closed."""
    return MoneyWindow(**store.money_window(session, window))


def of_window(session: Session, window: int) -> list[Due]:
    """The payments of the window's current revision, by number."""
    return _dues(session, money_window(session, window))


def payable(session: Session, named: Collection[str] = ()) -> list[Due]:
    """Those of every window that is being paid, and of settled ones with a label that is `named`.

    Oldest window first.
    """
    return [
        due
        for each in store.payable_windows(session, named)
        for due in _dues(session, MoneyWindow(**each))
    ]


def find(session: Session, end_to_end: str) -> Due:
    """The payment of this name. Raises PaymentNotFound."""
    for due in payable(session, labels(end_to_end)):
        if due.end_to_end == end_to_end:
            return due
    raise PaymentNotFound(payment=end_to_end)


def labels(text: str) -> set[str]:
    """The labels of the windows whose payments, invoices or statements a text names."""
    return {payment or paper for payment, paper in _LABELS.findall(text)}


def _dues(session: Session, window: MoneyWindow) -> list[Due]:
    return [
        Due(
            window=window,
            number=row["number"],
            payer=row["payer"],
            payee=row["payee"],
            amount=row["amount"],
            currency=row["currency"],
        )
        for row in settlement.store.payments(session, window.id)
    ]
