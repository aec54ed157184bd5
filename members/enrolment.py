"""Enrolling members and linking them to partners.

A partner enrols its customer and gets a name for the member that no other partner sees. To be
known at a second partner, the member carries a link token there: nobody is looked up by phone
number, card or guess.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Self
from uuid import UUID

from sqlalchemy.orm import Session

import exchange.store
from exchange import links
from exchange.errors import MemberNotFound
from kit.ids import uuid7
from kit.secrets import Secrets
from members import store
from members.errors import AlreadyLinked, CustomerKnown, LinkTokenInvalid
from members.notices import notify_owner

LINK_TOKEN_VALID = timedelta(minutes=10)

# What a partner learns of a wallet: nothing, whether it can pay X, or every lot.
Sees = Literal["nothing", "answers", "balance"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """What the member lets a partner do: spend up to a limit a day, see the balance, and have
    "can it pay X?" answered."""

    daily_limit: int = 0
    shares_balance: bool = False
    answers: bool = True

    def within(self, sees: Sees, daily_limit: int) -> Self:
        """As much of it as the member agreed to."""
        return replace(
            self,
            daily_limit=min(self.daily_limit, daily_limit),
            shares_balance=self.shares_balance and sees == "balance",
            answers=sees != "nothing",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedMember:
    """A member as one partner knows it."""

    id: UUID
    reference: str | None
    daily_limit: int
    shares_balance: bool
    linked_at: datetime

    def facts(self) -> dict[str, object]:
        return {
            "id": str(self.id),
            "reference": self.reference,
            "daily_limit": self.daily_limit,
            "shares_balance": self.shares_balance,
            "linked_at": self.linked_at.isoformat(),
        }


def enrol(
    session: Session, *, party: int, reference: str | None, consent: Consent, now: datetime
) -> LinkedMember:
    """A new member with an empty wallet, linked to the partner. Raises CustomerKnown."""
    _refuse_known(session, party, reference)
    wallet = exchange.store.insert_wallet(session, now)
    member = uuid7()
    store.insert_member(session, {"id": member, "wallet": wallet, "party": party, "now": now})
    return _link(session, party, wallet, member, reference, consent, now)


def link(
    session: Session,
    *,
    party: int,
    token: str,
    reference: str | None,
    consent: Consent,
    secrets_: Secrets,
    now: datetime,
) -> LinkedMember:
    """Link a member who brings a token. Raises CustomerKnown, LinkTokenInvalid, AlreadyLinked.

    Where the member asked for the token herself, the partner may do no more than she said. One that
    another partner asked for lets it do nothing, once she has a wallet of her own to say it in:
    else two partners could give each other what she took back.
    """
    _refuse_known(session, party, reference)
    digest = secrets_.digest("link-token", token)
    row = store.lock_link_token(session, digest)
    if row is None or row["used_at"] is not None or row["expires_at"] <= now:
        raise LinkTokenInvalid
    store.use_link_token(session, digest, party, now)
    if row["issued_to"] is None:
        consent = consent.within(row["sees"], row["daily_limit"])
    elif store.has_person(session, row["member_id"]):
        consent = consent.within("nothing", 0)
    made = _link(session, party, row["wallet_id"], row["member_id"], reference, consent, now)
    notify_owner(session, row["wallet_id"], "linked", party=party, now=now)
    return made


def unlink(session: Session, *, party: int, member: UUID) -> None:
    """The partner lets go of a member, and may do nothing more. Raises MemberNotFound."""
    links.withdraw(session, party=party, link=member)
    store.forget_customer(session, member)


def find(session: Session, *, party: int, member: UUID) -> LinkedMember:
    """Raises MemberNotFound, for another partner's member too."""
    row = store.linked(session, party, member)
    if row is None:
        raise MemberNotFound
    return LinkedMember(**row)


def link_token(
    session: Session, *, party: int, member: UUID, secrets_: Secrets, now: datetime
) -> tuple[str, datetime]:
    """What the member shows to be linked elsewhere, and until when. Raises MemberNotFound."""
    row = exchange.store.find_link(session, party, member)
    if row is None:
        raise MemberNotFound
    token = secrets.token_urlsafe(24)
    expires_at = now + LINK_TOKEN_VALID
    store.insert_link_token(
        session,
        {
            "digest": secrets_.digest("link-token", token),
            "member": store.member_of_wallet(session, row["wallet_id"]),
            "party": party,
            "expires_at": expires_at,
        },
    )
    return token, expires_at


def own_token(
    session: Session,
    *,
    member: UUID,
    sees: Sees,
    daily_limit: int,
    secrets_: Secrets,
    now: datetime,
) -> tuple[str, datetime]:
    """What a member shows a brand of her choice, and until when; it ends the one before.

    The brand that links with it may see and spend what is said here, and no more.
    """
    token = secrets.token_urlsafe(24)
    expires_at = now + LINK_TOKEN_VALID
    store.replace_own_token(
        session,
        {
            "digest": secrets_.digest("link-token", token),
            "member": member,
            "sees": sees,
            "daily_limit": daily_limit,
            "expires_at": expires_at,
        },
    )
    return token, expires_at


def _refuse_known(session: Session, party: int, reference: str | None) -> None:
    if reference is None:
        return
    first = store.customer(session, party, reference)
    if first is not None:
        raise CustomerKnown(first=first)


def _link(
    session: Session,
    party: int,
    wallet: int,
    member: UUID,
    reference: str | None,
    consent: Consent,
    now: datetime,
) -> LinkedMember:
    link_id, is_new = links.link(
        session,
        party=party,
        wallet=wallet,
        daily_limit=consent.daily_limit,
        shares_balance=consent.shares_balance,
        now=now,
    )
    if not is_new:  # Decided under the wallet's lock: two tokens may arrive at once.
        raise AlreadyLinked(first=link_id)
    if not consent.answers:
        links.set_consent(
            session,
            wallet=wallet,
            link=link_id,
            daily_limit=consent.daily_limit,
            shares_balance=False,
            answers=False,
        )
    if reference is not None and not store.insert_customer(
        session, {"party": party, "reference": reference, "member": member, "link": link_id}
    ):
        raise CustomerKnown(first=store.customer(session, party, reference))
    return LinkedMember(
        id=link_id,
        reference=reference,
        daily_limit=consent.daily_limit,
        shares_balance=consent.shares_balance,
        linked_at=now,
    )
