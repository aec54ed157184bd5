"""Where each party pays from and is paid to. Changing it is how money is stolen: two people do."""

import re
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from kit.ids import uuid7
from settlement.bank import store
from settlement.bank.errors import BankAccountInvalid
from settlement.statements import BankDetails


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account of a party in one currency, and the mandate to collect from it, if it gave one."""

    party: int
    currency: str
    valid_from: date
    name: str
    account: str  # An IBAN, or whatever else the bank calls it; no blanks.
    bank: str
    bank_code: str
    bic: str | None
    mandate: str | None
    mandate_on: date | None

    @property
    def is_iban(self) -> bool:
        return bool(_IBAN.fullmatch(self.account))

    @property
    def details(self) -> BankDetails:
        return BankDetails(
            name=self.name,
            account=self.account,
            bank=self.bank,
            bank_code=self.bank_code or self.bic or "",
        )


def of_content(content: dict[str, Any]) -> Account:
    """The account that a proposal speaks of; there its days are text."""
    given = dict(content)
    for name in ("valid_from", "mandate_on"):
        given[name] = given[name] and date.fromisoformat(given[name])
    return Account(**given)


def check(account: Account) -> Account:
    """The account with the blanks of its numbers removed. Raises BankAccountInvalid."""
    tidy = replace(
        account,
        name=account.name.strip(),
        bank=account.bank.strip(),
        account=_plain(account.account),
        bank_code=_plain(account.bank_code),
        bic=_plain(account.bic) if account.bic else None,
    )
    for field, right in {
        "currency": re.fullmatch("[A-Z]{3}", tidy.currency),
        "name": _is_text(tidy.name, 140),
        "account": _is_account(tidy.account),
        "bank": _is_text(tidy.bank, 140),
        "bank_code": tidy.bank_code == "" or re.fullmatch("[0-9A-Z]{1,28}", tidy.bank_code),
        "bic": tidy.bic is None or _BIC.fullmatch(tidy.bic),
        "mandate": tidy.mandate is None or re.fullmatch("[0-9A-Za-z.-]{1,35}", tidy.mandate),
        "mandate_on": (tidy.mandate is None) == (tidy.mandate_on is None),
    }.items():
        if not right:
            raise BankAccountInvalid(field=field)
    if tidy.bic is None and not tidy.bank_code:
        raise BankAccountInvalid(field="bank_code")
    return tidy


def enact(session: Session, account: Account, *, proposal: UUID, now: datetime) -> None:
    """Two people agreed to it. Raises BankAccountInvalid."""
    store.insert_account(session, uuid7(), asdict(check(account)), proposal, now)


def in_force(session: Session, day: date) -> dict[tuple[int, str], Account]:
    """The account of each party and currency on that day: of several, the one agreed last."""
    rows = store.accounts_on(session, day)
    return {(row["party"], row["currency"]): Account(**row) for row in rows}


def ever(session: Session) -> dict[tuple[int, str], set[str]]:
    """Every account number that a party ever agreed to, by party and currency."""
    found: dict[tuple[int, str], set[str]] = {}
    for row in store.account_numbers(session):
        found.setdefault((row["party"], row["currency"]), set()).add(row["account"])
    return found


def details(session: Session, currency: str | None = None) -> dict[int, BankDetails]:
    """Where each party is paid today, by party; the hub is 1.

    Of accounts in several currencies, the one in `currency`, else in the first that was agreed.
    """
    return {
        row["party"]: BankDetails(**{name: row[name] for name in BankDetails.__slots__})
        for row in store.main_accounts(session, currency)
    }


_IBAN: Final = re.compile("[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}")
_BIC: Final = re.compile("[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")


def _plain(text: str) -> str:
    return re.sub(r"\s", "", text).upper()


def _is_text(text: str, most: int) -> bool:
    return 0 < len(text) <= most and text.isprintable()


def _is_account(account: str) -> bool:
    """An IBAN proves itself by its check digits; any other number can only look like one."""
    if re.fullmatch("[A-Z]{2}[0-9]{2}.*", account):
        return bool(_IBAN.fullmatch(account)) and _checksum(account) == 1
    return bool(re.fullmatch("[0-9A-Z-]{5,34}", account))


def _checksum(iban: str) -> int:
    """ISO 13616: the first four letters last, letters as numbers from 10, modulo 97."""
    return int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97
