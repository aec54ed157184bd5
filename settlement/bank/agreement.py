"""Whether what the bank says agrees with what a window's payments should have been."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy.orm import Session

from settlement.bank import dues, store
from settlement.bank.dues import Due

State = Literal["exact", "split", "confirmed", "internal", "missing", "short", "over", "returned"]
AGREED: frozenset[State] = frozenset({"exact", "split", "confirmed", "internal"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Paid:
    """One entry that counts towards a payment; negative when the money went back."""

    amount: int
    booked_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far one payment has come, in minor units of its currency."""

    payment: Due
    state: State
    received: int
    late: bool  # The money that makes it whole was booked after it was due.
    entries: int
    last_on: date | None

    @property
    def missing(self) -> int:
        """What is still to come; negative when too much came."""
        return self.payment.amount - self.received


@dataclass(frozen=True, kw_only=True, slots=True)
class Disagreement:
    """A payment that the bank does not confirm in full and no more."""

    payment: str  # By its end-to-end id.
    payer: int
    payee: int
    currency: str
    amount: int
    received: int
    state: State


def disagreements(session: Session, window: int) -> list[Disagreement]:
    """The payments of the window's current revision that stand in the way of settling it.

    Money that came late is there all the same. Empty when everything is matched in full.
    """
    return [
        Disagreement(
            payment=each.payment.end_to_end,
            payer=each.payment.payer,
            payee=each.payment.payee,
            currency=each.payment.currency,
            amount=each.payment.amount,
            received=each.received,
            state=each.state,
        )
        for each in progress(session, window)
        if each.state not in AGREED
    ]


def progress(session: Session, window: int) -> list[Progress]:
    """How far each payment of the window's current revision has come, by number."""
    payments = dues.of_window(session, window)
    if not payments:
        return []
    revision = payments[0].window.revision
    entries: dict[int, list[Paid]] = {}
    for row in store.matched(session, window, revision):
        paid = Paid(amount=row["amount"], booked_on=row["booked_on"])
        entries.setdefault(row["number"], []).append(paid)
    confirmed = store.confirmations(session, window, revision)
    return [judge(due, entries.get(due.number, ()), confirmed.get(due.number)) for due in payments]


def hold_money(session: Session) -> None:
    """No entry is matched, and nobody confirms one, until this transaction ends."""
    store.lock_imports(session)


def money_moved(session: Session, window: int) -> bool:
    """Whether any entry of the bank, or anybody, says that money of this window moved."""
    return store.any_money(session, window)


def judge(due: Due, entries: Iterable[Paid], confirmed_on: date | None = None) -> Progress:
    """The state of one payment: `entries` in the order of their days."""
    paid = sorted(entries, key=lambda entry: entry.booked_on)
    received = sum(each.amount for each in paid)
    on = confirmed_on or (paid[-1].booked_on if paid else None)
    state = _state(due, paid, received, confirmed_on)
    if state in ("confirmed", "internal"):
        received = due.amount
    return Progress(
        payment=due,
        state=state,
        received=received,
        late=on is not None and received > 0 and _whole_on(due, paid, on) > due.window.call_on,
        entries=len(paid),
        last_on=on,
    )


def _state(due: Due, paid: list[Paid], received: int, confirmed_on: date | None) -> State:
    if due.way == "internal":
        return "internal"
    if confirmed_on is not None:
        return "confirmed"
    if received == due.amount:
        return "exact" if len(paid) == 1 else "split"
    if received > due.amount:
        return "over"
    if received > 0:
        return "short"
    return "returned" if any(each.amount < 0 for each in paid) else "missing"


def _whole_on(due: Due, paid: Iterable[Paid], otherwise: date) -> date:
    """The day on which the payment was complete; the last day there was money until it is."""
    received = 0
    for each in paid:
        received += each.amount
        if received >= due.amount:
            return each.booked_on
    return otherwise
