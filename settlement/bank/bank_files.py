"""Reading camt.053, whatever its version: elements by their local names, amounts to the unit.

A file of a bank is still a stranger's: no document type is read, so there are no entities to
expand and nothing to fetch, and whatever does not add up is refused whole.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final, Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from settlement.bank import amounts
from settlement.bank.errors import (
    BankFileCurrencyUnknown,
    BankFileDoesNotAddUp,
    BankFileMalformed,
)

MOST_BYTES: Final = 32 * 1024 * 1024
_TEXT: Final = 500  # Letters kept of a name or a text.


@dataclass(frozen=True, kw_only=True, slots=True)
class Booked:
    """One transaction of an account: a positive amount of minor units, and who and what for."""

    direction: Literal["in", "out"]
    amount: int
    booked_on: date
    end_to_end: str | None
    reference: str | None  # The bank's own.
    counterparty: str | None
    counterparty_account: str | None
    remittance: str | None
    returned: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountStatement:
    """One statement of one account. Balances are in minor units, negative when overdrawn."""

    number: str
    account: str
    currency: str
    opening: int
    closing: int
    entries: tuple[Booked, ...]

    @property
    def content(self) -> bytes:
        """SHA-256 of what it says, so that the same statement is known in another envelope."""
        plain = json.dumps(asdict(self), default=str, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode()).digest()


def read(document: bytes) -> list[AccountStatement]:
    """The statements in a camt.053, of which there is at least one.

    Raises BankFileMalformed, BankFileCurrencyUnknown, BankFileDoesNotAddUp.
    """
    if len(document) > MOST_BYTES:
        raise BankFileMalformed(f"The file has more than {MOST_BYTES} bytes.")
    parser = _Parser(forbid_dtd=True)
    try:
        parser.feed(document)
        root = parser.close()
    except ParseError as error:
        line, column = error.position
        raise BankFileMalformed(
            "The file is no XML, or has a document type.", line=line, column=column + 1
        ) from error
    except (DefusedXmlException, LookupError, ValueError) as error:
        raise BankFileMalformed("The file is no XML, or has a document type.") from error
    body = _child(root, "BkToCstmrStmt") if _name(root) == "Document" else None
    found = [] if body is None else [_statement(each) for each in _children(body, "Stmt")]
    if not found:
        raise _malformed("BkToCstmrStmt/Stmt", root)
    return found


class _Parser(DefusedXMLParser):
    """Notes at each element where in the file it begins, for whoever must look for it."""

    def _start(self, tag: str, attributes: list[str]) -> Element:
        element: Element = super()._start(tag, attributes)
        element.line = self.parser.CurrentLineNumber  # type: ignore[attr-defined]
        element.column = self.parser.CurrentColumnNumber + 1  # type: ignore[attr-defined]
        return element


def _malformed(where: str, element: Element) -> BankFileMalformed:
    """What was expected in this element, or below it."""
    return BankFileMalformed(where=where, line=element.line, column=element.column)  # type: ignore[attr-defined]


def _statement(element: Element) -> AccountStatement:
    account = _text(element, "Acct/Id/IBAN") or _text(element, "Acct/Id/Othr/Id")
    balances = {_text(each, "Tp/CdOrPrtry/Cd"): each for each in _children(element, "Bal")}
    first, last = balances.get("OPBD", balances.get("PRCD")), balances.get("CLBD")
    number = _text(element, "Id")
    if number is None:
        raise _malformed("Stmt/Id", element)
    if account is None:
        raise _malformed("Stmt/Acct/Id", element)
    if first is None or last is None:
        raise _malformed("Stmt/Bal", element)
    currency = _text(element, "Acct/Ccy") or _amount_element(last).get("Ccy") or ""
    statement = AccountStatement(
        number=number,
        account=_plain(account),
        currency=currency,
        opening=_signed(first, currency),
        closing=_signed(last, currency),
        entries=tuple(
            booked
            for entry in _children(element, "Ntry")
            if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) == "BOOK"
            for booked in _entry(entry, currency)
        ),
    )
    came = sum(e.amount if e.direction == "in" else -e.amount for e in statement.entries)
    if statement.opening + came != statement.closing:
        raise BankFileDoesNotAddUp(
            statement=statement.number, off_by=statement.closing - statement.opening - came
        )
    return statement


def _entry(entry: Element, currency: str) -> Iterator[Booked]:
    """The transactions of an entry; the entry itself where the bank tells of none."""
    whole = _signed(entry, currency)
    day = _text(entry, "BookgDt/Dt") or (_text(entry, "BookgDt/DtTm") or "")[:10]
    try:
        booked_on = date.fromisoformat(day)
    except ValueError as error:
        raise _malformed("Ntry/BookgDt", entry) from error
    details = [
        each for group in _children(entry, "NtryDtls") for each in _children(group, "TxDtls")
    ]
    parts = [_part(each, currency, whole) for each in details] if len(details) > 1 else [whole]
    if sum(parts) != whole:
        raise BankFileDoesNotAddUp(entry=_text(entry, "AcctSvcrRef"), off_by=whole - sum(parts))
    for part, detail in zip(parts, details or [entry], strict=True):
        if part:
            yield _booked(entry, detail, part, booked_on)


def _booked(entry: Element, detail: Element, signed: int, booked_on: date) -> Booked:
    returned = _text(entry, "RvslInd") == "true" or _child(detail, "RtrInf") is not None
    # Money that comes in was sent by the debtor. What a return brings back was sent to the
    # creditor of the first transfer, and banks go on calling it so.
    side = "Dbtr" if (signed > 0) != returned else "Cdtr"
    named = _text(detail, "Refs/EndToEndId")
    texts = [each.text or "" for each in _children(_child(detail, "RmtInf"), "Ustrd")]
    texts += [_text(detail, "RmtInf/Strd/CdtrRefInf/Ref") or "", _text(entry, "AddtlNtryInf") or ""]
    account = f"RltdPties/{side}Acct/Id"
    number = _text(detail, f"{account}/IBAN") or _text(detail, f"{account}/Othr/Id")
    return Booked(
        direction="in" if signed > 0 else "out",
        amount=abs(signed),
        booked_on=booked_on,
        end_to_end=None if named == "NOTPROVIDED" else named,
        reference=_text(detail, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef"),
        counterparty=_text(detail, f"RltdPties/{side}/Pty/Nm")
        or _text(detail, f"RltdPties/{side}/Nm"),
        counterparty_account=number and _plain(number),
        remittance=" ".join(filter(None, texts))[:_TEXT] or None,
        returned=returned,
    )


def _part(detail: Element, currency: str, whole: int) -> int:
    """The signed amount of one of several transactions; without a sign of its own, its entry's."""
    where = detail if _child(detail, "Amt") is not None else _child(detail, "AmtDtls/TxAmt")
    if where is None:
        raise _malformed("TxDtls/Amt", detail)
    if _child(detail, "CdtDbtInd") is not None:
        return _sign(detail) * _amount(where, currency)
    return (1 if whole > 0 else -1) * _amount(where, currency)


def _signed(element: Element, currency: str) -> int:
    return _sign(element) * _amount(element, currency)


def _sign(element: Element) -> int:
    sign = {"CRDT": 1, "DBIT": -1}.get(_text(element, "CdtDbtInd") or "")
    if sign is None:
        raise _malformed(f"{_name(element)}/CdtDbtInd", element)
    return sign


def _amount(element: Element, currency: str) -> int:
    found = _amount_element(element)
    if found.get("Ccy") != currency:
        raise BankFileCurrencyUnknown(currency=found.get("Ccy"), account=currency)
    try:
        return amounts.from_text((found.text or "").strip(), currency)
    except ValueError as error:
        raise _malformed(f"{_name(element)}/Amt", element) from error


def _amount_element(element: Element) -> Element:
    found = _child(element, "Amt")
    if found is None:
        raise _malformed(f"{_name(element)}/Amt", element)
    return found


def _plain(account: str) -> str:
    return account.replace(" ", "").upper()


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Element | None, name: str) -> list[Element]:
    return [] if element is None else [each for each in element if _name(each) == name]


def _child(element: Element | None, path: str) -> Element | None:
    for name in path.split("/"):
        element = next(iter(_children(element, name)), None)
    return element


def _text(element: Element, path: str) -> str | None:
    found = _child(element, path)
    text = (found.text or "").strip() if found is not None else ""
    return text[:_TEXT] or None
