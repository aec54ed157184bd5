"""Approvals by API: where members may be sent back to, asking them, and what they said."""

from uuid import UUID

from sqlalchemy.orm import Session

from exchange.errors import MemberNotFound
from kit.ids import to_text
from partners.api.operations import ADMIN, TILL, Call, Change, Data, Facts, Operation, Read
from partners.asking import asking, schemas, store
from partners.asking.errors import (
    ApprovalNotFound,
    OriginRefused,
    ReturnOriginUnknown,
    TooManyApprovals,
)


def _origins(call: Call, session: Session, _: Data) -> Facts:
    return {"origins": store.origins(session, call.party)}


def _register(call: Call, session: Session, data: Data) -> Facts:
    origins = asking.register_origins(
        session,
        party=call.party,
        origins=data["origins"],
        production=call.hub.production,
        now=call.now,
    )
    return {"origins": origins}


def _ask(call: Call, session: Session, data: Data) -> Facts:
    link = data.pop("member", None)
    approval = asking.ask(session, party=call.party, link=link, now=call.now, **data)
    return _facts(call, session, approval)


def _find(call: Call, session: Session, _: Data) -> Facts:
    return _facts(call, session, call.id("approval"))


def _facts(call: Call, session: Session, approval: UUID) -> Facts:
    """What a partner reads of an approval of its own. Raises ApprovalNotFound."""
    row = store.find(session, approval, call.now)
    if row is None or row["party_id"] != call.party:
        raise ApprovalNotFound
    facts = {
        "id": str(row["id"]),
        "url": f"{call.hub.origin}/pay/approve/{to_text('apv', row['id'])}",
        "state": asking.state(row),
        "member": row["link_id"] and str(row["link_id"]),
        "points": row["points"],
        "reference": row["reference"],
        "description": row["description"],
        "return_url": row["return_url"],
        "asked_at": row["asked_at"].isoformat(),
        "expires_at": row["ends_at"].isoformat(),
        "decided_at": row["decided_at"] and row["decided_at"].isoformat(),
    }
    return {name: value for name, value in facts.items() if value is not None}


OPERATIONS: tuple[Operation, ...] = (
    Read(
        name="listReturnOrigins",
        method="GET",
        path="/v1/return-origins",
        scopes=TILL | ADMIN,
        tag="Approvals",
        summary="Where members may be sent back to",
        answer=schemas.OriginsAnswer,
        read=_origins,
    ),
    Change(
        name="putReturnOrigins",
        method="PUT",
        path="/v1/return-origins",
        scopes=ADMIN,
        tag="Approvals",
        summary="Say where members may be sent back to: all of the origins, each https",
        body=schemas.OriginsBody,
        answer=schemas.OriginsAnswer,
        refusals=(OriginRefused,),
        example={"origins": ["https://shop.example"]},
        work=_register,
    ),
    Change(
        name="askApproval",
        method="POST",
        path="/v1/approvals",
        scopes=TILL,
        tag="Approvals",
        summary="Ask a member to approve an online spend; ten minutes",
        body=schemas.ApprovalBody,
        answer=schemas.ApprovalAnswer,
        status=201,
        refusals=(MemberNotFound, ReturnOriginUnknown, TooManyApprovals),
        example={
            "points": 5000,
            "reference": "TR-88213",
            "description": "Flight on 6 December",
            "return_url": "https://shop.example/checkout/88213",
        },
        work=_ask,
    ),
    Read(
        name="getApproval",
        method="GET",
        path="/v1/approvals/<apv:approval>",
        scopes=TILL,
        tag="Approvals",
        summary="What became of an approval",
        answer=schemas.ApprovalAnswer,
        refusals=(ApprovalNotFound,),
        read=_find,
    ),
)
