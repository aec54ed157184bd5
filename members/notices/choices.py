"""What a member wants to be told: by topic, in the inbox and by message."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from members.notices import store
from members.notices.kinds import LARGE_SPEND, SECURITY, TOPICS


@dataclass(frozen=True, slots=True)
class Choice:
    """Topics switched off, and the points from which a spend is an alarm."""

    no_inbox: frozenset[str] = frozenset()
    no_message: frozenset[str] = frozenset()
    large_spend: int = LARGE_SPEND


def of(session: Session, person: UUID) -> Choice:
    """What the person chose; everything is told to who chose nothing."""
    row = store.choice(session, person)
    if row is None:
        return Choice()
    return Choice(frozenset(row.no_inbox), frozenset(row.no_message), row.large_spend)


def choose(session: Session, person: UUID, choice: Choice) -> None:
    """Tell the person so from now on. What concerns security stays in the inbox."""
    store.choose(
        session,
        person,
        {
            "no_inbox": sorted(choice.no_inbox & {*TOPICS} - SECURITY),
            "no_message": sorted(choice.no_message & {*TOPICS}),
            "large_spend": choice.large_spend,
        },
    )
