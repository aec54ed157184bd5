"""Acts on the books: corrections by hand."""

from datetime import datetime

from sqlalchemy.orm import Session

from exchange import adjustments, ledger
from partners import terms
from staff.approvals import Proposal
from web.enactments.acts import Act


def _adjustment(session: Session, decided: Proposal, now: datetime) -> str:
    content = decided.content
    agreed = terms.at(terms.of(session, content["party"]), now)
    order = adjustments.adjust(
        party=content["party"],
        wallet=content["wallet"],
        points=content["points"],
        direction=content["direction"],
        approval=decided.id,
        note=decided.reason,
        terms=agreed.issuing,
    )
    facts = ledger.post_within(session, order).unwrap()
    return f"journal {facts['id']}"


ACTS: dict[str, Act] = {"adjustment": _adjustment}
