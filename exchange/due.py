"""What rates have for somebody to do: a loop that makes points, which only other rates end."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from exchange.arbitrage import find_loop
from exchange.conversions import dated_ways
from kit.due import Due


def due(session: Session, now: datetime) -> list[Due]:
    """One line at most: of several loops the next is found when the first has ended."""
    dated = dated_ways(session, now, now + timedelta(microseconds=1))
    loop = find_loop(way for _, _, way in dated)
    if loop is None:
        return []
    steps = {step.way.name for step in loop.steps}
    begun = (since for since, _, way in dated if since and way.name in steps)
    return [Due(urgency="stuck", kind="loop", at=max(begun, default=None))]
