"""Passwords: long ones that nobody would guess, kept as argon2id with the salt of each.

Hashing takes a tenth of a second and 64 MiB on purpose, so only so many run at once.
"""

import threading
import unicodedata
from functools import cache
from typing import Final, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from staff.people.errors import HashingBusy

SHORTEST: Final = 12
LONGEST: Final = 200  # letters
GUESSABLE: Final = 3  # of zxcvbn's 0 to 4: under a hundred million guesses
AT_ONCE: Final = 2
PATIENCE: Final = 5.0  # seconds
_JUDGED: Final = 72  # letters that are judged: the price grows with their square

Weakness = Literal["short", "long", "name", "common"]


class Passwords:
    """`cheap` spends next to nothing: for tests alone."""

    def __init__(self, *, cheap: bool = False) -> None:
        self._hasher = (
            PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
            if cheap
            else PasswordHasher()  # RFC 9106, for where memory is dear
        )
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._nobody = self._hasher.hash("nobody has this one")

    def hash(self, password: str) -> str:
        """With a salt and its parameters. Raises HashingBusy."""
        with self._slot():
            return self._hasher.hash(_plain(password))

    def check(self, hash_: str | None, password: str) -> bool:
        """Whether it is this password; without a hash no, after as long. Raises HashingBusy."""
        with self._slot():
            try:
                self._hasher.verify(hash_ or self._nobody, _plain(password[:LONGEST]))
            except (VerificationError, InvalidHashError):
                return False
        return hash_ is not None

    def is_old(self, hash_: str) -> bool:
        """Whether its parameters are no longer ours."""
        return self._hasher.check_needs_rehash(hash_)

    def _slot(self) -> "_Slot":
        return _Slot(self._slots)


class _Slot:
    def __init__(self, slots: threading.BoundedSemaphore) -> None:
        self._slots = slots

    def __enter__(self) -> None:
        if not self._slots.acquire(timeout=PATIENCE):
            raise HashingBusy

    def __exit__(self, *_: object) -> None:
        self._slots.release()


@cache
def hashing(cheap: bool) -> Passwords:
    """This process's own."""
    return Passwords(cheap=cheap)


def weakness(password: str, name: str, *others: str) -> Weakness | None:
    """Why somebody would guess it; None for a good one. `others` are words close to the person."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return "short"
    if len(plain) > LONGEST:
        return "long"
    if name.casefold() in plain.casefold():
        return "name"
    judged = zxcvbn(plain[:_JUDGED], user_inputs=[name, "tongbao", "通宝", *others])
    return "common" if judged["score"] < GUESSABLE else None


def _plain(password: str) -> str:
    """Keyboards differ in how they write the same letter."""
    return unicodedata.normalize("NFKC", password)
