"""Passkeys of hub personnel: what they sign, and whose they are.

A challenge is used once, by whom and for what it was made: `holder` is a session's id, a token of
an invitation, or empty before anybody is signed in.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from kit import passkeys
from kit.ids import uuid7
from kit.passkeys import MOST, VALID, Site
from kit.secrets import Secrets
from staff.people import store

Purpose = Literal["sign-in", "prove"]


def to_use(
    session: Session,
    secrets_: Secrets,
    site: Site,
    *,
    purpose: Purpose,
    holder: str,
    operator: int | None,
    now: datetime,
) -> str:
    """What the browser's `navigator.credentials.get` is given, as JSON."""
    own = store.passkeys_of(session, operator) if operator is not None else ()
    options, challenge = passkeys.to_use(site, [row["credential"] for row in own])
    _expect(session, secrets_, challenge, purpose, holder, now)
    return options


def use(
    session: Session,
    secrets_: Secrets,
    site: Site,
    credential: str,
    *,
    purpose: Purpose,
    holder: str,
    now: datetime,
) -> RowMapping | None:
    """The passkey (`operator_id`, `operator` by name, `active`), when all is well with it.

    Commit either way, as the challenge is used.
    """
    said = passkeys.read_use(credential)
    if said is None or not _was_expected(session, secrets_, said.challenge, purpose, holder, now):
        return None
    row = store.lock_credential(session, said.credential)
    if row is None or said.handle not in (None, handle(secrets_, row["operator_id"])):
        return None
    sign_count = passkeys.check_use(
        site, said, public_key=row["public_key"], sign_count=row["sign_count"]
    )
    if sign_count is None:
        return None
    store.use_passkey(session, row["id"], sign_count, now)
    return row


def to_add(
    session: Session,
    secrets_: Secrets,
    site: Site,
    *,
    operator: int,
    name: str,
    holder: str,
    hub: str,
    now: datetime,
) -> str:
    """What the browser's `navigator.credentials.create` is given, as JSON. `hub` is its name."""
    options, challenge = passkeys.to_add(
        site,
        hub=hub,
        handle=handle(secrets_, operator),
        name=name,
        shown=name,
        known=[row["credential"] for row in store.passkeys_of(session, operator)],
    )
    _expect(session, secrets_, challenge, "add", holder, now)
    return options


def add(
    session: Session,
    secrets_: Secrets,
    site: Site,
    credential: str,
    *,
    operator: int,
    holder: str,
    name: str,
    now: datetime,
) -> UUID | None:
    """Add what the browser made; None when it is not what was asked for, or known already."""
    said = passkeys.read_made(credential)
    if said is None or not _was_expected(session, secrets_, said.challenge, "add", holder, now):
        return None
    made = passkeys.check_made(site, said)
    if made is None or len(store.passkeys_of(session, operator)) >= MOST:
        return None
    added = uuid7()
    kept = store.insert_passkey(
        session,
        {
            "id": added,
            "operator": operator,
            "credential": made.credential,
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "name": name,
            "now": now,
        },
    )
    return added if kept else None


def handle(secrets_: Secrets, operator: int) -> bytes:
    """Whom an authenticator knows: nothing that says who it is."""
    return secrets_.digest("staff-passkey", str(operator))


def _expect(
    session: Session, secrets_: Secrets, challenge: bytes, purpose: str, holder: str, now: datetime
) -> None:
    store.insert_challenge(
        session,
        {
            "digest": _digest(secrets_, challenge),
            "purpose": purpose,
            "holder": _holder(secrets_, holder),
            "expires_at": now + VALID,
        },
    )


def _was_expected(
    session: Session, secrets_: Secrets, challenge: bytes, purpose: str, holder: str, now: datetime
) -> bool:
    return store.use_challenge(
        session, _digest(secrets_, challenge), purpose, _holder(secrets_, holder), now
    )


def _digest(secrets_: Secrets, challenge: bytes) -> bytes:
    return passkeys.challenge_digest(secrets_, "staff-challenge", challenge)


def _holder(secrets_: Secrets, holder: str) -> str:
    """Tokens are not kept in clear."""
    return secrets_.digest("staff-challenge-holder", holder).hex() if holder else ""
