"""A partner asks for points, a member says yes or no on the hub's own page.

An approval that was given is a payment code of its own: bound to the partner, the wallet and the
points, good for one authorization or redemption within a quarter of an hour. The books know no
other kind of consent, so nothing in them is new.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.store
import members.store
from exchange.errors import InsufficientPoints, MemberNotFound, WalletFrozen
from kit.ids import uuid7
from kit.secrets import Secrets
from partners.asking import return_urls, store
from partners.asking.errors import (
    ApprovalClosed,
    OriginRefused,
    ReturnOriginUnknown,
    TooManyApprovals,
)
from partners.asking.store import Row

ASKED_FOR: Final = timedelta(minutes=10)  # How long a member has to answer.
GOOD_FOR: Final = timedelta(minutes=15)  # And then the partner, to use what was approved.
KEPT_FOR: Final = timedelta(days=1)
OPEN_AT_MOST: Final = 1000  # of each partner
PURPOSE: Final = "approval"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decider:
    """The member who reads the page."""

    member: UUID
    wallet: int


def register_origins(
    session: Session, *, party: int, origins: list[str], production: bool, now: datetime
) -> list[str]:
    """Replace the party's return origins; those it now has. Raises OriginRefused."""
    for origin in origins:
        if not return_urls.is_origin(origin, production=production):
            raise OriginRefused(origin=origin)
    store.replace_origins(session, party, sorted(set(origins)), now)
    return store.origins(session, party)


def ask(
    session: Session,
    *,
    party: int,
    link: UUID | None,
    points: int,
    reference: str,
    description: str,
    return_url: str,
    now: datetime,
) -> UUID:
    """A new approval that waits for its member; its id.

    Refused, in this order: MemberNotFound, ReturnOriginUnknown, TooManyApprovals.
    """
    wallet = None
    if link is not None:
        linked = exchange.store.find_link(session, party, link)
        if linked is None:
            raise MemberNotFound
        wallet = linked["wallet_id"]
    if return_urls.origin_of(return_url) not in store.origins(session, party):
        raise ReturnOriginUnknown
    if store.asked(session, party, now) >= OPEN_AT_MOST:
        raise TooManyApprovals(limit=OPEN_AT_MOST)
    approval = uuid7()
    store.insert_approval(
        session,
        {
            "id": approval,
            "party": party,
            "link": link,
            "wallet": wallet,
            "points": points,
            "reference": reference,
            "description": description,
            "return_url": return_url,
            "now": now,
            "expires_at": now + ASKED_FOR,
        },
    )
    return approval


def open_for(session: Session, approval: UUID, decider: Decider, now: datetime) -> Row:
    """An approval that this member may decide now. Raises ApprovalClosed."""
    return _open(store.find(session, approval, now), decider, now)


def approve(
    session: Session, approval: UUID, decider: Decider, *, secrets_: Secrets, now: datetime
) -> Row:
    """Say yes, once: the partner may then spend these points, once.

    Saying the same again changes nothing. Refused, in this order: ApprovalClosed, WalletFrozen,
    InsufficientPoints.
    """
    row = store.lock(session, approval, now)
    if row is not None and _said(row, decider, "approved", now):
        return row
    row = _open(row, decider, now)
    exchange.store.lock_wallet(session, decider.wallet)
    wallet = members.store.standing(session, decider.wallet, now)
    if wallet["frozen"]:
        raise WalletFrozen
    if wallet["spendable"] < row["points"]:
        raise InsufficientPoints(requested=row["points"], available=wallet["spendable"])
    digest = secrets_.digest(PURPOSE, str(approval))
    exchange.store.insert_payment_code(
        session,
        {
            "digest": digest,
            "wallet": decider.wallet,
            "max_points": row["points"],
            "party": row["party_id"],
            "expires_at": now + GOOD_FOR,
        },
    )
    _decide(session, approval, "approved", decider, digest, now)
    return row


def refuse(session: Session, approval: UUID, decider: Decider, now: datetime) -> Row:
    """Say no. Saying it again changes nothing. Raises ApprovalClosed."""
    row = store.lock(session, approval, now)
    if row is not None and _said(row, decider, "refused", now):
        return row
    row = _open(row, decider, now)
    _decide(session, approval, "refused", decider, None, now)
    return row


def digest(secrets_: Secrets, approval: UUID) -> str:
    """The payment code that an approval is, as an order carries it: hexadecimal."""
    return secrets_.digest(PURPOSE, str(approval)).hex()


def state(row: Row) -> str:
    """What became of an approval that was found: asked, approved, refused, expired or used."""
    if row["used_at"] is not None:
        return "used"
    if row["state"] != "refused" and row["ends_at"] <= row["now"]:
        return "expired"
    return str(row["state"])


def forget(session: Session, now: datetime) -> int:
    """Drop approvals a day after they expired; how many. What they paid for is in the books."""
    return store.forget(session, now - KEPT_FOR)


def _decide(
    session: Session,
    approval: UUID,
    state: str,
    decider: Decider,
    digest: bytes | None,
    now: datetime,
) -> None:
    values: dict[str, Any] = {
        "id": approval,
        "state": state,
        "wallet": decider.wallet,
        "member": decider.member,
        "digest": digest,
        "now": now,
    }
    store.decide(session, values)


def _open(row: Row | None, decider: Decider, now: datetime) -> Row:
    if row is None or row["state"] != "asked" or row["expires_at"] <= now:
        raise ApprovalClosed
    if row["wallet_id"] not in (None, decider.wallet):
        raise ApprovalClosed
    return row


def _said(row: Row, decider: Decider, state: str, now: datetime) -> bool:
    """Whether this member said just this a moment ago: a form that was sent twice."""
    return row["state"] == state and row["decided_by"] == decider.member and row["expires_at"] > now
