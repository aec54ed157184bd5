"""Whether the books balance, as far as anybody has looked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from settlement.book_checks import store
from settlement.book_checks.errors import BooksDoNotBalance

STALE = timedelta(minutes=15)  # A check comes every five: the third that is missed is news.


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """An invariant that was violated so often."""

    name: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """`at` is when anybody looked last, `full_at` when everything was asked; None is never."""

    at: datetime | None
    full_at: datetime | None
    failed: tuple[Failed, ...]
    took_ms: int = 0
    asked: int = 0

    @property
    def balances(self) -> bool:
        """Nothing that was looked at was wrong."""
        return not self.failed

    def stale(self, now: datetime) -> bool:
        """The last look is too long ago to rely on."""
        return self.at is None or now - self.at > STALE


def standing(session: Session) -> Standing:
    """What the last checks found. What a full check found wrong stands until the next full one; a
    quick one has not looked everywhere."""
    last = {row["depth"]: row for row in store.last(session)}
    full, quick = last.get("full"), last.get("quick")
    newest = max(last.values(), key=lambda row: row["at"], default=None)
    counts: dict[str, int] = {}
    for row in (full, quick):
        if row is None or (row is quick and full is not None and full["at"] > row["at"]):
            continue
        counts |= {each["name"]: each["count"] for each in row["failed"]}
    return Standing(
        at=newest["at"] if newest else None,
        full_at=full["at"] if full else None,
        failed=tuple(Failed(name=name, count=counts[name]) for name in sorted(counts)),
        took_ms=newest["took_ms"] if newest else 0,
        asked=newest["asked"] if newest else 0,
    )


def refuse_unless_balanced(session: Session) -> None:
    """Raises BooksDoNotBalance while the last check's finding stands. Books that nobody has checked
    yet are not known to be wrong."""
    found = standing(session)
    if not found.balances:
        raise BooksDoNotBalance(failed=", ".join(each.name for each in found.failed))
