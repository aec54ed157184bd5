"""The till: authorise, capture, void, redeem, refund."""

from typing import Any

from sqlalchemy.orm import Session

import exchange.reading
from exchange import acceptance, returns
from exchange.errors import (
    DuplicateReference,
    ExceedsCaptured,
    ExceedsHold,
    HoldNotFound,
    HoldNotOpen,
    InsufficientPoints,
    MandateLimit,
    MemberLimit,
    MemberNotFound,
    NoMandate,
    PartnerNotActive,
    PaymentCodeInvalid,
    TooManyCodes,
    TransactionNotFound,
    WalletFrozen,
)
from exchange.orders import Order
from members import consent
from partners import schemas
from partners.api.operations import TILL, Call, Data, Facts, Posting, Read
from partners.asking import asking
from partners.errors import TermsMissing


def _spending(call: Call, data: Data) -> dict[str, Any]:
    """What a redemption and an authorisation have in common."""
    return {
        "party": call.party,
        "link": data.get("member"),
        "code": _code(call, data),
        "points": data["points"],
        "reference": data["reference"],
        "priced": _priced(call),
    }


def _code(call: Call, data: Data) -> str | None:
    """The digest of what the member showed or approved, if either."""
    if "approval" in data:
        return asking.digest(call.hub.secrets, data["approval"])
    code = data.get("payment_code")
    return None if code is None else consent.digest(call.hub.secrets, code)


def _priced(call: Call) -> bool:
    """Whether what is accepted now has a price: without terms, no window could settle it."""
    return call.hub.directory.terms(call.party, call.now) is not None


def _redeem(call: Call, data: Data) -> Order:
    return acceptance.redeem(**_spending(call, data), occurred_at=data.get("occurred_at"))


def _authorise(call: Call, data: Data) -> Order:
    return acceptance.authorise(**_spending(call, data), online=data["online"])


def _capture(call: Call, data: Data) -> Order:
    return acceptance.capture(
        party=call.party,
        hold=call.id("authorization"),
        points=data.get("points"),
        priced=_priced(call),
    )


def _void(call: Call, _: Data) -> Order:
    return acceptance.void(party=call.party, hold=call.id("authorization"))


def _refund(call: Call, data: Data) -> Order:
    return returns.refund(party=call.party, **data)


def _find(call: Call, session: Session, _: Data) -> Facts:
    row = exchange.reading.hold(session, call.party, call.id("authorization"))
    if row is None:
        raise HoldNotFound
    return {name: value for name, value in row.items() if value is not None}


_SPEND = (
    PartnerNotActive,
    TermsMissing,
    DuplicateReference,
    MemberNotFound,
    TooManyCodes,
    PaymentCodeInvalid,
    NoMandate,
    MandateLimit,
    MemberLimit,
    WalletFrozen,
    InsufficientPoints,
)
_MEMBER = "mbr_01kdexw000ff6yvw0j6hb7c9nb"

OPERATIONS = (
    Posting(
        name="authorize",
        kind="authorization",
        method="POST",
        path="/v1/authorizations",
        scopes=TILL,
        tag="Accepting",
        summary="Hold points for one sale, so that the goods may go",
        body=schemas.AuthorizationBody,
        answer=schemas.AuthorizationAnswer,
        status=201,
        refusals=_SPEND,
        example={"payment_code": "804821907736154298", "points": 1200, "reference": "T3-0091"},
        order=_authorise,
    ),
    Read(
        name="getAuthorization",
        method="GET",
        path="/v1/authorizations/<aut:authorization>",
        scopes=TILL,
        tag="Accepting",
        summary="The state of an authorization",
        answer=schemas.AuthorizationAnswer,
        refusals=(HoldNotFound,),
        read=_find,
    ),
    Posting(
        name="capture",
        kind="capture",
        method="POST",
        path="/v1/authorizations/<aut:authorization>/capture",
        scopes=TILL,
        tag="Accepting",
        summary="Spend what is held, or part of it; the rest is released",
        body=schemas.CaptureBody,
        answer=schemas.EndedAnswer,
        refusals=(PartnerNotActive, TermsMissing, HoldNotFound, HoldNotOpen, ExceedsHold),
        example={"points": 1150},
        order=_capture,
    ),
    Posting(
        name="void",
        kind="void",
        method="POST",
        path="/v1/authorizations/<aut:authorization>/void",
        scopes=TILL,
        tag="Accepting",
        summary="Let go of what is held",
        body=schemas.Nothing,
        answer=schemas.EndedAnswer,
        refusals=(HoldNotFound, HoldNotOpen),
        example={},
        order=_void,
    ),
    Posting(
        name="redeem",
        kind="redemption",
        method="POST",
        path="/v1/redemptions",
        scopes=TILL,
        tag="Accepting",
        summary="Spend a member's points at once",
        body=schemas.RedemptionBody,
        answer=schemas.TransactionAnswer,
        status=201,
        refusals=_SPEND,
        example={"member": _MEMBER, "points": 300, "reference": "T3-0092"},
        order=_redeem,
    ),
    Posting(
        name="refund",
        kind="refund",
        method="POST",
        path="/v1/refunds",
        scopes=TILL,
        tag="Accepting",
        summary="Give back the points of a redemption or capture, or part of them",
        body=schemas.RefundBody,
        answer=schemas.UndoAnswer,
        status=201,
        refusals=(TransactionNotFound, DuplicateReference, ExceedsCaptured),
        example={
            "transaction": "jrn_01kdexw000ff6yvw0j6hb7c9nb",
            "reference": "RF-17",
            "points": 100,
        },
        order=_refund,
    ),
)
