"""What happens when a second person approves: each kind of proposal, and who carries it out."""

from typing import Any
from uuid import UUID

from kit.clock import Clock
from kit.database import Database
from settlement.sealing.sealer import Sealer
from staff import approvals
from web.enactments import (
    bank,
    books,
    defaults,
    disputes,
    exchanges,
    partners,
    people,
    rates,
    terms,
    windows,
)
from web.enactments.acts import Act

ACTS: dict[str, Act] = {
    **books.ACTS,
    **rates.ACTS,
    **terms.ACTS,
    **partners.ACTS,
    **exchanges.ACTS,
    **windows.ACTS,
    **bank.ACTS,
    **disputes.ACTS,
    **people.ACTS,
}
KINDS = {*ACTS, *defaults.KINDS}


def decide(
    database: Database,
    *,
    proposal: UUID,
    by: str,
    approve: bool,
    clock: Clock,
    signer: Sealer,
    seen: bytes | None = None,
    because: str = "",
) -> dict[str, Any]:
    """Approve and carry out, or reject: one transaction, so that neither happens without the other.

    Raises what `approvals.decide` and the act refuse; the proposal then waits on.
    """
    acts = ACTS | defaults.acts(signer)
    now = clock()
    with database.transaction() as session:
        decided = approvals.decide(
            session, proposal=proposal, by=by, approve=approve, now=now, seen=seen, because=because
        )
        effect = ""
        if approve:
            effect = acts[decided.kind](session, decided, now)
            approvals.note_effect(session, decided.id, effect)
    return {"id": proposal, "kind": decided.kind, "state": decided.state, "effect": effect}
