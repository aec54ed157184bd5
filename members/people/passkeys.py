"""Passkeys: discoverable ones, with the user verified; the library checks, the rules are here.

A challenge is random, used once, and only by the session and for the act that it was made for.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from kit import passkeys
from kit.ids import uuid7
from kit.passkeys import MOST, VALID, Site
from kit.secrets import Secrets
from members.notices.telling import notify
from members.people import store
from members.people.numbers import masked
from members.people.persons import key_of
from members.people.sealing import PersonKey
from members.trust import standing

Purpose = Literal["sign-in", "prove"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: UUID
    name: str = field(repr=False)
    added_at: datetime
    used_at: datetime | None


def of(session: Session, secrets_: Secrets, person: UUID) -> list[Passkey]:
    """A person's passkeys, in the order in which they were added."""
    rows = store.passkeys_of(session, person)
    key = _key(session, secrets_, person) if rows else None
    return [
        Passkey(
            id=row["id"],
            name=key.open_text(row["sealed_name"], _name_of(row["id"])),
            added_at=row["added_at"],
            used_at=row["used_at"],
        )
        for row in rows
        if key is not None
    ]


def to_use(
    session: Session,
    secrets_: Secrets,
    site: Site,
    *,
    purpose: Purpose,
    for_session: UUID | None,
    person: UUID | None,
    now: datetime,
) -> str:
    """What the browser's `navigator.credentials.get` is given, as JSON."""
    own = store.passkeys_of(session, person) if person else ()
    options, challenge = passkeys.to_use(site, [row["credential"] for row in own])
    _expect(session, secrets_, challenge, purpose, for_session, now)
    return options


def use(
    session: Session,
    secrets_: Secrets,
    site: Site,
    credential: str,
    *,
    purpose: Purpose,
    for_session: UUID | None,
    now: datetime,
) -> UUID | None:
    """Whose passkey it is, when all is well with it; commit either way, as the challenge is used.

    A sign count that does not grow is refused: somebody has a copy.
    """
    said = passkeys.read_use(credential)
    if said is None or not _was_expected(
        session, secrets_, said.challenge, purpose, for_session, now
    ):
        return None
    row = store.lock_credential(session, said.credential)
    if row is None or said.handle not in (None, row["person_id"].bytes):
        return None
    sign_count = passkeys.check_use(
        site, said, public_key=row["public_key"], sign_count=row["sign_count"]
    )
    if sign_count is None:
        return None
    store.use_passkey(session, row["id"], sign_count, now)
    found: UUID = row["person_id"]
    return found


def to_add(
    session: Session,
    secrets_: Secrets,
    site: Site,
    *,
    person: UUID,
    for_session: UUID,
    hub: str,
    now: datetime,
) -> str:
    """What the browser's `navigator.credentials.create` is given, as JSON. `hub` is its name."""
    key = _key(session, secrets_, person)
    row = store.person(session, person)
    if row is None:
        raise LookupError(person)
    known = key.open(row["sealed"])
    options, challenge = passkeys.to_add(
        site,
        hub=hub,
        handle=person.bytes,
        name=masked(known.phone),
        shown=known.name or masked(known.phone),
        known=[one["credential"] for one in store.passkeys_of(session, person)],
    )
    _expect(session, secrets_, challenge, "add", for_session, now)
    return options


def add(
    session: Session,
    secrets_: Secrets,
    site: Site,
    credential: str,
    *,
    person: UUID,
    for_session: UUID,
    name: str,
    now: datetime,
) -> UUID | None:
    """Add what the browser made; None when it is not what was asked for, or known already."""
    said = passkeys.read_made(credential)
    if said is None or not _was_expected(
        session, secrets_, said.challenge, "add", for_session, now
    ):
        return None
    made = passkeys.check_made(site, said)
    if made is None:
        return None
    store.lock_person(session, person)
    if len(store.passkeys_of(session, person)) >= MOST:
        return None
    added = uuid7()
    key = _key(session, secrets_, person)
    values: dict[str, Any] = {
        "id": added,
        "person": person,
        "credential": made.credential,
        "public_key": made.public_key,
        "sign_count": made.sign_count,
        "sealed_name": key.seal_text(name, _name_of(added)),
        "now": now,
    }
    if not store.insert_passkey(session, values):
        return None
    standing.rate(session, [person], now)
    notify(session, person, "passkey-added", now=now)
    return added


def rename(session: Session, secrets_: Secrets, person: UUID, passkey: UUID, name: str) -> bool:
    """False when it is not this person's."""
    if store.find_passkey(session, person, passkey) is None:
        return False
    key = _key(session, secrets_, person)
    store.name_passkey(session, passkey, key.seal_text(name, _name_of(passkey)))
    return True


def remove(session: Session, person: UUID, passkey: UUID, now: datetime) -> bool:
    """From now on it signs nobody in; False when it is not this person's."""
    if not store.delete_passkey(session, person, passkey):
        return False
    standing.rate(session, [person], now)
    notify(session, person, "passkey-removed", now=now)
    return True


def _expect(
    session: Session,
    secrets_: Secrets,
    challenge: bytes,
    purpose: str,
    for_session: UUID | None,
    now: datetime,
) -> None:
    store.insert_challenge(
        session,
        {
            "digest": _digest(secrets_, challenge),
            "session": for_session,
            "purpose": purpose,
            "expires_at": now + VALID,
        },
    )


def _was_expected(
    session: Session,
    secrets_: Secrets,
    challenge: bytes,
    purpose: str,
    for_session: UUID | None,
    now: datetime,
) -> bool:
    return store.use_challenge(session, _digest(secrets_, challenge), purpose, for_session, now)


def _digest(secrets_: Secrets, challenge: bytes) -> bytes:
    return passkeys.challenge_digest(secrets_, "challenge", challenge)


def _key(session: Session, secrets_: Secrets, person: UUID) -> PersonKey:
    row = store.person(session, person)
    if row is None:
        raise LookupError(person)
    return key_of(secrets_, row)


def _name_of(passkey: UUID) -> str:
    return f"passkey {passkey.hex}"
