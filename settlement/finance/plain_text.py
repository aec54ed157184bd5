"""Two dialects of plain-text accounting: what hledger reads, and what beancount reads.

Values in, text out; nothing here knows where an entry comes from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Protocol

from settlement.finance.files import decimal

Form = Literal["hledger", "beancount"]


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of an entry, in the smallest unit of its commodity; a debit is positive."""

    account: str
    amount: int
    commodity: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A balanced transaction of a day; `pending` is one that is yet to happen."""

    day: date
    text: str  # Of letters, digits, blanks and hyphens.
    legs: Sequence[Leg]
    id: str = ""  # A journal's public id…
    undoes: str = ""  # …and that of the one it undoes.
    pending: bool = False


class Dialect(Protocol):
    """How a file begins, and how each of its parts is written; every part ends with a newline.

    `digits` tells for every commodity how many of its units' digits stand after the point.
    """

    def head(self, title: str, digits: Mapping[str, int], since: date) -> str: ...

    def account(self, name: str, since: date) -> str: ...

    def entry(self, entry: Entry, digits: Mapping[str, int]) -> str: ...

    def balances(self, day: date, legs: Iterable[Leg], digits: Mapping[str, int]) -> str:
        """Assert what accounts have in a commodity when a day ends."""
        ...


class Hledger:
    """hledger 1.25 and later, fit for `check --strict ordereddates`."""

    def head(self, title: str, digits: Mapping[str, int], since: date) -> str:
        # Without the mark, and the point after it, a whole number's commas may be taken for it.
        lines = [f"; {title}, from {since}", "decimal-mark ."]
        lines += [
            f"commodity 1000.{'0' * after} {commodity}" for commodity, after in digits.items()
        ]
        return "\n".join(lines) + "\n\n"

    def account(self, name: str, since: date) -> str:
        return f"account {name}\n"

    def entry(self, entry: Entry, digits: Mapping[str, int]) -> str:
        code = f" ({entry.id})" if entry.id else ""
        tag = f"  ; undoes: {entry.undoes}" if entry.undoes else ""
        lines = [f"{entry.day} {'!' if entry.pending else '*'}{code} {entry.text}{tag}"]
        lines += [f"    {leg.account}  {_amount(leg, digits)}" for leg in entry.legs]
        return "\n".join(lines) + "\n\n"

    def balances(self, day: date, legs: Iterable[Leg], digits: Mapping[str, int]) -> str:
        lines = [f"{day} * balances"]
        for leg in legs:
            nothing = _amount(Leg(leg.account, 0, leg.commodity), digits)
            lines.append(f"    {leg.account}  {nothing} = {_amount(leg, digits)}")
        return "\n".join(lines) + "\n\n"


class Beancount:
    """beancount 3."""

    def head(self, title: str, digits: Mapping[str, int], since: date) -> str:
        lines = [f'option "title" "{title}"']
        lines += [f"{since} commodity {commodity}" for commodity in digits]
        return "\n".join(lines) + "\n\n"

    def account(self, name: str, since: date) -> str:
        return f"{since} open {name}\n"

    def entry(self, entry: Entry, digits: Mapping[str, int]) -> str:
        links = "".join(f" ^{each}" for each in (entry.id, entry.undoes) if each)
        lines = [f'{entry.day} {"!" if entry.pending else "*"} "{entry.text}"{links}']
        lines += [f"  {leg.account}  {_amount(leg, digits)}" for leg in entry.legs]
        return "\n".join(lines) + "\n\n"

    def balances(self, day: date, legs: Iterable[Leg], digits: Mapping[str, int]) -> str:
        # It looks at the beginning of the day that is named.
        morning = day + timedelta(days=1)
        lines = [f"{morning} balance {leg.account}  {_amount(leg, digits)}" for leg in legs]
        return "\n".join(lines) + "\n\n"


DIALECTS: Mapping[Form, Dialect] = {"hledger": Hledger(), "beancount": Beancount()}


def _amount(leg: Leg, digits: Mapping[str, int]) -> str:
    return f"{decimal(leg.amount, digits[leg.commodity])} {leg.commodity}"
