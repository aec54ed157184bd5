"""Accepting points at a partner's till: authorise holds them, capture spends them, void lets go.

A redemption is authorise and capture in one step. Each function makes the order; the books
decide on it. Who may spend is said by the member's link to the acceptor, whose mandate has a daily
limit, or by a payment code, which the member shows once.
"""

from datetime import datetime
from uuid import UUID

from exchange.orders import Order
from kit.ids import uuid7


def _consent(link: UUID | None, code: str | None) -> Order:
    order = Order()
    if link is not None:
        order["link"] = str(link)
    if code is not None:
        order["code"] = code
    return order


def redeem(
    *,
    party: int,
    link: UUID | None,
    code: str | None,
    points: int,
    reference: str,
    priced: bool = True,
    occurred_at: datetime | None = None,
) -> Order:
    """Spend a member's points at once.

    `priced` says whether the acceptor has terms in force. Refused, in this order:
    PartnerNotActive, TermsMissing, DuplicateReference, MemberNotFound, TooManyCodes,
    PaymentCodeInvalid, NoMandate, MandateLimit, MemberLimit, WalletFrozen, InsufficientPoints.
    """
    order = _consent(link, code)
    order |= Order(
        kind="redemption",
        party=party,
        id=str(uuid7()),
        points=points,
        reference=reference,
        unpriced=not priced,
    )
    if occurred_at is not None:
        order["occurred_at"] = occurred_at.isoformat()
    return order


def authorise(
    *,
    party: int,
    link: UUID | None,
    code: str | None,
    points: int,
    reference: str,
    priced: bool = True,
    online: bool = False,
    until: datetime | None = None,
) -> Order:
    """Hold points for one sale, so that the till may let the goods go.

    A hold ends by itself after 15 minutes at a till, after 7 days online. One that lasts `until`
    a moment is firm: only its maker ends it before, whatever the member does. Refused as `redeem`
    is.
    """
    order = _consent(link, code)
    order |= Order(
        kind="authorisation",
        party=party,
        id=str(uuid7()),
        points=points,
        reference=reference,
        online=online,
        unpriced=not priced,
    )
    if until is not None:
        order["held_until"] = until.isoformat()
    return order


def export(*, party: int, hold: UUID, rate: int, theirs: int, fee: int) -> Order:
    """Spend all that is held for a party that gave `theirs` of its own points for it.

    Refused, in this order: PartnerNotActive, HoldNotFound, HoldNotOpen.
    """
    order = capture(party=party, hold=hold)
    return order | Order(rate=rate, theirs=theirs, fee=fee)


def capture(*, party: int, hold: UUID, points: int | None = None, priced: bool = True) -> Order:
    """Spend what is held, or part of it; the rest is released.

    Refused, in this order: PartnerNotActive, TermsMissing, HoldNotFound, HoldNotOpen, ExceedsHold.
    """
    order = Order(kind="capture", party=party, id=str(uuid7()), hold=str(hold), unpriced=not priced)
    if points is not None:
        order["points"] = points
    return order


def void(*, party: int, hold: UUID) -> Order:
    """Let go of what is held. Refused: HoldNotFound, HoldNotOpen."""
    return Order(kind="void", party=party, id=str(uuid7()), hold=str(hold))


def expire_hold(*, hold: UUID) -> Order:
    """End a hold whose time is over: a job of the hub. Refused: HoldNotOpen."""
    return Order(kind="hold-expiry", id=str(uuid7()), hold=str(hold))
