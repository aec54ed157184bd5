"""One partner's statement for one window: all its figures, as a value.

A partner sees its own row and column: totals per counterparty, never a member, and never what
others did among themselves. The lines behind the totals are read beside it, page by page.

Two figures may differ. The window's points are what moved between its opening and its closing;
the content is what is settled with it: the window's points without those held back (a dispute,
a default), and with those of earlier windows brought in.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from settlement.fx import Rate
from settlement.movements import MovementKind
from settlement.obligations import ObligationKind

Direction = Literal["pays", "receives", "even"]
Side = Literal["issuer", "acceptor"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trade:
    """The content's sales between the partner and one counterparty: points there and back.

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
class Carried:
    """Points between window and content that moved alike: held back, or brought in.

    `side` is the partner's own. What it does alone (issuing, expiry, its own tills) has the
    partner itself on the other side, and is told once, as the issuer's.
    """

    party: int
    name: str
    side: Side
    kind: MovementKind
    points: int  # Always positive.


@dataclass(frozen=True, kw_only=True, slots=True)
class BankDetails:
    """An account to pay to: its holder, number or IBAN, bank, and the bank's code (BIC, CNAPS)."""

    name: str
    account: str
    bank: str
    bank_code: str


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
    revision: int  # 1 is the closing's.
    replaces: str | None  # The number of the statement that this one takes the place of.
    window: str
    opened_at: datetime
    closed_at: datetime
    zone: str  # IANA: in which people read these times.
    due_on: date
    hub: str  # Its name.
    party: int
    name: str
    currency: str
    opening: int  # The partner's points outstanding before the window…
    issued: int
    clawed_back: int
    spent_elsewhere: int
    refunded_elsewhere: int
    spent_here: int  # At its own tills.
    refunded_here: int
    expired: int
    closing: int  # …and after it.
    adjusted: int  # By how much, of all these, corrections by hand and of disputes changed it.
    accepted_points: int  # Others' points at its tills in the window…
    accepted_refunds: int  # …and those its tills gave back.
    held_back: tuple[Carried, ...]  # Of the window, but not of the content.
    brought_in: tuple[Carried, ...]  # Of the content, but of earlier windows.
    spent: tuple[Trade, ...]  # Content: its points, per acceptor, its own tills among them.
    accepted: tuple[Trade, ...]  # Content: points at its tills, per issuer, itself among them.
    owes: tuple[Due, ...]
    owed: tuple[Due, ...]
    cover: int  # What of others' default it bears (negative), or others bear of its own.
    net: int  # Positive when the partner receives.
    residue: int  # The part of the net that converting rounded away, booked to the hub.
    settlement_currency: str
    rate: Rate | None  # None when both currencies are the same.
    settled: int  # The net, in minor units of the settlement currency.
    pay: tuple[Transfer, ...]
    collect: tuple[Transfer, ...]
    bank: BankDetails | None  # Where to pay, or where the partner is paid; None when unknown.
    head: TreeHead | None  # The sealed log that has every journal of the window.

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


def number(window: str, sequence: int, revision: int = 1) -> str:
    """`ST-2017-01-000003`: the third statement of 2017-01; its first revision ends in `-r2`."""
    return f"ST-{window}-{sequence:06d}" + (f"-r{revision}" if revision > 1 else "")
