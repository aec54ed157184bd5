"""The app of the second step (TOTP, RFC 6238): six digits that change each half minute.

Its secret is sealed with the hub's. A code is accepted half a minute early or late, and once.
"""

import hmac
import re
from datetime import datetime
from typing import Final

import pyotp
from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from kit.secrets import Secrets
from staff.people import store

STEP: Final = 30  # seconds
DRIFT: Final = 1  # steps
ISSUER: Final = "Tongbao"


def new_secret() -> str:
    """160 random bits, in base32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """What the app reads: `otpauth://totp/…`, also as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def seal(secrets_: Secrets, secret: str, whose: int) -> str:
    """The secret as it is kept; for this person alone."""
    return str(secrets_.seal({"app": secret, "of": whose})["sealed"])


def unseal(secrets_: Secrets, sealed: str, whose: int) -> str | None:
    """None for what is another's, or was sealed by another hub."""
    try:
        facts = secrets_.unseal({"sealed": sealed})
    except InvalidToken:
        return None
    return str(facts["app"]) if facts.get("of") == whose else None


def matching_step(secret: str, code: str, now: datetime, *, after: int = 0) -> int | None:
    """The half minute that this is the code of, newer than `after`; None when it is of none."""
    digits = re.sub(r"\s", "", code)
    at = int(now.timestamp()) // STEP
    made = pyotp.TOTP(secret)
    found = None
    for step in range(at - DRIFT, at + DRIFT + 1):  # All of them: each try takes as long.
        if hmac.compare_digest(made.generate_otp(step).encode(), digits.encode()):
            found = step
    return found if found is not None and found > after else None


def confirm(
    session: Session, secrets_: Secrets, operator: int, secret: str, code: str, now: datetime
) -> bool:
    """Keep the app of somebody who shows that it works; in place of the one before."""
    step = matching_step(secret, code, now)
    if step is None:
        return False
    store.set_totp(session, operator, seal(secrets_, secret, operator), step, now)
    return True


def check(session: Session, secrets_: Secrets, operator: int, code: str, now: datetime) -> bool:
    """Use a code of somebody's app; once alone, also when two come at once."""
    row = store.totp_of(session, operator)
    secret = None if row is None else unseal(secrets_, row["sealed"], operator)
    if row is None or secret is None:
        return False
    step = matching_step(secret, code, now, after=row["last_step"])
    return step is not None and store.use_step(session, operator, step)
