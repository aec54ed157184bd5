"""A family purse: one wallet, several people who pay from it, each with a limit a day.

It is paid from by payment codes alone, which name who showed them. A member's limit is counted in
what those codes took today, under the lock of the purse's wallet: the books take the same lock
when a code is used.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from members.giving import store
from members.giving.errors import PurseNotFound
from members.secrets import Secrets


@dataclass(frozen=True, kw_only=True, slots=True)
class PurseChoice:
    """A purse that a person may pay from. `left_today` is what the limit leaves, in points;
    `available` what the purse has."""

    purse: UUID
    wallet: int
    name: str
    left_today: int
    available: int


def spendable(
    session: Session, person: UUID, *, secrets_: Secrets, now: datetime
) -> list[PurseChoice]:
    """The purses this person may show codes of; none while the person's own wallet is frozen."""
    if _is_frozen(session, person):
        return []
    return [
        PurseChoice(
            purse=row["id"],
            wallet=row["wallet_id"],
            name=name_of(row["sealed"], secrets_),
            left_today=_left(session, row, person, now),
            available=store.spendable(session, row["wallet_id"], now),
        )
        for row in store.purses_of(session, person)
    ]


def allowance(session: Session, purse: UUID, person: UUID, now: datetime) -> int:
    """Points that a code shown by this person may be good for, now. Raises PurseNotFound.

    Call it with the purse's wallet locked (`exchange.store.lock_wallet`), after the person's older
    code was ended and before the new one is made; the code's `spender` is the person. It is the
    limit less what this person's codes took today; for whoever opened the purse, all that is in
    it; nothing while the person's own wallet is frozen.
    """
    row = store.purse_of(session, purse, person)
    if row is None:
        raise PurseNotFound
    return 0 if _is_frozen(session, person) else _left(session, row, person, now)


def _left(session: Session, row: store.Row, person: UUID, now: datetime) -> int:
    if row["daily_limit"] is None:
        return store.spendable(session, row["wallet_id"], now)
    used = store.used_today(session, row["wallet_id"], person, now)
    return max(0, row["daily_limit"] - used)


def _is_frozen(session: Session, person: UUID) -> bool:
    row = store.person(session, person)
    return row is None or row["frozen"]


def name_of(sealed: dict[str, str] | None, secrets_: Secrets) -> str:
    """The purse's name; nothing once it is forgotten."""
    return "" if sealed is None else str(secrets_.unseal(sealed)["name"])
