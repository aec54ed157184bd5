"""Every issuer's exposure against its cap now, as issuing would judge it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from partners.agreement import MILLION

_EXPOSURES = """
    SELECT p.slug, p.name, e.points, e.owed, coalesce(t.issue_price, e.price) AS price,
           CASE WHEN t.id IS NULL THEN e.cap ELSE t.cap END AS cap
    FROM exchange.exposure e
    JOIN partners.partner p ON p.party_id = e.party_id
    LEFT JOIN partners.terms t ON t.party_id = e.party_id AND t.valid @> :now
    WHERE p.state <> 'closed' OR e.points <> 0 OR e.owed <> 0
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposure:
    """`amount` is points at their price and money owed, in minor units; cap None is no cap."""

    slug: str
    name: str
    points: int
    owed: int
    amount: int
    cap: int | None

    @property
    def used(self) -> float:
        """The share of the cap; without one, nothing is used up."""
        return self.amount / self.cap if self.cap else 0.0


def exposures(session: Session, now: datetime) -> list[Exposure]:
    """The most used cap first; those that have none last, the largest of them first."""
    found = [
        Exposure(
            slug=row["slug"],
            name=row["name"],
            points=row["points"],
            owed=row["owed"],
            amount=-(-row["points"] * row["price"] // MILLION) + row["owed"],
            cap=row["cap"],
        )
        # The row keeps the price and cap of the last issue; those agreed since are what counts.
        for row in session.execute(text(_EXPOSURES), {"now": now}).mappings()
    ]
    return sorted(found, key=lambda each: (each.cap is None, -each.used, -each.amount, each.slug))
