"""Recovery codes: ten, each once in place of the app. They are shown once; digests are kept."""

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from kit.secrets import Secrets
from staff.people import store

NUMBER: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstvwxyz23456789"  # none that is taken for another
_GROUPS, _LENGTH = 3, 4  # 59 bits


def make(session: Session, secrets_: Secrets, operator: int) -> list[str]:
    """Ten new ones, in place of all before."""
    codes = [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(_GROUPS))
        for _ in range(NUMBER)
    ]
    store.replace_recovery_codes(
        session, operator, [_digest(secrets_, operator, code) for code in codes]
    )
    return codes


def use(session: Session, secrets_: Secrets, operator: int, code: str, now: datetime) -> bool:
    """Use one up; False when it is none, or used."""
    return store.use_recovery_code(session, operator, _digest(secrets_, operator, code), now)


def _digest(secrets_: Secrets, operator: int, code: str) -> bytes:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return secrets_.digest("staff-recovery-code", f"{operator}\n{plain}")
