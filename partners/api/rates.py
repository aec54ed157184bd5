"""Conversion rates: read yours, propose another. The hub's finance approves it."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

import exchange.store
from exchange import rates
from exchange.errors import RateArbitrage, RateOverlap
from partners import schemas
from partners.api.operations import ADMIN, ANY, Call, Change, Data, Facts, Read
from staff import approvals
from staff.audit.recording import acting_from
from staff.errors import AlreadyProposed


def _list(call: Call, session: Session, _: Data) -> Facts:
    return {
        "rates": [
            {**row, "id": f"rat_{row['id']:06d}"}
            for row in exchange.store.rates(session, call.party)
        ]
    }


def _propose(call: Call, session: Session, data: Data) -> Facts:
    reason = data.pop("reason")
    rate = rates.NewRate(party=call.party, **data)
    rates.check(session, rate, to_party=True)
    content: dict[str, Any] = asdict(rate)
    for name in ("valid_from", "valid_to"):
        content[name] = content[name] and content[name].isoformat()
    with acting_from(f"signed request, {call.key.id}"):
        proposal = approvals.propose(
            session,
            kind="rate",
            content=content,
            reason=reason,
            by=f"partner:{call.key.slug}",
            now=call.now,
        )
    return {"id": str(proposal), "state": "waiting"}


OPERATIONS = (
    Read(
        name="listRates",
        method="GET",
        path="/v1/rates",
        scopes=ANY,
        tag="Rates",
        summary="Your conversion rates, past, present and agreed",
        answer=schemas.RatesAnswer,
        read=_list,
    ),
    Change(
        name="proposeRate",
        method="POST",
        path="/v1/rates",
        scopes=ADMIN,
        tag="Rates",
        summary="Propose a rate; it takes effect once the hub approves it",
        body=schemas.RateBody,
        answer=schemas.ProposalAnswer,
        status=202,
        refusals=(RateOverlap, RateArbitrage, AlreadyProposed),
        example={
            "direction": "import",
            "theirs": 10,
            "ours": 3,
            "minimum": 100,
            "step": 10,
            "valid_from": "2027-01-01T00:00:00Z",
        },
        work=_propose,
    ),
)
