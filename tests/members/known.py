"""Persons in one line, for what does not care how they came to be."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kit.ids import uuid7
from members.people import erasing, persons
from members.trust import standing
from tests.books import LONG_AGO, Books
from tests.members.visitor import SECRETS, next_number


@dataclass(frozen=True, slots=True)
class Known:
    person: UUID
    wallet: int
    number: str


def know(
    books: Books,
    *,
    wallet: int | None = None,
    opened_at: datetime = LONG_AGO,
    language: str | None = "en",
) -> Known:
    """A person with a wallet, as trusted as one without a passkey is after so long."""
    number, member = next_number(), uuid7()
    wallet = books.wallet() if wallet is None else wallet
    books.owner.execute(
        "INSERT INTO members.member (id, wallet_id, enrolled_by, enrolled_at)"
        " VALUES (%s, %s, 1, %s)",
        (member, wallet, opened_at),
    )
    with books.database.transaction() as session:
        person = persons.open_person(
            session, SECRETS, number, member=member, language=language, now=opened_at
        )
        standing.rate(session, [person], datetime.now(UTC))
    return Known(person, wallet, number)


def erase(books: Books, known: Known, now: datetime) -> None:
    with books.database.transaction() as session:
        erasing.erase(session, known.person, now)


def notices(books: Books, known: Known) -> list[Any]:
    """What the person was told, oldest first."""
    return books.rows(
        "SELECT * FROM members.notice WHERE person_id = %s ORDER BY at, id", known.person
    )
