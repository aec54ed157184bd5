"""One-time codes: six digits to a number, good for ten minutes, one use and five tries.

Whether somebody has the number is looked up only once a code was right: until then, a known, an
unknown and an erased number take the same path, to the statement.
"""

import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from kit.secrets import Secrets
from members.people import limits, store
from members.people.limits import (
    CODES_FROM_AN_ADDRESS,
    CODES_TO_A_NUMBER,
    GUESSES_AT_A_NUMBER,
    GUESSES_FROM_AN_ADDRESS,
)
from members.people.numbers import blind_index
from members.people.sealing import open_for_hub, seal_for_hub

VALID: Final = timedelta(minutes=10)
PAUSE: Final = timedelta(seconds=60)  # before another code may be sent
TRIES: Final = 5
DIGITS: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Locked:
    """Too many tries; from `until` on there is another."""

    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A code to send to a number, in an attempt that its browser knows by `attempt`."""

    attempt: UUID
    number: str
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """The code was wrong, or dead by any cause; `tries_left` more tries at it, perhaps none."""

    tries_left: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Right:
    """The code was right, and is used up. Whoever typed it reads messages to `number`."""

    number: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What the page of a code shows."""

    expires_at: datetime
    again_at: datetime
    tries_left: int


def ask(
    session: Session,
    secrets_: Secrets,
    number: str,
    *,
    address: str,
    for_session: UUID | None,
    now: datetime,
) -> Sent | Locked:
    """Begin an attempt: to sign in, or to prove oneself again in a session."""
    if until := _count_code(session, secrets_, number, address, now):
        return Locked(until=until)
    attempt = uuid4()
    code = _code()
    store.insert_code(
        session,
        {
            **_written(secrets_, attempt, code, now),
            "phone_index": blind_index(secrets_, number),
            "sealed": seal_for_hub(secrets_, number, attempt.bytes),
            "session": for_session,
        },
    )
    return Sent(attempt=attempt, number=number, code=code)


def ask_again(
    session: Session,
    secrets_: Secrets,
    attempt: UUID,
    *,
    address: str,
    for_session: UUID | None,
    now: datetime,
) -> Sent | Locked | None:
    """Another code in the place of the one before; None when the attempt is over."""
    row = _mine(store.lock_code(session, attempt), for_session)
    if row is None:
        return None
    if row["sent_at"] + PAUSE > now:
        return Locked(until=row["sent_at"] + PAUSE)
    number = open_for_hub(secrets_, row["sealed"], attempt.bytes)
    if until := _count_code(session, secrets_, number, address, now):
        return Locked(until=until)
    code = _code()
    store.renew_code(session, _written(secrets_, attempt, code, now))
    return Sent(attempt=attempt, number=number, code=code)


def look(session: Session, attempt: UUID, *, for_session: UUID | None) -> Attempt | None:
    """How an attempt stands; None when it is over, or another session's."""
    row = _mine(store.find_code(session, attempt), for_session)
    if row is None:
        return None
    return Attempt(
        expires_at=row["expires_at"],
        again_at=row["sent_at"] + PAUSE,
        tries_left=row["tries_left"],
    )


def check(
    session: Session,
    secrets_: Secrets,
    attempt: UUID,
    typed: str,
    *,
    address: str,
    for_session: UUID | None,
    now: datetime,
) -> Right | Wrong | Locked:
    """Use the code, or count a try: commit either. Two that use one code at once take turns."""
    if until := limits.take(session, secrets_, GUESSES_FROM_AN_ADDRESS, address, now):
        return Locked(until=until)
    row = _mine(store.lock_code(session, attempt), for_session)
    if row is None:
        return Wrong(tries_left=0)
    at_number = row["phone_index"].hex()
    if until := limits.take(session, secrets_, GUESSES_AT_A_NUMBER, at_number, now):
        return Locked(until=until)
    if row["tries_left"] == 0 or row["expires_at"] <= now:
        return Wrong(tries_left=0)
    if not hmac.compare_digest(row["digest"], _digest(secrets_, attempt, typed)):
        store.count_try(session, attempt)
        return Wrong(tries_left=row["tries_left"] - 1)
    store.delete_code(session, attempt)
    limits.fill(session, secrets_, GUESSES_AT_A_NUMBER, at_number)
    return Right(number=open_for_hub(secrets_, row["sealed"], attempt.bytes))


def plain(typed: str) -> str:
    """The digits of a code as people paste it: with spaces, or from a Chinese keyboard."""
    return "".join(unicodedata.normalize("NFKC", typed).split())


def forget(session: Session, now: datetime) -> None:
    """Drop attempts an hour after their last code died: until then their page still answers."""
    store.forget_codes(session, now - timedelta(hours=1))


def _count_code(
    session: Session, secrets_: Secrets, number: str, address: str, now: datetime
) -> datetime | None:
    return limits.take(session, secrets_, CODES_FROM_AN_ADDRESS, address, now) or limits.take(
        session, secrets_, CODES_TO_A_NUMBER, number, now
    )


def _mine(row: RowMapping | None, for_session: UUID | None) -> RowMapping | None:
    return row if row is not None and row["session_id"] == for_session else None


def _written(secrets_: Secrets, attempt: UUID, code: str, now: datetime) -> dict[str, object]:
    return {
        "id": attempt,
        "digest": _digest(secrets_, attempt, code),
        "tries": TRIES,
        "now": now,
        "expires_at": now + VALID,
    }


def _code() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def _digest(secrets_: Secrets, attempt: UUID, code: str) -> bytes:
    return secrets_.digest("sign-in-code", f"{attempt.hex} {code}")
