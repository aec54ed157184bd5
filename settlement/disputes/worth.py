"""What contested lines come to in money: what their issuers would pay their acceptors."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from partners import terms
from partners.agreement import Terms
from settlement import postings
from settlement.movements import Movement
from settlement.obligations import price
from settlement.reckoning import FLOAT, HUB

Line = tuple[UUID, int]  # A journal, and whose points of it.


def worth(session: Session, lines: Iterable[Line]) -> Mapping[Line, int]:
    """Minor units of the hub's currency, by line; as an obligation of each line alone is rounded.

    Raises PointsUnpriced.
    """
    found = postings.lines(session, lines)
    agreed = terms.every(session) if found else {}
    return {line: _spent(movements, agreed) for line, movements in found.items()}


def _spent(movements: Iterable[Movement], agreed: Mapping[int, Terms]) -> int:
    owed = price(movements, agreed, hub=HUB, float_=FLOAT)
    return sum(each.amount for each in owed if each.kind == "spent")
