"""One member with a year of history, to sign in as: a household that visits every brand."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from demo.baskets import Basket
from demo.household import Household, meet
from exchange import acceptance, ledger
from kit.database import Database
from kit.secrets import Secrets
from members.people import persons
from members.trust import standing

HOUSEHOLD = 99  # Which visits every brand.
NUMBER, NAME = "+8613800138000", "王小明 Wang Xiaoming"
_DAILY_LIMITS = {"harvest": 2_000, "lantern": 500, "northway": 1_000}


def open_member(
    session: Session, secrets_: Secrets, visits: Sequence[Basket], parties: Mapping[str, int]
) -> tuple[UUID, Household]:
    """The person, and the household that shops under that name."""
    member, household = meet(session, visits, parties, _DAILY_LIMITS, sees="harvest")
    began = visits[0].at
    person = persons.open_person(session, secrets_, NUMBER, member=member, name=NAME, now=began)
    return person, household


def book_a_table(
    database: Database,
    household: Household,
    parties: Mapping[str, int],
    person: UUID,
    now: datetime,
) -> None:
    """Points are held for a table tonight; and the member is trusted as far as the year bears."""
    order = acceptance.authorise(
        party=parties["lantern"],
        link=household.links["lantern"],
        code=None,
        points=120,
        reference="Y-tonight",
        online=True,
    )
    ledger.post(database.hot, [order])[0].unwrap()
    with database.transaction() as session:
        standing.rate(session, [person], now)
