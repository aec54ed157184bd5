"""Acts on what is agreed: rates, terms, exchange rates, the calendar."""

from datetime import datetime

from sqlalchemy.orm import Session

from exchange import rates
from partners import terms
from settlement import fx_rates
from settlement.calendar import agreeing
from staff.approvals import Proposal
from web.enactments.acts import Act, with_times


def _rate(session: Session, decided: Proposal, _: datetime) -> str:
    values = with_times(decided.content, "valid_from", "valid_to")
    return f"rate rat_{rates.enact(session, rates.NewRate(**values)):06d} agreed"


def _terms(session: Session, decided: Proposal, _: datetime) -> str:
    values = with_times(decided.content, "valid_from")
    return f"terms T-{terms.enact(session, terms.NewTerms(**values))} agreed"


def _fx_rate(session: Session, decided: Proposal, _: datetime) -> str:
    rate = fx_rates.enact(session, decided.content)
    return f"1 {rate.base} = {rate.numerator}/{rate.denominator} {rate.quote} fixed"


def _calendar(session: Session, decided: Proposal, now: datetime) -> str:
    calendar = agreeing.enact(session, agreeing.read(decided.content), now=now)
    return f"windows close every {calendar.every} from {calendar.valid_from:%Y-%m-%d %H:%M} UTC"


ACTS: dict[str, Act] = {
    "rate": _rate,
    "terms": _terms,
    "fx-rate": _fx_rate,
    "calendar": _calendar,
}
