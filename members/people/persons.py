"""Persons: opened by whoever proves a number, one for each number, each with a wallet."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

import exchange.store
import members.store
from kit.ids import uuid7
from kit.secrets import Secrets
from members.people import store
from members.people.numbers import blind_index, masked
from members.people.sealing import Particulars, PersonKey
from members.trust import standing

HUB = 1  # the party that enrols whoever comes by themselves


def find(session: Session, secrets_: Secrets, number: str) -> UUID | None:
    """Who has this number (E.164) now."""
    row = store.person_with(session, blind_index(secrets_, number))
    return None if row is None else row["id"]


def find_or_open(
    session: Session, secrets_: Secrets, number: str, *, language: str, now: datetime
) -> tuple[UUID, bool]:
    """The person of a number that was just proved, and whether they are new: with an empty
    wallet, then."""
    index = blind_index(secrets_, number)
    store.lock_number(session, index)
    row = store.person_with(session, index)
    if row is not None:
        store.verified(session, row["id"], now)
        return row["id"], False
    member = new_member(session, now)
    return open_person(session, secrets_, number, member=member, language=language, now=now), True


def open_person(
    session: Session,
    secrets_: Secrets,
    number: str,
    *,
    member: UUID,
    name: str = "",
    language: str | None = None,
    now: datetime,
) -> UUID:
    """A person who owns this member from now on; nobody must own it, or have the number."""
    person = uuid7()
    key = PersonKey.generate(person)
    store.insert_person(
        session,
        {
            "id": person,
            "member": member,
            "phone_index": blind_index(secrets_, number),
            "sealed": key.seal(Particulars(number, name)),
            "wrapped_key": key.wrap(secrets_),
            "language": language,
            "now": now,
        },
    )
    standing.rate(session, [person], now)
    return person


def new_member(session: Session, now: datetime) -> UUID:
    """A member with an empty wallet, linked to nobody."""
    member = uuid7()
    wallet = exchange.store.insert_wallet(session, now)
    members.store.insert_member(session, {"id": member, "wallet": wallet, "party": HUB, "now": now})
    return member


def particulars(session: Session, secrets_: Secrets, person: UUID) -> Particulars | None:
    """Name and number; None for the erased."""
    return _opened(secrets_, store.person(session, person))


def phone_of(session: Session, secrets_: Secrets, person: UUID) -> str | None:
    """Where messages to this person go (E.164); None for the erased."""
    found = particulars(session, secrets_, person)
    return None if found is None else found.phone


def face(session: Session, secrets_: Secrets, person: UUID) -> str:
    """How others may see a person: by the name given, else the masked number; "" once erased."""
    return faces(session, secrets_, [person])[person]


def faces(session: Session, secrets_: Secrets, persons: Iterable[UUID]) -> dict[UUID, str]:
    """The faces of several."""
    wanted = list(persons)
    shown = dict.fromkeys(wanted, "")
    for row in store.persons(session, wanted):
        found = _opened(secrets_, row)
        if found is not None:
            shown[row["id"]] = found.name or masked(found.phone)
    return shown


def rename(session: Session, secrets_: Secrets, person: UUID, name: str) -> None:
    """Seal another name; "" for none."""
    row = store.lock_person(session, person)
    found = _opened(secrets_, row)
    if row is None or found is None:
        return
    key = key_of(secrets_, row)
    store.seal(session, person, key.seal(Particulars(found.phone, name)))


def key_of(secrets_: Secrets, row: RowMapping) -> PersonKey:
    """The key of a person who is not erased."""
    return PersonKey.unwrap(secrets_, row["id"], row["wrapped_key"])


def _opened(secrets_: Secrets, row: RowMapping | None) -> Particulars | None:
    if row is None or row["erased_at"] is not None:
        return None
    return key_of(secrets_, row).open(row["sealed"])
