"""Persons as rows, for what does not care how they came to be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.ids import uuid7
from tests.books import LONG_AGO, Books


@dataclass(frozen=True, slots=True)
class Known:
    person: UUID
    member: UUID
    wallet: int


def know(
    books: Books,
    *,
    wallet: int | None = None,
    opened_at: datetime = LONG_AGO,
    language: str = "en",
    verified: bool = True,
) -> Known:
    """A person with a member's wallet."""
    made = Known(uuid7(), uuid7(), wallet if wallet is not None else books.wallet())
    books.owner.execute(
        "INSERT INTO members.member (id, wallet_id, enrolled_by, enrolled_at)"
        " VALUES (%s, %s, 1, %s)",
        (made.member, made.wallet, opened_at),
    )
    books.owner.execute(
        "INSERT INTO members.person (id, member_id, language, theme, opened_at, phone_verified_at)"
        " VALUES (%s, %s, %s, 'auto', %s, %s)",
        (made.person, made.member, language, opened_at, opened_at if verified else None),
    )
    return made


def erase(books: Books, known: Known, now: datetime) -> None:
    books.owner.execute(
        "UPDATE members.person SET erased_at = %s WHERE id = %s", (now, known.person)
    )


def notices(books: Books, known: Known) -> list[Any]:
    """What the person was told, oldest first."""
    return books.rows(
        "SELECT * FROM members.notice WHERE person_id = %s ORDER BY at, id", known.person
    )
