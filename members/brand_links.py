"""What a member lets each brand do: looked at, changed and withdrawn by the member alone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exchange import links
from exchange.errors import MemberNotFound
from members import enrolment
from members.enrolment import Sees


@dataclass(frozen=True, kw_only=True, slots=True)
class BrandLink:
    """A brand's link to the member's wallet: what it sees, and may spend a day by itself."""

    id: UUID
    party: int
    sees: Sees
    daily_limit: int
    spent_today: int
    since: datetime
    last_used_at: datetime | None


def every(session: Session, wallet: int) -> list[BrandLink]:
    """The links of a wallet, by party."""
    return [
        BrandLink(
            id=row["id"],
            party=row["party_id"],
            sees=(
                "balance" if row["shares_balance"] else "answers" if row["answers"] else "nothing"
            ),
            daily_limit=row["daily_limit"],
            spent_today=row["spent_today"],
            since=row["linked_at"],
            last_used_at=row["last_used_at"],
        )
        for row in links.of_wallet(session, wallet)
    ]


def change(session: Session, *, wallet: int, party: int, sees: Sees, daily_limit: int) -> None:
    """From now on the brand sees this and may spend so much a day. Raises MemberNotFound."""
    links.set_consent(
        session,
        wallet=wallet,
        link=_id(session, wallet, party),
        daily_limit=daily_limit,
        shares_balance=sees == "balance",
        answers=sees != "nothing",
    )


def withdraw(session: Session, *, wallet: int, party: int) -> None:
    """The brand may do nothing any more in the wallet. Raises MemberNotFound."""
    enrolment.unlink(session, party=party, member=_id(session, wallet, party))


def _id(session: Session, wallet: int, party: int) -> UUID:
    found = next((one.id for one in every(session, wallet) if one.party == party), None)
    if found is None:
        raise MemberNotFound
    return found
