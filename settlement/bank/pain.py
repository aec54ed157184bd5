"""Writing pain.001.001.09 and pain.008.001.08, element by element in their schemas' order."""

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Final
from xml.etree.ElementTree import Element, ElementTree, SubElement

from kit.clock import rfc3339
from settlement.bank import amounts
from settlement.bank.accounts import Account
from settlement.bank.dues import Due

CREDIT_TRANSFERS: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
DIRECT_DEBITS: Final = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"

Transfer = tuple[Due, Account]  # A payment, and the account at its other end.


def credit_transfers(
    *, message_id: str, own: Account, transfers: Sequence[Transfer], on: date, made_at: datetime
) -> bytes:
    """Ask the bank to pay each of them from the hub's own account on a day."""
    root = Element("Document", xmlns=CREDIT_TRANSFERS)
    message = SubElement(root, "CstmrCdtTrfInitn")
    block = _block(message, message_id, own, transfers, made_at, "TRF")
    _put(SubElement(block, "ReqdExctnDt"), "Dt", on.isoformat())
    _party(block, "Dbtr", own)
    _account(block, "DbtrAcct", own)
    _agent(block, "DbtrAgt", own)
    for due, account in transfers:
        each = SubElement(block, "CdtTrfTxInf")
        _ids(each, due)
        _amount(SubElement(each, "Amt"), due)
        _agent(each, "CdtrAgt", account)
        _party(each, "Cdtr", account)
        _account(each, "CdtrAcct", account)
        _reason(each, due)
    return _bytes(root)


def direct_debits(
    *, message_id: str, own: Account, transfers: Sequence[Transfer], on: date, made_at: datetime
) -> bytes:
    """Ask the bank to collect each of them, under its payer's mandate, on a day."""
    root = Element("Document", xmlns=DIRECT_DEBITS)
    message = SubElement(root, "CstmrDrctDbtInitn")
    block = _block(message, message_id, own, transfers, made_at, "DD")
    _put(SubElement(block, "PmtTpInf"), "SeqTp", "RCUR")
    _put(block, "ReqdColltnDt", on.isoformat())
    _party(block, "Cdtr", own)
    _account(block, "CdtrAcct", own)
    _agent(block, "CdtrAgt", own)
    for due, account in transfers:
        if account.mandate is None or account.mandate_on is None:
            raise ValueError("a payer without a mandate is not collected from")
        each = SubElement(block, "DrctDbtTxInf")
        _ids(each, due)
        _amount(each, due)
        mandate = SubElement(SubElement(each, "DrctDbtTx"), "MndtRltdInf")
        _put(mandate, "MndtId", account.mandate)
        _put(mandate, "DtOfSgntr", account.mandate_on.isoformat())
        _agent(each, "DbtrAgt", account)
        _party(each, "Dbtr", account)
        _account(each, "DbtrAcct", account)
        _reason(each, due)
    return _bytes(root)


def _block(
    message: Element,
    message_id: str,
    own: Account,
    transfers: Sequence[Transfer],
    made_at: datetime,
    method: str,
) -> Element:
    """The header, and the one block of payments, each with its count and control sum."""
    total = amounts.as_text(sum(due.amount for due, _ in transfers), own.currency)
    header = SubElement(message, "GrpHdr")
    _put(header, "MsgId", message_id)
    _put(header, "CreDtTm", rfc3339(made_at))
    _put(header, "NbOfTxs", str(len(transfers)))
    _put(header, "CtrlSum", total)
    _put(SubElement(header, "InitgPty"), "Nm", own.name)
    block = SubElement(message, "PmtInf")
    _put(block, "PmtInfId", message_id)
    _put(block, "PmtMtd", method)
    _put(block, "NbOfTxs", str(len(transfers)))
    _put(block, "CtrlSum", total)
    return block


def _ids(parent: Element, due: Due) -> None:
    ids = SubElement(parent, "PmtId")
    _put(ids, "InstrId", due.end_to_end)
    _put(ids, "EndToEndId", due.end_to_end)


def _amount(parent: Element, due: Due) -> None:
    amount = SubElement(parent, "InstdAmt", Ccy=due.currency)
    amount.text = amounts.as_text(due.amount, due.currency)


def _party(parent: Element, tag: str, account: Account) -> None:
    _put(SubElement(parent, tag), "Nm", account.name)


def _account(parent: Element, tag: str, account: Account) -> None:
    box = SubElement(parent, tag)
    id_ = SubElement(box, "Id")
    if account.is_iban:
        _put(id_, "IBAN", account.account)
    else:
        _put(SubElement(id_, "Othr"), "Id", account.account)
    _put(box, "Ccy", account.currency)


def _agent(parent: Element, tag: str, account: Account) -> None:
    """The bank: by its BIC, by its number in the clearing system (CNAPS in China), by name."""
    bank = SubElement(SubElement(parent, tag), "FinInstnId")
    if account.bic:
        _put(bank, "BICFI", account.bic)
    if account.bank_code:
        member = SubElement(bank, "ClrSysMmbId")
        if account.currency == "CNY" and not account.is_iban:
            _put(SubElement(member, "ClrSysId"), "Cd", "CNAPS")
        _put(member, "MmbId", account.bank_code)
    _put(bank, "Nm", account.bank)


def _reason(parent: Element, due: Due) -> None:
    _put(SubElement(parent, "RmtInf"), "Ustrd", f"{due.end_to_end} {due.window.name}")


def _put(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text


def _bytes(root: Element) -> bytes:
    out = BytesIO()
    ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)
    return out.getvalue() + b"\n"
