"""Acts on bank accounts and what the bank says."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from settlement.bank import accounts, importing
from staff.approvals import Proposal
from web.enactments.acts import Act


def _account(session: Session, decided: Proposal, now: datetime) -> str:
    account = accounts.of_content(decided.content)
    accounts.enact(session, account, proposal=decided.id, now=now)
    return f"account {account.account} ({account.currency}) from {account.valid_from}"


def _match(session: Session, decided: Proposal, now: datetime) -> str:
    due = importing.match_by_hand(
        session,
        entry=UUID(decided.content["entry"]),
        payment=decided.content["payment"],
        proposal=decided.id,
        now=now,
    )
    return f"entry matched to {due.end_to_end}"


def _confirmation(session: Session, decided: Proposal, now: datetime) -> str:
    due = importing.confirm_by_hand(
        session,
        payment=decided.content["payment"],
        received_on=date.fromisoformat(decided.content["received_on"]),
        proposal=decided.id,
        now=now,
    )
    return f"payment {due.end_to_end} confirmed"


ACTS: dict[str, Act] = {
    "bank-account": _account,
    "bank-match": _match,
    "payment-confirmation": _confirmation,
}
