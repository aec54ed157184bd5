"""Passkeys: discoverable ones, with the user verified; the library checks, the rules are here.

A challenge is random, used once, and only by the session and for the act that it was made for.
"""

import struct
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kit.ids import uuid7
from kit.secrets import Secrets
from members.notices.telling import notify
from members.people import store
from members.people.numbers import masked
from members.people.persons import key_of
from members.people.sealing import PersonKey
from members.trust import standing

VALID: Final = timedelta(minutes=5)  # for a challenge
MOST: Final = 10  # passkeys of one person
LONGEST: Final = 16_384  # characters of what a browser answers

Purpose = Literal["sign-in", "prove"]

# What the library lets through when a browser's answer is no such thing at all.
_MALFORMED: Final = (
    WebAuthnException,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Site:
    """Whom passkeys are for: the origin of the pages."""

    origin: str

    @property
    def host(self) -> str:
        """The relying party's id."""
        return urlsplit(self.origin).hostname or ""


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
    allowed = [
        PublicKeyCredentialDescriptor(id=row["credential"])
        for row in (store.passkeys_of(session, person) if person else ())
    ]
    options = generate_authentication_options(
        rp_id=site.host,
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _expect(session, secrets_, options.challenge, purpose, for_session, now)
    return str(options_to_json(options))


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
    if len(credential) > LONGEST:
        return None
    try:
        parsed = parse_authentication_credential_json(credential)
        challenge = parse_client_data_json(parsed.response.client_data_json).challenge
    except _MALFORMED:
        return None
    if not _was_expected(session, secrets_, challenge, purpose, for_session, now):
        return None
    row = store.lock_credential(session, parsed.raw_id)
    if row is None:
        return None
    handle = parsed.response.user_handle
    if handle is not None and handle != row["person_id"].bytes:
        return None
    try:
        verified = verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row["public_key"],
            credential_current_sign_count=row["sign_count"],
            require_user_verification=True,
        )
    except _MALFORMED:
        return None
    store.use_passkey(session, row["id"], verified.new_sign_count, now)
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
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=hub,
        user_id=person.bytes,
        user_name=masked(known.phone),
        user_display_name=known.name or masked(known.phone),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=one["credential"])
            for one in store.passkeys_of(session, person)
        ],
    )
    _expect(session, secrets_, options.challenge, "add", for_session, now)
    return str(options_to_json(options))


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
    if len(credential) > LONGEST:
        return None
    try:
        parsed = parse_registration_credential_json(credential)
        challenge = parse_client_data_json(parsed.response.client_data_json).challenge
    except _MALFORMED:
        return None
    if not _was_expected(session, secrets_, challenge, "add", for_session, now):
        return None
    try:
        verified = verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _MALFORMED:
        return None
    store.lock_person(session, person)
    if len(store.passkeys_of(session, person)) >= MOST:
        return None
    added = uuid7()
    key = _key(session, secrets_, person)
    values: dict[str, Any] = {
        "id": added,
        "person": person,
        "credential": verified.credential_id,
        "public_key": verified.credential_public_key,
        "sign_count": verified.sign_count,
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
    return secrets_.digest("challenge", bytes_to_base64url(challenge))


def _key(session: Session, secrets_: Secrets, person: UUID) -> PersonKey:
    row = store.person(session, person)
    if row is None:
        raise LookupError(person)
    return key_of(secrets_, row)


def _name_of(passkey: UUID) -> str:
    return f"passkey {passkey.hex}"
