"""Which entry of the bank pays which payment: decided from values, and only where it is sure.

An entry is matched once and whole. What names a payment pays it, even short, over or back; what
names none must come from the payee's or payer's own account with just the amount that is left of
one payment alone. The rest is for two people.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

from settlement.bank.dues import Due

How = Literal["end-to-end", "reference", "amount", "hand"]
Key = tuple[int, int, int]  # Of a payment: window, revision, number.


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Money that came to the hub's account or left it: a positive amount of minor units."""

    id: UUID
    direction: Literal["in", "out"]
    amount: int
    currency: str
    booked_on: date
    end_to_end: str | None
    counterparty_account: str | None
    remittance: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """`amount` counts towards the payment; it is negative when the money went back."""

    entry: UUID
    payment: Key
    amount: int
    how: How


def match(
    entries: Iterable[Entry],
    dues: Sequence[Due],
    *,
    paid: Mapping[Key, int],
    accounts: Mapping[tuple[int, str], set[str]],
    invoices: Mapping[str, Key],
) -> list[Match]:
    """The entries whose payment is sure, in their order.

    `paid` is what earlier entries paid of each payment, `accounts` the numbers that each party
    agreed to by party and currency, `invoices` the payment that each invoice asks for.
    """
    seen = [due for due in dues if due.way in ("in", "out")]
    by_name = {due.end_to_end: due for due in seen}
    by_key = {due.key: due for due in seen}
    by_invoice = {number: by_key[key] for number, key in invoices.items() if key in by_key}
    so_far = dict(paid)
    found = []
    for entry in entries:
        due, how = _named(entry, by_name, by_invoice)
        if due is None:
            due, how = _alone(entry, seen, so_far, accounts), "amount"
        if due is None or not fits(entry, due, accounts):
            continue
        amount = counted(entry, due)
        so_far[due.key] = so_far.get(due.key, 0) + amount
        found.append(Match(entry=entry.id, payment=due.key, amount=amount, how=how))
    return found


def counted(entry: Entry, due: Due) -> int:
    """What the entry counts towards the payment: less than nothing when it goes the other way."""
    return entry.amount if entry.direction == due.way else -entry.amount


def fits(entry: Entry, due: Due, accounts: Mapping[tuple[int, str], set[str]]) -> bool:
    """Whether the entry may belong to the payment at all.

    Money that the hub sent must have gone to an account that the payee once agreed to: the right
    words on money sent elsewhere are what a thief would write.
    """
    if entry.currency != due.currency:
        return False
    if entry.direction == "out" and due.way == "out" and entry.counterparty_account:
        return entry.counterparty_account in accounts.get((due.other, due.currency), ())
    return True


_WORDS: Final = re.compile("[0-9A-Za-z.-]+")


def _named(
    entry: Entry, by_name: Mapping[str, Due], by_invoice: Mapping[str, Due]
) -> tuple[Due | None, How]:
    if entry.end_to_end is not None and entry.end_to_end in by_name:
        return by_name[entry.end_to_end], "end-to-end"
    words = {word.rstrip(".-") for word in _WORDS.findall(entry.remittance or "")}
    words |= {entry.end_to_end} if entry.end_to_end else set()
    named = {due.key: due for word in words if (due := by_name.get(word) or by_invoice.get(word))}
    # A transfer that names two payments is for people to divide.
    return (next(iter(named.values())) if len(named) == 1 else None), "reference"


def _alone(
    entry: Entry,
    dues: Iterable[Due],
    paid: Mapping[Key, int],
    accounts: Mapping[tuple[int, str], set[str]],
) -> Due | None:
    """The one payment that lacks just this amount from, or to, just this account."""
    if entry.counterparty_account is None:
        return None
    fitting = [
        due
        for due in dues
        if due.way == entry.direction
        and due.currency == entry.currency
        and due.amount - paid.get(due.key, 0) == entry.amount
        and entry.counterparty_account in accounts.get((due.other, due.currency), ())
    ]
    return fitting[0] if len(fitting) == 1 else None
