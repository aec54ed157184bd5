"""Acts on what is known of others' conversions."""

from datetime import datetime

from sqlalchemy.orm import Session

from exchange import outside_rates
from staff.approvals import Proposal
from web.enactments.acts import Act, with_times


def _outside_rate(session: Session, decided: Proposal, _: datetime) -> str:
    values = with_times(decided.content, "valid_from", "valid_to")
    number = outside_rates.enact(session, outside_rates.NewOutsideRate(**values))
    return f"outside rate out_{number:06d} counted with"


ACTS: dict[str, Act] = {"outside-rate": _outside_rate}
