"""One partner's statement for one window: all its figures, as a value.

A partner sees its own row and column. Of its points it sees totals per acceptor, and the
journals of its own tills: never a member, and never what others did among themselves.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from settlement.fx import Rate
from settlement.obligations import ObligationKind

Direction = Literal["pays", "receives", "even"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trade:
    """A window's sales between the partner and one counterparty: points there and back.

    `amount` is what the issuer itself owes the acceptor for them, in minor units of the hub's
    currency: 0 at an own till, and without what the float paid of prefunded points.
    """

    party: int
    name: str
    spent: int
    refunded: int
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """One obligation as the partner sees it: who stands on the other side, and for what."""

    party: int
    name: str
    kind: ObligationKind
    points: int
    amount: int  # Signed as the obligation is.


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """Money to send or to expect: a positive amount of minor units of the settlement currency."""

    party: int
    name: str
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TillLine:
    """One journal of the partner's own tills, with one issuer's share of its points."""

    journal: str
    at: datetime
    kind: Literal["spent", "refunded"]
    reference: str  # The till's receipt number.
    issuer: int
    points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeHead:
    """The sealed log up to its leaf number `size`, under the hub's key; root and signature in hex.

    What is signed is in `settlement.sealing.heads`.
    """

    size: int
    root: str
    at: datetime
    key_id: str
    signature: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """Immutable once numbered. Money is in minor units of `currency` unless said otherwise."""

    number: str
    window: str
    opened_at: datetime
    closed_at: datetime
    party: int
    name: str
    currency: str
    opening: int  # The partner's points outstanding before the window…
    issued: int
    clawed_back: int
    expired: int
    closing: int  # …and after it.
    spent: tuple[Trade, ...]  # Its points, per acceptor, its own tills among them.
    accepted: tuple[Trade, ...]  # Points at its tills, per issuer, itself among them.
    owes: tuple[Due, ...]
    owed: tuple[Due, ...]
    net: int  # Positive when the partner receives.
    residue: int  # The part of the net that converting rounded away, booked to the hub.
    settlement_currency: str
    rate: Rate | None  # None when both currencies are the same.
    settled: int  # The net, in minor units of the settlement currency.
    pay: tuple[Transfer, ...]
    collect: tuple[Transfer, ...]
    till_lines: tuple[TillLine, ...] | None = None  # None when they are a file of their own.

    @property
    def fee(self) -> int:
        """The hub's fee for what the partner received as an acceptor."""
        return sum(due.amount for due in self.owes if due.kind == "fee")

    @property
    def direction(self) -> Direction:
        """What the partner does with the settled amount."""
        if self.settled == 0:
            return "even"
        return "receives" if self.settled > 0 else "pays"


def number(window: str, sequence: int) -> str:
    """`ST-2017-01-000003`: the third statement of the window 2017-01."""
    return f"ST-{window}-{sequence:06d}"
