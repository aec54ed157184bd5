"""What a partner may learn of a balance: that a member can pay, or, when shared, every lot."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.reading
from exchange.errors import MemberNotFound


def balance(
    session: Session, *, party: int, member: UUID, asked: int | None, now: datetime
) -> dict[str, Any]:
    """Facts of the wallet, as far as the member lets this partner see them.

    Without the member's consent there is one fact: whether `asked` points could be paid; and not
    even that where the member does not want it told. Other
    brands are never named: a lot is the partner's own or it is not. Raises MemberNotFound.
    """
    rows = exchange.reading.wallet(session, party, member, now)
    if not rows:
        raise MemberNotFound
    lots = [row for row in rows if row["issuer_id"] is not None]
    spendable = sum(lot["available"] for lot in lots if lot["spendable_from"] is None)
    facts: dict[str, Any] = {"member": str(member)}
    if asked is not None and (rows[0]["answers"] or rows[0]["shares_balance"]):
        facts["can_pay"] = spendable >= asked
    if rows[0]["shares_balance"]:
        facts |= {
            "available": spendable,
            "held": rows[0]["wallet_held"],
            "pending": sum(lot["available"] for lot in lots if lot["spendable_from"] is not None),
            "lots": [
                {
                    "own": lot["issuer_id"] == party,
                    "points": lot["available"],
                    "held": lot["held"],
                    "expires_on": lot["expires_on"].isoformat(),
                    "spendable_from": lot["spendable_from"] and lot["spendable_from"].isoformat(),
                }
                for lot in lots
            ],
        }
    return facts
