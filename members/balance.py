"""What a partner may learn of a balance: that a member can pay, or, when shared, every lot."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.store
from exchange.errors import MemberNotFound


def balance(
    session: Session, *, party: int, member: UUID, asked: int | None, now: datetime
) -> dict[str, Any]:
    """Facts of the wallet, as far as the member lets this partner see them.

    Without the member's consent there is one fact: whether `asked` points could be paid. Other
    brands are never named: a lot is the partner's own or it is not. Raises MemberNotFound.
    """
    link = exchange.store.find_link(session, party, member)
    if link is None:
        raise MemberNotFound
    today = exchange.store.today(session, now)
    lots = exchange.store.lots(session, link["wallet_id"], today)
    live = [lot for lot in lots if lot["expires_on"] >= today]
    spendable = sum(lot["available"] for lot in live if lot["spendable_from"] is None)
    facts: dict[str, Any] = {"member": str(member)}
    if asked is not None:
        facts["can_pay"] = spendable >= asked
    if link["shares_balance"]:
        facts |= {
            "available": spendable,
            "held": sum(lot["held"] for lot in lots),
            "pending": sum(lot["available"] for lot in live if lot["spendable_from"] is not None),
            "lots": [
                {
                    "own": lot["issuer_id"] == party,
                    "points": lot["available"],
                    "held": lot["held"],
                    "expires_on": lot["expires_on"].isoformat(),
                    "spendable_from": lot["spendable_from"] and lot["spendable_from"].isoformat(),
                }
                for lot in live
            ],
        }
    return facts
