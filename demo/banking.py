"""The money's way: calendar and accounts agreed by two, files for the bank, and what it answers."""

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from demo import bank
from demo.brands import BRANDS, HOME_CURRENCY
from demo.operator_desk import OperatorDesk
from demo.registration import APPROVER, FX, PROPOSER, SINCE

_REASON = "the coalition begins"
_BY_INVOICE = {"evergreen"}  # Pays its invoice itself: the hub has no mandate to collect.


def agree(desk: OperatorDesk) -> None:
    """A monthly calendar, and an account for everybody; one proposes, another approves."""
    words = ("--every", "month", "--zone", "Asia/Shanghai", "--from", SINCE)
    _agree(desk, "calendar", "propose", *words)
    for number, currency in enumerate((HOME_CURRENCY, *FX), start=1):
        _account(desk, "hub", "Tongbao 通宝", f"62220202001122300{number}", currency)
    for number, brand in enumerate(BRANDS, start=1):
        mandate = ("--mandate", f"M-2017-{number:04d}", "--mandate-on", SINCE)
        may_collect = () if brand.slug in _BY_INVOICE else mandate
        account = f"62170010801000{number:04d}"
        _account(desk, brand.slug, brand.name, account, brand.currency, *may_collect)


def _account(
    desk: OperatorDesk, slug: str, name: str, number: str, currency: str, *words: str
) -> None:
    account = ("--name", name, "--account", number, "--currency", currency)
    place = ("--bank", "工商银行", "--bank-code", "102100099996", "--from", SINCE)
    _agree(desk, "bank", "account", "propose", slug, *account, *place, *words)


def _agree(desk: OperatorDesk, *words: str, reason: str = _REASON) -> None:
    proposed = desk.run(*words, "--as", PROPOSER, "--reason", reason, "--json")
    desk.run("proposals", "approve", proposed["id"], "--as", APPROVER)


def collect_and_pay(desk: OperatorDesk, window: str, folder: Path, on: date) -> None:
    """Approved and paid by two, one of whom did not close it: the bank acts on the files.

    `on` is the day of the bank's answer.
    """
    _agree(desk, "windows", "approve", window, reason="the figures are agreed")
    _agree(desk, "windows", "pay", window, reason="the call day")
    desk.run("bank", "invoice", window, "--to", folder)
    desk.run("bank", "pay", window, "--to", folder)
    for file in _answer(desk, window, folder, on):
        desk.run("bank", "import", file, "--as", APPROVER)


def settle(desk: OperatorDesk, window: str) -> dict[str, Any]:
    """The window is settled, which the hub refuses unless the bank agrees; how each payment went.

    Raises HubFailed.
    """
    desk.run("windows", "settle", window, "--as", PROPOSER)
    shown: dict[str, Any] = desk.run("bank", "show", window, "--json")
    return shown


def _answer(desk: OperatorDesk, window: str, folder: Path, on: date) -> list[Path]:
    """What the bank says of the hub's accounts: orders done, and money from who pays by invoice."""
    done: dict[str, list[bank.Transaction]] = defaultdict(list)
    ordered = set()
    for file in sorted(folder.glob(f"TB-{window}-*.xml")):
        for each in bank.orders(file.read_bytes()):
            done[file.stem[-3:]].append(each)
            ordered.add(each.end_to_end)
    for payment in desk.run("bank", "show", window, "--json")["payments"]:
        if payment["payment"] not in ordered and payment["state"] == "missing":
            done[payment["currency"]].append(_by_invoice(payment))
    accounts = {
        each["currency"]: each["account"]
        for each in desk.run("bank", "account", "list", "hub", "--json")
    }
    files = []
    for currency, transactions in sorted(done.items()):
        file = folder / f"camt053-{window}-{currency}.xml"
        statement = bank.statement(
            transactions,
            number=f"{window}-{currency}",
            account=accounts[currency],
            currency=currency,
            on=on,
        )
        file.write_bytes(statement)
        files.append(file)
    return files


def _by_invoice(payment: dict[str, Any]) -> bank.Transaction:
    """A transfer by a brand, which names the payment as its invoice asks."""
    return bank.Transaction(
        direction="in",
        amount=payment["amount"],
        counterparty=payment["payer"],
        remittance=payment["payment"],
    )
