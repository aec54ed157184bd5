"""Issuing: accruals, imports with and without a quote, clawbacks."""

from typing import Any

from sqlalchemy.orm import Session

from exchange import issuing, rates, returns
from exchange.errors import (
    AmountNotConvertible,
    DailyCap,
    DuplicateReference,
    ExceedsAccrued,
    MemberNotFound,
    NoRate,
    PartnerNotActive,
    PositionLimit,
    QuoteExpired,
    QuoteNotFound,
    QuoteUsed,
    TransactionNotFound,
)
from exchange.orders import Order
from partners import schemas
from partners.api.operations import ISSUE, Call, Change, Data, Facts, Posting
from partners.errors import TermsMissing


def _issuing(call: Call, data: Data) -> dict[str, Any]:
    """What an accrual and an import have in common."""
    agreed = call.hub.directory.terms(call.party, call.now)
    return {
        "party": call.party,
        "link": data["member"],
        "reference": data["reference"],
        "terms": agreed and agreed.issuing,
        "occurred_at": data.get("occurred_at"),
    }


def _accrue(call: Call, data: Data) -> Order:
    return issuing.accrue(points=data["points"], **_issuing(call, data))


def _import(call: Call, data: Data) -> Order:
    return issuing.import_points(
        theirs=data.get("theirs"), quote=data.get("quote"), **_issuing(call, data)
    )


def _quote(call: Call, session: Session, data: Data) -> Facts:
    return rates.quote(
        session, party=call.party, link=data["member"], theirs=data["theirs"], now=call.now
    )


def _claw_back(call: Call, data: Data) -> Order:
    return returns.claw_back(
        party=call.party,
        transaction=call.id("transaction"),
        reference=data["reference"],
        points=data.get("points"),
        occurred_at=data.get("occurred_at"),
    )


_MEMBER = "mbr_01kdexw000ff6yvw0j6hb7c9nb"

OPERATIONS = (
    Posting(
        name="accrue",
        kind="accrual",
        method="POST",
        path="/v1/accruals",
        scopes=ISSUE,
        tag="Issuing",
        summary="Issue points to a member on a sale",
        body=schemas.AccrualBody,
        answer=schemas.TransactionAnswer,
        status=201,
        refusals=(
            PartnerNotActive,
            TermsMissing,
            MemberNotFound,
            DuplicateReference,
            PositionLimit,
        ),
        example={"member": _MEMBER, "reference": "R-2026-88121", "points": 120},
        order=_accrue,
    ),
    Change(
        name="quoteImport",
        method="POST",
        path="/v1/quotes",
        scopes=ISSUE,
        tag="Issuing",
        summary="A firm price for importing your own points; five minutes, one use",
        body=schemas.QuoteBody,
        answer=schemas.QuoteAnswer,
        status=201,
        refusals=(MemberNotFound, NoRate, AmountNotConvertible),
        example={"member": _MEMBER, "theirs": 1000},
        work=_quote,
    ),
    Posting(
        name="importPoints",
        kind="import",
        method="POST",
        path="/v1/imports",
        scopes=ISSUE,
        tag="Issuing",
        summary="Replace your own points by shared ones, at a quote or at the rate in force",
        body=schemas.ImportBody,
        answer=schemas.TransactionAnswer,
        status=201,
        refusals=(
            PartnerNotActive,
            TermsMissing,
            MemberNotFound,
            DuplicateReference,
            QuoteNotFound,
            QuoteUsed,
            QuoteExpired,
            NoRate,
            AmountNotConvertible,
            PositionLimit,
            DailyCap,
        ),
        example={"member": _MEMBER, "reference": "I-3307", "theirs": 1000},
        order=_import,
    ),
    Posting(
        name="clawBack",
        kind="clawback",
        method="POST",
        path="/v1/accruals/<jrn:transaction>/clawbacks",
        scopes=ISSUE,
        tag="Issuing",
        summary="Take issued or imported points back, because the goods came back",
        body=schemas.ClawbackBody,
        answer=schemas.UndoAnswer,
        status=201,
        refusals=(TransactionNotFound, DuplicateReference, ExceedsAccrued),
        example={"reference": "RET-551", "points": 60},
        order=_claw_back,
    ),
)
