"""A bank account that two people agreed to, without the typing."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from settlement.bank import accounts
from settlement.bank.accounts import Account
from staff import approvals, store


def agree_account(
    session: Session, party: int, account: str, *, now: datetime, **other: Any
) -> Account:
    """The account, in yuan and without a mandate unless said otherwise, in force since 2020."""
    values = {
        "currency": "CNY",
        "valid_from": date(2020, 1, 1),
        "name": f"Party {party}",
        "bank": "工商银行",
        "bank_code": "102100099996",
        "bic": None,
        "mandate": None,
        "mandate_on": None,
        **other,
    }
    agreed = accounts.check(Account(party=party, account=account, **values))
    content = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(agreed).items()
    }
    for name in ("mara", "noel"):
        store.insert_operator(session, name, ["finance", "approver"], now)
    proposal = approvals.propose(
        session, kind="bank-account", content=content, reason="contract 7", by="mara", now=now
    )
    approvals.decide(session, proposal=proposal, by="noel", approve=True, now=now)
    accounts.enact(session, agreed, proposal=proposal, now=now)
    return agreed
