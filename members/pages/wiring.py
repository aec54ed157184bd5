"""What the wallet's pages may reach: one value, made where the application is wired."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flask import current_app

from exchange.funnel import Funnel
from kit.clock import Clock
from kit.database import Database
from kit.secrets import Secrets
from members.notices.senders import Sender


@dataclass(frozen=True, slots=True)
class Brand:
    """A partner as members know it. `party` is its number in the books."""

    party: int
    name: str
    slug: str


class Brands(Protocol):
    """Who the coalition is; the registry above this package knows."""

    def all(self) -> Mapping[int, Brand]:
        """Every partner by party, also those that have left: history names them."""
        ...

    def named(self, parties: Collection[int]) -> Mapping[int, Brand]:
        """As `all`, and surely with these parties, however new they are."""
        ...

    def open(self) -> list[Brand]:
        """Those that a member may link today, by name."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Wallets:
    """`point_worth` is what a point buys, in millionths of a minor unit of `currency`;
    `phone_region` is where a number without a country code is from."""

    clock: Clock
    database: Database
    funnel: Funnel
    secrets: Secrets
    brands: Brands
    sender: Sender
    currency: str
    point_worth: int
    phone_region: str
    origin: str
    home: Path
    production: bool


def here() -> Wallets:
    """What the application that serves this request was wired with."""
    wired: Wallets = current_app.extensions["wallets"]
    return wired
