"""Where persons stand: rated when something happens to them, and once a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kit.database import Database
from members.trust import levels, store
from members.trust.levels import Limits, Step

BATCH = 1_000  # persons in one transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's level, what it allows a day, and what is missing for the next."""

    level: int
    limits: Limits
    next_steps: list[Step]


def level_of(session: Session, person: UUID) -> int:
    """The level a person was last given; new ones stand at 0."""
    return store.level_of(session, person) or 0


def limits_of(session: Session, person: UUID) -> Limits:
    """What the person may give and exchange in a day, and brands spend without asking."""
    return levels.limits(level_of(session, person))


def of(session: Session, person: UUID, *, now: datetime | None = None) -> Standing:
    """Where a person stands, by the level in force. `now` decides what is still missing."""
    level = level_of(session, person)
    facts = store.facts_of(session, [person], now or datetime.now(UTC)).get(person)
    steps = levels.next_steps(facts) if facts else []
    return Standing(level, levels.limits(level), steps)


def rate(session: Session, persons: Sequence[UUID], now: datetime) -> None:
    """Give these persons the levels that are theirs now, and their wallets the limits.

    Call it in the transaction that opens a person, moves it to another wallet, verifies its
    number, or adds or takes away a passkey. Locks the wallets whose limit changes.
    """
    found = store.facts_of(session, persons, now)
    rated = [(person, levels.level(facts)) for person, facts in found.items()]
    if rated:
        store.rate(
            session,
            [(who, level, levels.limits(level).unapproved_daily) for who, level in rated],
            now,
        )


def forget(session: Session, person: UUID) -> None:
    """Part of erasing a person."""
    store.forget(session, person)


def rate_members(database: Database, now: datetime) -> int:
    """Rate everybody, some at a time; how many there are. A job, safe to run twice."""
    last, rated = store.NOBODY, 0
    while True:
        with database.transaction() as session:
            persons = store.persons_after(session, last, BATCH)
            if not persons:
                return rated
            rate(session, persons, now)
        last, rated = persons[-1], rated + len(persons)
