"""What happened in a wallet, as a member looks at it: filtered, a page at a time, by its days.

The books' history and the holds that are open now are told as one list.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from exchange import history
from exchange.history import Entry, Hold, Month
from kit import ids
from kit.periods import Period
from members import store

if TYPE_CHECKING:  # The pages import this file.
    from members.pages.wiring import Brand

PAGE: Final = 50
MONTHS: Final = 12

# In the order of the filter.
KINDS: Final = (
    "earned", "spent", "held", "refunded", "clawed_back", "imported", "exported", "given",
    "received", "expired", "adjusted",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """One thing that happened. `points` is signed; a hold has a `state`, and sets points aside.

    `owed` is what repaid a debt or is owed since; `rate` is theirs and ours.
    """

    id: UUID
    at: datetime
    kind: str
    party: int | None
    points: int
    reference: str | None
    owed: int = 0
    rate: tuple[int, int] | None = None
    theirs: int | None = None
    fee: int | None = None
    hold: UUID | None = None
    undoes: UUID | None = None
    undone: int = 0
    state: str | None = None
    captured: int = 0
    expires_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def public_id(self) -> str:
        """A hold's is an authorization's, as partners call it."""
        return ids.to_text("aut" if self.kind == "held" else "jrn", self.id)

    @property
    def at_a_brand(self) -> bool:
        """Whether a brand did it; else it was the hub, or another member."""
        return self.kind not in ("given", "received", "returned", "adjusted", "expired")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which movements: of one kind, brand and period, or of all."""

    kind: str | None = None
    brand: "Brand | None" = None
    period: Period | None = None

    @property
    def query(self) -> dict[str, str]:
        """In the order of the form, without what is not asked: equal views have equal URLs."""
        named = {
            "kind": self.kind,
            "brand": self.brand.slug if self.brand else None,
            "period": self.period.text if self.period else None,
        }
        return {name: value for name, value in named.items() if value}

    def terms(self, zone: ZoneInfo) -> dict[str, Any]:
        """As the books' history is asked."""
        since, until = self.period.moments(zone.key) if self.period else (None, None)
        return {
            "kinds": [self.kind] if self.kind else None,
            "party": self.brand.party if self.brand else None,
            "since": since,
            "until": until,
        }

    def includes(self, hold: Movement, zone: ZoneInfo) -> bool:
        """Whether a hold is wanted."""
        terms = self.terms(zone)
        return (
            self.kind in (None, "held")
            and terms["party"] in (None, hold.party)
            and (terms["since"] is None or terms["since"] <= hold.at < terms["until"])
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Movements, newest first. `older` is the cursor of the next page, None on the last."""

    movements: list[Movement]
    older: UUID | None


def page(
    session: Session,
    wallet: int,
    wanted: Wanted,
    zone: ZoneInfo,
    *,
    before: UUID | None = None,
    limit: int = PAGE,
) -> Page | None:
    """A page of what is wanted, open holds in their places; None where `before` is no journal of
    this wallet any more.

    A page is of so many journals; holds that are open are few, and come on top.
    """
    start = None
    if before is not None:
        start = history.entry(session, wallet, before)
        if start is None:
            return None
    found: list[Entry] | None = []
    if wanted.kind != "held":
        found = history.page(session, wallet, before=before, limit=limit, **wanted.terms(zone))
    if found is None:
        return None
    more, found = len(found) > limit, found[:limit]
    holds = [
        hold
        for hold in map(of_hold, history.holds(session, wallet))
        if wanted.includes(hold, zone)
        and (start is None or hold.at < start.at)
        and (not more or hold.at >= found[-1].at)
    ]
    both = sorted([*map(of_entry, found), *holds], key=lambda one: (one.at, one.id), reverse=True)
    return Page(movements=both, older=found[-1].id if more else None)


def one(session: Session, wallet: int, public_id: str) -> Movement | None:
    """A journal or a hold of this wallet by its public id; None for anybody else's."""
    if (journal := ids.from_text("jrn", public_id)) is not None:
        entry = history.entry(session, wallet, journal)
        return None if entry is None else of_entry(entry)
    if (hold := ids.from_text("aut", public_id)) is not None:
        row = store.hold(session, wallet, hold)
        return None if row is None else of_row(row)
    return None


def related(session: Session, wallet: int, to: Movement) -> list[tuple[str, Movement]]:
    """What a movement undoes and what undid it, what it captured and what captured it."""
    found: list[tuple[str, Movement]] = []
    if to.undoes is not None and (entry := history.entry(session, wallet, to.undoes)):
        found.append(("undoes", of_entry(entry)))
    if to.hold is not None and (row := store.hold(session, wallet, to.hold)):
        found.append(("captures", of_row(row)))
    if to.kind != "held":
        undone = history.undone_by(session, wallet, to.id)
        found += [("undone", of_entry(entry)) for entry in undone]
    elif to.state == "captured" and to.party is not None and to.reference is not None:
        journal = store.capture_of(session, to.party, to.reference)
        if journal is not None and (entry := history.entry(session, wallet, journal)):
            found.append(("captured", of_entry(entry)))
    return found


def parts(session: Session, wallet: int, of: Movement) -> list[history.Part]:
    """The lots that a movement took from or gave to, or sets aside."""
    if of.kind == "held":
        return history.hold_parts(session, wallet, of.id)
    return history.parts(session, wallet, of.id)


def year(session: Session, wallet: int, today: date) -> list[Month]:
    """Twelve months, this one last, with nothing in those in which nothing happened."""
    first = today.year * 12 + today.month - MONTHS
    months = [date(n // 12, n % 12 + 1, 1) for n in range(first, first + MONTHS)]
    known = {each.month: each for each in history.monthly(session, wallet, months[0])}
    return [known.get(month, Month(month, 0, 0)) for month in months]


def by_day(movements: Iterable[Movement], zone: ZoneInfo) -> list[tuple[date, list[Movement]]]:
    """Movements under the days of the zone, in their own order."""
    return [
        (day, list(of_day))
        for day, of_day in groupby(movements, lambda one: one.at.astimezone(zone).date())
    ]


def of_entry(entry: Entry) -> Movement:
    """A journal of the books."""
    return Movement(
        id=entry.id,
        at=entry.at,
        kind="returned" if _came_back(entry) else entry.kind,
        party=entry.party,
        points=entry.points,
        reference=entry.reference,
        owed=entry.owed,
        rate=entry.rate,
        theirs=entry.theirs,
        fee=entry.fee,
        hold=entry.hold,
        undoes=entry.undoes,
        undone=entry.undone,
    )


def of_hold(hold: Hold) -> Movement:
    """A hold that is open."""
    return Movement(
        id=hold.id,
        at=hold.held_at,
        kind="held",
        party=hold.party,
        points=-hold.points,
        reference=hold.reference,
        state="held",
        expires_at=hold.expires_at,
    )


def of_row(row: RowMapping) -> Movement:
    """A hold, whatever became of it."""
    return Movement(
        id=row["id"],
        at=row["held_at"],
        kind="held",
        party=row["party_id"],
        points=-row["points"],
        reference=row["reference"],
        state=row["state"],
        captured=row["captured"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
    )


def _came_back(entry: Entry) -> bool:
    """A gift that its receiver did not take: what brings it back names the gift and its end."""
    words = (entry.reference or "").split()
    return (
        entry.kind == "received"
        and len(words) == 2
        and words[0].startswith("gft_")
        and words[1] != "accepted"
    )
