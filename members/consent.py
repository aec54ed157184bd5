"""One-time payment codes: 18 digits that a member shows at a till, good for a minute and one use.

They begin with 80, on which no other payment scheme's tills route. The database keeps a keyed
digest alone; a wrong code costs the partner that tried it one of its few guesses a minute.
Where a partner asks for the code, in an app of its own that the member is signed in to, the code is
good at every till but that partner's: there, the member's mandate decides.

On the member's own page there is one live code for each wallet and each person who may show it: a
new one ends the older at once, as if it had never been.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.store
from exchange.errors import MemberNotFound
from kit.ids import uuid7
from kit.secrets import Secrets
from members import store

CODE_VALID = timedelta(seconds=60)
PURPOSE = "payment-code"
_PREFIX = "80"
_DIGITS = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A code on a page; `id` is what the page may ask about it by."""

    id: UUID
    code: str = field(repr=False)
    max_points: int
    expires_at: datetime


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
    values = {"wallet": row["wallet_id"], "max_points": max_points, "asked_by": party}
    code, _ = _draw(session, values, secrets_, now)
    return code, now + CODE_VALID


def end_shown(session: Session, *, wallet: int, person: UUID) -> None:
    """Lock the wallet, and end the code that this person shows of it: no till takes it any more."""
    exchange.store.lock_wallet(session, wallet)
    store.end_shown_code(session, wallet, person)


def show(
    session: Session,
    *,
    wallet: int,
    person: UUID,
    shared: bool,
    max_points: int,
    chosen_limit: int,
    secrets_: Secrets,
    now: datetime,
) -> Shown:
    """A fresh code for the person's own page; call it after `end_shown`.

    Of a `shared` wallet, the code says who showed it.
    """
    spender = person if shared else None
    values = {"wallet": wallet, "max_points": max_points, "spender": spender}
    code, digest = _draw(session, values, secrets_, now)
    shown = Shown(id=uuid7(), code=code, max_points=max_points, expires_at=now + CODE_VALID)
    store.keep_shown_code(
        session,
        {
            "wallet": wallet,
            "person": person,
            "id": shown.id,
            "digest": digest,
            "chosen_limit": chosen_limit,
            "now": now,
        },
    )
    return shown


def _draw(
    session: Session, values: dict[str, Any], secrets_: Secrets, now: datetime
) -> tuple[str, bytes]:
    """A code that nobody has, and its digest."""
    while True:
        code = f"{_PREFIX}{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
        digest = secrets_.digest(PURPOSE, code)
        values |= {"digest": digest, "expires_at": now + CODE_VALID}
        if exchange.store.insert_payment_code(session, values):
            return code, digest


def digest(secrets_: Secrets, code: str) -> str:
    """The digest of a code as an order carries it: hexadecimal."""
    return secrets_.digest(PURPOSE, code).hex()
