"""A partner's record: each settled window with what it owed, when that came, and what was short."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from settlement.defaults.security import standings
from settlement.trust.levels import Facts

GRACE: Final = timedelta(days=3)  # that money may be on its way between banks
YEAR: Final = 12  # windows
MOST: Final = 36  # windows that are looked at

_SETTLED = """
    SELECT w.name, s.call_on, p.pays, p.net, a.came, a.came_on, f.amount AS short, f.cured_at
    FROM settlement.settlement s
    JOIN exchange."window" w ON w.id = s.window_id
    JOIN settlement.position p
        ON (p.window_id, p.revision, p.party_id) = (s.window_id, s.revision, :party)
    LEFT JOIN settlement.shortfall f ON (f.window_id, f.party_id) = (s.window_id, p.party_id)
    LEFT JOIN LATERAL (
        SELECT bool_and(c.received_on IS NOT NULL OR coalesce(b.matched, 0) >= y.amount) AS came,
               max(coalesce(c.received_on, b.booked_on)) AS came_on
        FROM settlement.payment y
        LEFT JOIN settlement.payment_confirmation c
            ON (c.window_id, c.revision, c.number) = (y.window_id, y.revision, y.number)
        LEFT JOIN LATERAL (
            SELECT sum(m.amount) AS matched, max(e.booked_on) AS booked_on
            FROM settlement.bank_match m JOIN settlement.bank_entry e ON e.id = m.entry_id
            WHERE (m.window_id, m.revision, m.number) = (y.window_id, y.revision, y.number)) b
            ON true
        WHERE (y.window_id, y.revision, y.payer) = (s.window_id, s.revision, p.party_id)) a ON true
    WHERE s.state = 'settled' ORDER BY s.window_id DESC LIMIT :most
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One settled window, amounts in minor units of the hub's currency: what it `owed` to others
    before netting, its `net` (below nothing it pays), due on `due_on`; `came_on` is when all of it
    was there, if it ever was; `short` what it fell short of."""

    window: str
    owed: int
    net: int
    due_on: date
    came_on: date | None
    short: int | None = None
    cured_at: datetime | None = None

    @property
    def late(self) -> bool:
        """Whether what it had to pay came after its day, or never."""
        return self.net < 0 and (self.came_on is None or self.came_on > self.due_on + GRACE)

    @property
    def clean(self) -> bool:
        return not self.late and self.short is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """`kept` newest first; `usual` is what it owed in a window, on average of a year's; `security`
    what it left with the hub."""

    kept: Sequence[Kept]
    facts: Facts
    usual: int
    security: int


def record_of(session: Session, party: int, now: datetime) -> Record:
    """How a partner has settled so far."""
    rows = session.execute(text(_SETTLED), {"party": party, "most": MOST}).mappings()
    kept = [
        Kept(
            window=row["name"],
            owed=row["pays"],
            net=row["net"],
            due_on=row["call_on"],
            came_on=row["came_on"] if row["came"] else None,
            short=row["short"],
            cured_at=row["cured_at"],
        )
        for row in rows
    ]
    (left,) = standings(session, [party], now)
    year = kept[:YEAR]
    clean = next((place for place, each in enumerate(kept) if not each.clean), len(kept))
    facts = Facts(
        clean=clean,
        late=sum(each.late for each in year),
        secured=left.collateral >= left.collateral_agreed and left.fund >= left.fund_agreed,
        short=any(each.short is not None and each.cured_at is None for each in kept),
    )
    usual = sum(each.owed for each in year) // len(year) if year else 0
    return Record(kept=kept, facts=facts, usual=usual, security=left.collateral + left.fund)
