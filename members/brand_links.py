"""What a member lets each brand do: looked at, changed and withdrawn by the member alone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.store as exchange_store
from exchange import links
from exchange.errors import MemberNotFound
from members import enrolment, store
from members.enrolment import Sees

LOOKED_AT = 500  # newest journals of a wallet, to say when each brand was last there


@dataclass(frozen=True, kw_only=True, slots=True)
class BrandLink:
    """A brand's link to the member's wallet: what it sees, and may spend a day by itself."""

    id: UUID
    party: int
    sees: Sees
    daily_limit: int
    spent_today: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Uses:
    """When each party last used a wallet; for the others, all that is known is `before`.

    `before` is None where everything was looked at: those parties never used it.
    """

    last: dict[int, datetime]
    before: datetime | None


def every(
    session: Session, *, wallet: int, parties: Collection[int], now: datetime
) -> list[BrandLink]:
    """The links of a wallet to any of these parties, in no order."""
    return [_link(row) for row in store.brand_links(session, wallet, list(parties), now)]


def of(session: Session, *, wallet: int, party: int, now: datetime) -> BrandLink:
    """Raises MemberNotFound where the party is not linked, or no longer."""
    found = every(session, wallet=wallet, parties=[party], now=now)
    if not found:
        raise MemberNotFound
    return found[0]


def uses(session: Session, wallet: int) -> Uses:
    """When the parties last did something in a wallet, as far as its newest movements tell."""
    rows = store.last_uses(session, wallet, LOOKED_AT)
    last: dict[int, datetime] = {}
    for row in rows:
        if row["party_id"] is not None:
            last[row["party_id"]] = max(row["last"], last.get(row["party_id"], row["last"]))
    journals = [row for row in rows if row["source"] == "journal"]
    if sum(row["times"] for row in journals) < LOOKED_AT:
        return Uses(last, None)
    return Uses(last, min(row["first"] for row in journals))


def change(session: Session, *, wallet: int, party: int, sees: Sees, daily_limit: int) -> None:
    """From now on the brand sees this and may spend so much a day. Raises MemberNotFound."""
    links.set_consent(
        session,
        link=_id(session, wallet, party),
        daily_limit=daily_limit,
        shares_balance=sees == "balance",
        answers=sees != "nothing",
    )


def withdraw(session: Session, *, wallet: int, party: int) -> None:
    """The brand may do nothing any more in the wallet. Raises MemberNotFound."""
    enrolment.unlink(session, party=party, member=_id(session, wallet, party))


def _id(session: Session, wallet: int, party: int) -> UUID:
    row = exchange_store.link_of_wallet(session, party, wallet)
    if row is None or not row["active"]:
        raise MemberNotFound
    found: UUID = row["id"]
    return found


def _link(row: Any) -> BrandLink:
    sees: Sees = "balance" if row["shares_balance"] else "answers" if row["answers"] else "nothing"
    return BrandLink(
        id=row["id"],
        party=row["party_id"],
        sees=sees,
        daily_limit=row["daily_limit"],
        spent_today=row["spent_today"],
        since=row["linked_at"],
    )
