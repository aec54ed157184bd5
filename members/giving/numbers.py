"""A mobile number as somebody else typed it: how it is found, and how it may be shown."""

from dataclasses import dataclass

from kit.secrets import Secrets
from members.people.numbers import blind_index, masked, parse


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A mobile number: its blind index, and as it may be shown."""

    index: bytes
    masked: str


def number(typed: str, region: str, secrets_: Secrets) -> Number | None:
    """None when no mobile phone can have it. `region` is that of numbers without a country code."""
    found = parse(typed, region)
    if found is None:
        return None
    return Number(index=blind_index(secrets_, found), masked=masked(found))
