"""A bank to try the hub with: takes payment files, and says in camt.053 what came of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import fromstring

from settlement.bank import amounts

CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


@dataclass(frozen=True, kw_only=True, slots=True)
class Transaction:
    """Money in or out of the hub's account: a positive amount of minor units."""

    direction: Literal["in", "out"]
    amount: int
    end_to_end: str | None = None
    counterparty: str | None = None
    account: str | None = None  # The counterparty's.
    remittance: str | None = None
    returned: bool = False
    booked: bool = True  # Else the bank only expects it.
    booked_on: date | None = None  # The statement's day, unless said otherwise.

    @property
    def signed(self) -> int:
        return self.amount if self.direction == "in" else -self.amount


def orders(document: bytes) -> list[Transaction]:
    """What a pain.001 or pain.008 asks for, as done."""
    root = fromstring(document, forbid_dtd=True)
    space = {"p": root.tag[1:].partition("}")[0]}
    collects = space["p"].endswith("pain.008.001.08")
    side = "Dbtr" if collects else "Cdtr"
    found = []
    for each in root.iterfind(".//p:DrctDbtTxInf" if collects else ".//p:CdtTrfTxInf", space):
        amount = each.find(".//p:InstdAmt", space)
        if amount is None or amount.text is None:
            raise ValueError("a payment without an amount")
        account = f"p:{side}Acct/p:Id/"
        found.append(
            Transaction(
                direction="in" if collects else "out",
                amount=amounts.from_text(amount.text, amount.attrib["Ccy"]),
                end_to_end=each.findtext("p:PmtId/p:EndToEndId", None, space),
                counterparty=each.findtext(f"p:{side}/p:Nm", None, space),
                account=each.findtext(f"{account}p:IBAN", None, space)
                or each.findtext(f"{account}p:Othr/p:Id", None, space),
                remittance=each.findtext("p:RmtInf/p:Ustrd", None, space),
            )
        )
    return found


def statement(
    transactions: Sequence[Transaction],
    *,
    number: str,
    account: str,
    currency: str,
    on: date,
    opening: int = 0,
    batches: Iterable[Sequence[Transaction]] = (),
    namespace: str = CAMT,
) -> bytes:
    """A camt.053 of one account for one day; each batch is one entry with its details."""
    root = Element("Document", xmlns=namespace)
    body = SubElement(root, "BkToCstmrStmt")
    header = SubElement(body, "GrpHdr")
    _put(header, "MsgId", f"M-{number}")
    _put(header, "CreDtTm", f"{on.isoformat()}T20:00:00Z")
    found = SubElement(body, "Stmt")
    _put(found, "Id", number)
    _put(found, "CreDtTm", f"{on.isoformat()}T20:00:00Z")
    box = SubElement(found, "Acct")
    _account(SubElement(box, "Id"), account)
    _put(box, "Ccy", currency)
    groups = [*([each] for each in transactions), *batches]
    came = sum(each.signed for group in groups for each in group if each.booked)
    for code, balance in (("OPBD", opening), ("CLBD", opening + came)):
        _balance(found, code, balance, currency, on)
    for count, group in enumerate(groups, start=1):
        _entry(found, group, f"{number}/{count}", currency, on, _old(namespace))
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _old(namespace: str) -> bool:
    """In version 2 a name stands in the party itself and a state is a word; from 8 on, deeper."""
    return namespace.endswith(".02")


def _balance(parent: Element, code: str, balance: int, currency: str, on: date) -> None:
    box = SubElement(parent, "Bal")
    _put(SubElement(SubElement(box, "Tp"), "CdOrPrtry"), "Cd", code)
    _amount(box, balance, currency)
    _put(SubElement(box, "Dt"), "Dt", on.isoformat())


def _entry(
    parent: Element,
    group: Sequence[Transaction],
    reference: str,
    currency: str,
    on: date,
    old: bool,
) -> None:
    box = SubElement(parent, "Ntry")
    first = group[0]
    _amount(box, sum(each.signed for each in group), currency, first.returned)
    state = SubElement(box, "Sts")
    word = "BOOK" if first.booked else "PDNG"
    if old:
        state.text = word
    else:
        _put(state, "Cd", word)
    _put(SubElement(box, "BookgDt"), "Dt", (first.booked_on or on).isoformat())
    _put(box, "AcctSvcrRef", reference)
    _put(SubElement(SubElement(box, "BkTxCd"), "Prtry"), "Cd", "PMNT")
    details = SubElement(box, "NtryDtls")
    for each in group:
        _details(SubElement(details, "TxDtls"), each, currency, old)


def _details(box: Element, each: Transaction, currency: str, old: bool) -> None:
    _put(SubElement(box, "Refs"), "EndToEndId", each.end_to_end or "NOTPROVIDED")
    if old:
        amount = SubElement(SubElement(SubElement(box, "AmtDtls"), "TxAmt"), "Amt", Ccy=currency)
        amount.text = amounts.as_text(each.amount, currency)
    else:
        _amount(box, each.signed, currency)
    side = "Dbtr" if (each.direction == "in") != each.returned else "Cdtr"
    if each.counterparty or each.account:
        parties = SubElement(box, "RltdPties")
        if each.counterparty:
            party = SubElement(parties, side)
            _put(party if old else SubElement(party, "Pty"), "Nm", each.counterparty)
        if each.account:
            _account(SubElement(SubElement(parties, f"{side}Acct"), "Id"), each.account)
    if each.remittance:
        _put(SubElement(box, "RmtInf"), "Ustrd", each.remittance)


def _account(parent: Element, account: str) -> None:
    if account[:2].isalpha():
        _put(parent, "IBAN", account)
    else:
        _put(SubElement(parent, "Othr"), "Id", account)


def _amount(parent: Element, signed: int, currency: str, returned: bool = False) -> None:
    amount = SubElement(parent, "Amt", Ccy=currency)
    amount.text = amounts.as_text(abs(signed), currency)
    _put(parent, "CdtDbtInd", "CRDT" if signed >= 0 else "DBIT")
    if returned:
        _put(parent, "RvslInd", "true")


def _put(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text
