"""What somebody who helps members may look up: whose wallet a token is of, and what is in it.

Nothing here opens a name or a number; that is `members.people.persons`, and is asked for apart.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_FACTS = """
    SELECT m.id AS member, m.wallet_id AS wallet, w.frozen, m.enrolled_at,
           p.id AS person, p.erased_at
    FROM members.member m
    JOIN exchange.wallet w ON w.id = m.wallet_id
    LEFT JOIN members.person p ON p.member_id = m.id
    WHERE m.wallet_id = :wallet
"""


@dataclass(frozen=True, slots=True)
class Supported:
    """A member as support sees one; `person` is None where nobody signs in for it."""

    member: UUID
    wallet: int
    frozen: bool
    person: UUID | None
    erased: bool


def by_link(session: Session, link: UUID) -> Supported | None:
    """The member whom some partner knows by this id."""
    wallet = session.execute(
        text("SELECT wallet_id FROM exchange.link WHERE id = :id"), {"id": link}
    ).scalar_one_or_none()
    return None if wallet is None else of_wallet(session, wallet)


def links_of_journal(session: Session, journal: UUID) -> UUID | None:
    """A link of the wallet that a journal moved: the one at its own party, where there is one."""
    return session.execute(
        text(
            "SELECT l.id FROM exchange.journal j JOIN exchange.link l ON l.wallet_id = j.wallet_id"
            " WHERE j.id = :id ORDER BY l.party_id = j.party_id DESC, l.id LIMIT 1"
        ),
        {"id": journal},
    ).scalar_one_or_none()


def links_of_receipt(session: Session, reference: str) -> list[UUID]:
    """A link for each sale with this receipt number, of whatever partner; twenty at the most."""
    rows = session.execute(
        text(
            "SELECT DISTINCT l.id FROM exchange.party p"
            " CROSS JOIN unnest(ARRAY['accrual', 'import', 'redemption', 'capture']) AS k (kind)"
            " JOIN exchange.journal j ON j.party_id = p.id AND j.kind = k.kind"
            "  AND j.reference = :reference"
            " JOIN exchange.link l ON l.wallet_id = j.wallet_id AND l.party_id = j.party_id"
            " LIMIT 20"
        ),
        {"reference": reference},
    )
    return list(rows.scalars())


def of_wallet(session: Session, wallet: int) -> Supported | None:
    """The member who has this wallet."""
    row = session.execute(text(_FACTS), {"wallet": wallet}).mappings().one_or_none()
    if row is None:
        return None
    return Supported(
        row["member"], row["wallet"], row["frozen"], row["person"], row["erased_at"] is not None
    )
