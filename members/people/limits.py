"""How often something may be done: by whom it is done to, and by whom it is done.

Neither numbers nor addresses are kept, only keyed digests of them. A refusal says when there will
be another try, and nothing else: least of all whether anybody has the number.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

from sqlalchemy.orm import Session

from kit.secrets import Secrets
from members.people import store


@dataclass(frozen=True, slots=True)
class Limit:
    """A bucket that holds `most` and gains one each `each`."""

    what: str
    most: int
    each: timedelta


CODES_TO_A_NUMBER: Final = Limit("code-to-number", 5, timedelta(minutes=12))
CODES_FROM_AN_ADDRESS: Final = Limit("code-from-address", 30, timedelta(minutes=1))
# Whoever guesses at a number gets 24 tries a day, at one in a million each.
GUESSES_AT_A_NUMBER: Final = Limit("guess-at-number", 10, timedelta(hours=1))
GUESSES_FROM_AN_ADDRESS: Final = Limit("guess-from-address", 30, timedelta(minutes=1))
PASSKEYS_FROM_AN_ADDRESS: Final = Limit("passkey-from-address", 60, timedelta(seconds=10))
CLAIMS_OF_A_PERSON: Final = Limit("claim-of-person", 10, timedelta(minutes=10))


def take(
    session: Session, secrets_: Secrets, limit: Limit, whose: str, now: datetime
) -> datetime | None:
    """Take one. None when there was one; else when there will be."""
    return store.take(
        session, _digest(secrets_, limit, whose), each=limit.each, most=limit.most, now=now
    )


def fill(session: Session, secrets_: Secrets, limit: Limit, whose: str) -> None:
    """Forgive what was taken."""
    store.fill(session, _digest(secrets_, limit, whose))


def network(address: str | None) -> str:
    """Whom an address counts for: of IPv6, everybody has 64 bits to themselves."""
    if not address:
        return ""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return found.packed[:8].hex()


def _digest(secrets_: Secrets, limit: Limit, whose: str) -> bytes:
    return secrets_.digest(f"bucket {limit.what}", whose)
