"""One-time payment codes: 18 digits that a member shows at a till, good for a minute and one use.

They begin with 80, on which no other payment scheme's tills route. The database keeps a keyed
digest alone; a wrong code costs the partner that tried it one of its few guesses a minute.
Where a partner asks for the code, in an app of its own that the member is signed in to, the code is
good at every till but that partner's: there, the member's mandate decides.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.store
from exchange.errors import MemberNotFound
from members.secrets import Secrets

CODE_VALID = timedelta(seconds=60)
PURPOSE = "payment-code"
_PREFIX = "80"
_DIGITS = 16


def payment_code(
    session: Session,
    *,
    party: int,
    member: UUID,
    max_points: int,
    secrets_: Secrets,
    now: datetime,
) -> tuple[str, datetime]:
    """A fresh code for at most `max_points`, and until when. Raises MemberNotFound."""
    row = exchange.store.find_link(session, party, member)
    if row is None:
        raise MemberNotFound
    expires_at = now + CODE_VALID
    while True:
        code = f"{_PREFIX}{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
        if exchange.store.insert_payment_code(
            session,
            {
                "digest": secrets_.digest(PURPOSE, code),
                "wallet": row["wallet_id"],
                "max_points": max_points,
                "asked_by": party,
                "expires_at": expires_at,
            },
        ):
            return code, expires_at


def digest(secrets_: Secrets, code: str) -> str:
    """The digest of a code as an order carries it: hexadecimal."""
    return secrets_.digest(PURPOSE, code).hex()
