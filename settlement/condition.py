"""How the hub itself is: what waits to leave it, what is not sealed or added up yet, how big it is.

Each figure is read by an index or counted up to a bound, so that asking costs the same in trouble.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

import settlement.store
from settlement.sealing import store as sealing
from settlement.sealing.store import FOR_EVER

BOUND: Final = 10_000  # what waits is counted up to here
TAIL: Final = 256  # pages at the end of the journal, more than BOUND lines


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """How many wait (up to BOUND), and since when the oldest does."""

    count: int
    since: datetime | None

    @property
    def many(self) -> bool:
        """Whether there may be more than were counted."""
        return self.count >= BOUND


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Exchanges at one partner whose outcome is not known; `tries` of the one asked most often."""

    slug: str
    name: str
    count: int
    since: datetime
    tries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """The newest head of the log, how many leaves it has, and the lines that came after it."""

    size: int
    at: datetime | None
    behind: Waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """`closings`: windows whose closing was cut short; `unsummed`: lines not in the totals yet;
    `size` in bytes."""

    notices: Waiting
    queue: Waiting
    exchanges: list[Asked]
    sealed: Sealed
    closings: list[str]
    unsummed: Waiting
    size: int
    connections: int


def look(session: Session) -> Condition:
    """How the hub is now."""
    return Condition(
        notices=_waiting(
            session, "SELECT due_at AS at FROM members.notice WHERE state = 'waiting'"
        ),
        queue=_waiting(
            session,
            "SELECT coalesce(scheduled_at, now()) AS at FROM jobs.procrastinate_jobs"
            " WHERE status IN ('todo', 'doing')",
        ),
        exchanges=_exchanges(session),
        sealed=_sealed(session),
        closings=settlement.store.windows_in_closing(session),
        unsummed=_unsummed(session),
        size=_one(session, "SELECT pg_database_size(current_database())"),
        connections=_one(
            session,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
        ),
    )


def _waiting(session: Session, sql: str) -> Waiting:
    row = session.execute(
        text(f"SELECT count(*), min(at) FROM ({sql} ORDER BY 1 LIMIT {BOUND}) few")  # noqa: S608
    ).one()
    return Waiting(count=row[0], since=row[1])


def _exchanges(session: Session) -> list[Asked]:
    """The longest waiting partner first."""
    rows = session.execute(
        text(
            "SELECT p.slug, p.name, count(*) AS count, min(x.since) AS since, max(x.tries) AS tries"
            " FROM (SELECT party_id, coalesce(first_asked_at, confirmed_at) AS since, tries"
            "       FROM partners.exchange WHERE ask_at IS NOT NULL LIMIT :bound) x"
            " JOIN partners.partner p ON p.party_id = x.party_id"
            " GROUP BY p.slug, p.name ORDER BY since"
        ),
        {"bound": BOUND},
    ).mappings()
    return [Asked(**row) for row in rows]


def _sealed(session: Session) -> Sealed:
    head = sealing.latest_head(session)
    _, next_ = sealing.end(session)
    behind = _lines(session, next_) + sealing.count_entries(session, next_, FOR_EVER)
    return Sealed(
        size=head.size if head else 0, at=head.at if head else None, behind=_at_most(behind)
    )


def _unsummed(session: Session) -> Waiting:
    return _at_most(_lines(session, _one(session, "SELECT xid FROM exchange.watermark")))


def _at_most(count: int) -> Waiting:
    return Waiting(count=min(count, BOUND), since=None)


def _lines(session: Session, since: int) -> int:
    """Of this transaction and later ones: the journal only grows, so they are at its end."""
    pages = _one(
        session, "SELECT pg_relation_size('exchange.posting') / current_setting('block_size')::int"
    )
    first = f"({max(pages - TAIL, 0)},1)"
    return session.execute(
        text("SELECT count(*) FROM exchange.posting WHERE xid >= :since AND ctid >= :first ::tid"),
        {"since": since, "first": first},
    ).scalar_one()


def _one(session: Session, sql: str) -> Any:
    return session.execute(text(sql)).scalar_one()
