"""Signing in with a name and a password, then with a code: what is tried, and how often.

An unknown name takes as long as a known one and is answered alike, also by the limits. What was
typed is recorded only when it is somebody's name: it might be a password in the wrong field.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from kit.database import Database
from kit.secrets import Secrets
from staff.audit.recording import record
from staff.people import apps, limits, recovery_codes, store
from staff.people.limits import CODES_OF_A_NAME, PASSWORDS_OF_A_NAME, TRIES_FROM_A_NETWORK
from staff.people.passwords import Passwords

UNKNOWN: Final = "unknown"  # who it was, where nobody knows
AT: Final = "desk"


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many tries; there is another one at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """Whose password it was; a code comes next. `set_at` is when that password was chosen."""

    operator: int
    name: str
    set_at: datetime


def check_password(
    database: Database,
    secrets_: Secrets,
    hashing: Passwords,
    *,
    name: str,
    password: str,
    network: str,
    now: datetime,
) -> Known | Locked | None:
    """Whose they are; None when they are nobody's, whatever it is that is wrong.

    Hashes outside of any transaction. Raises HashingBusy.
    """
    with database.transaction() as session:
        until = limits.take(session, secrets_, TRIES_FROM_A_NETWORK, network, now) or limits.take(
            session, secrets_, PASSWORDS_OF_A_NAME, name, now
        )
        if until is not None:
            return Locked(until)
        row = store.operator_named(session, name)
        kept = store.password_of(session, row["id"]) if row is not None else None
        has_app = row is not None and store.totp_of(session, row["id"]) is not None
    right = hashing.check(kept["hash"] if kept is not None else None, password)
    with database.transaction() as session:
        if row is None or kept is None or not (right and has_app and row["active"]):
            refused(session, row["name"] if row is not None else UNKNOWN, "password", now)
            return None
        if hashing.is_old(kept["hash"]):
            store.rehash_password(session, row["id"], hashing.hash(password))
        limits.fill(session, secrets_, PASSWORDS_OF_A_NAME, name)
    return Known(row["id"], row["name"], kept["set_at"])


def still_known(session: Session, operator: int, set_at: datetime) -> str | None:
    """The name of who typed a password a moment ago, if it is still theirs; else None."""
    row = store.operator(session, operator)
    kept = store.password_of(session, operator)
    if row is None or kept is None or not row["active"] or kept["set_at"] != set_at:
        return None
    name: str = row["name"]
    return name


def check_code(
    session: Session, secrets_: Secrets, operator: int, name: str, code: str, now: datetime
) -> bool | Locked:
    """Whether it is a code of this person's app, not used before; commit either way."""
    until = limits.take(session, secrets_, CODES_OF_A_NAME, name, now)
    if until is not None:
        return Locked(until)
    if not apps.check(session, secrets_, operator, code, now):
        refused(session, name, "code", now)
        return False
    limits.fill(session, secrets_, CODES_OF_A_NAME, name)
    return True


def check_recovery_code(
    session: Session, secrets_: Secrets, operator: int, name: str, code: str, now: datetime
) -> bool | Locked:
    """As `check_code`, by a recovery code, which is used up."""
    until = limits.take(session, secrets_, CODES_OF_A_NAME, name, now)
    if until is not None:
        return Locked(until)
    if not recovery_codes.use(session, secrets_, operator, code, now):
        refused(session, name, "recovery code", now)
        return False
    limits.fill(session, secrets_, CODES_OF_A_NAME, name)
    left = store.recovery_codes_left(session, operator)
    record(session, who=name, what="recovery-code-used", object_=AT, now=now, after={"left": left})
    return True


def refused(session: Session, who: str, why: str, now: datetime) -> None:
    """Write down that somebody was not let in."""
    record(session, who=who, what="sign-in-refused", object_=AT, now=now, after={"why": why})
