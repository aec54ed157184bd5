"""Members: enrol them, link those who come from elsewhere, and ask whether they can pay."""

from typing import Any

from sqlalchemy.orm import Session

from exchange.errors import MemberNotFound
from members import balance, consent, enrolment
from members.enrolment import Consent
from members.errors import AlreadyLinked, CustomerKnown, LinkTokenInvalid
from partners import schemas
from partners.api.operations import ANY, ISSUE, TILL, Call, Change, Data, Facts, Read


def _consent(data: Data) -> Consent:
    return Consent(daily_limit=data["daily_limit"], shares_balance=data["shares_balance"])


def _enrol(call: Call, session: Session, data: Data) -> Facts:
    return enrolment.enrol(
        session,
        party=call.party,
        reference=data.get("reference"),
        consent=_consent(data),
        now=call.now,
    ).facts()


def _link(call: Call, session: Session, data: Data) -> Facts:
    return enrolment.link(
        session,
        party=call.party,
        token=data["token"],
        reference=data.get("reference"),
        consent=_consent(data),
        secrets_=call.hub.secrets,
        now=call.now,
    ).facts()


def _find(call: Call, session: Session, _: Data) -> Facts:
    return enrolment.find(session, party=call.party, member=call.id("member")).facts()


def _unlink(call: Call, session: Session, _: Data) -> Facts:
    enrolment.unlink(session, party=call.party, member=call.id("member"))
    return {"id": str(call.id("member")), "unlinked": True}


def _token(call: Call, session: Session, _: Data) -> Facts:
    token, expires_at = enrolment.link_token(
        session,
        party=call.party,
        member=call.id("member"),
        secrets_=call.hub.secrets,
        now=call.now,
    )
    return {"token": token, "expires_at": expires_at.isoformat()}


def _code(call: Call, session: Session, data: Data) -> Facts:
    code, expires_at = consent.payment_code(
        session,
        party=call.party,
        member=call.id("member"),
        max_points=data["max_points"],
        secrets_=call.hub.secrets,
        now=call.now,
    )
    return {"code": code, "expires_at": expires_at.isoformat()}


def _balance(call: Call, session: Session, data: Data) -> Any:
    return balance.balance(
        session,
        party=call.party,
        member=call.id("member"),
        asked=data.get("points"),
        now=call.now,
    )


OPERATIONS = (
    Change(
        name="enrolMember",
        method="POST",
        path="/v1/members",
        scopes=TILL | ISSUE,
        tag="Members",
        summary="Enrol a customer of yours as a new member",
        body=schemas.EnrolBody,
        answer=schemas.MemberAnswer,
        status=201,
        refusals=(CustomerKnown,),
        example={"reference": "C-10442", "daily_limit": 2000},
        work=_enrol,
    ),
    Change(
        name="linkMember",
        method="POST",
        path="/v1/members/links",
        scopes=TILL | ISSUE,
        tag="Members",
        summary="Link a member who brings a token from another partner",
        body=schemas.LinkBody,
        answer=schemas.MemberAnswer,
        status=201,
        refusals=(CustomerKnown, LinkTokenInvalid, AlreadyLinked),
        example={"token": "q5tK0y1m8n2v4x6z8b0d2f4h6j8l0n2p", "daily_limit": 500},
        work=_link,
    ),
    Read(
        name="getMember",
        method="GET",
        path="/v1/members/<mbr:member>",
        scopes=ANY,
        tag="Members",
        summary="What you may do for a member",
        answer=schemas.MemberAnswer,
        refusals=(MemberNotFound,),
        read=_find,
    ),
    Change(
        name="unlinkMember",
        method="DELETE",
        path="/v1/members/<mbr:member>",
        scopes=TILL | ISSUE,
        tag="Members",
        summary="Let go of a member: your link ends at once",
        answer=schemas.UnlinkedAnswer,
        refusals=(MemberNotFound,),
        work=_unlink,
        when_suspended=True,
    ),
    Change(
        name="createLinkToken",
        method="POST",
        path="/v1/members/<mbr:member>/link-tokens",
        scopes=TILL | ISSUE,
        tag="Members",
        summary="A token that the member carries to another partner; ten minutes, one use",
        body=schemas.Nothing,
        answer=schemas.LinkTokenAnswer,
        status=201,
        refusals=(MemberNotFound,),
        example={},
        work=_token,
        sealed=True,
    ),
    Change(
        name="createPaymentCode",
        method="POST",
        path="/v1/members/<mbr:member>/payment-codes",
        scopes=TILL | ISSUE,
        tag="Members",
        summary="A payment code that the member shows at any till; one minute, one use",
        body=schemas.PaymentCodeBody,
        answer=schemas.PaymentCodeAnswer,
        status=201,
        refusals=(MemberNotFound,),
        example={"max_points": 2000},
        work=_code,
        sealed=True,
    ),
    Read(
        name="getBalance",
        method="GET",
        path="/v1/members/<mbr:member>/balance",
        scopes=TILL | ISSUE,
        tag="Members",
        summary="Whether a member can pay; and every lot, where the member shares the balance",
        query=schemas.BalanceQuery,
        answer=schemas.BalanceAnswer,
        refusals=(MemberNotFound,),
        read=_balance,
    ),
)
