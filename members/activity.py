"""What happened in a wallet, as a member looks at it: filtered, a page at a time, by its days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kit import ids
from kit.periods import Period
from members.pages.wiring import Brand

# As the books' history calls what moved points, in the order of the filter.
KINDS = (
    "earned", "spent", "held", "refunded", "clawed_back", "imported", "exported", "given",
    "received", "returned", "expired", "adjusted",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which entries: of one kind, brand and period, or of all."""

    kind: str | None = None
    brand: Brand | None = None
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


def by_day(entries: Iterable[Any], zone: ZoneInfo) -> list[tuple[date, list[Any]]]:
    """Entries under the days of the zone, in their own order."""
    return [
        (day, list(of_day))
        for day, of_day in groupby(entries, lambda entry: entry.at.astimezone(zone).date())
    ]


def id_of(entry: Any) -> str:
    """The public id of a movement: a hold's is an authorization's, as partners call it."""
    return ids.to_text("aut" if entry.kind == "held" else "jrn", entry.id)


def read_id(text: str) -> tuple[str, UUID] | None:
    """The prefix and the id of a movement, or None when the text is no such id."""
    prefix = text.partition("_")[0]
    found = ids.from_text(prefix, text) if prefix in ("aut", "jrn") else None
    return None if found is None else (prefix, found)
