"""What the brands' own computers counted, to be held against what the hub's statements say."""

from collections import Counter
from dataclasses import dataclass, field

MOVEMENTS = ("issued", "clawed back", "spent", "refunded")


@dataclass(slots=True)
class Tally:
    """Counts of one client process, or of all of them added up."""

    answers: int = 0  # With a signature of the hub's that verified.
    unverified: int = 0
    seconds: float = 0.0
    acts: Counter[str] = field(default_factory=Counter)  # Steps done, by kind.
    points: Counter[tuple[str, str]] = field(default_factory=Counter)  # By brand and movement.
    rightly_refused: Counter[str] = field(default_factory=Counter)  # Meant to be, by code.
    replayed: int = 0  # Sent twice, booked once.
    surprises: list[str] = field(default_factory=list)  # What went another way than planned.

    def add(self, other: "Tally") -> None:
        """Take in the counts of another process, which worked at the same time."""
        self.answers += other.answers
        self.unverified += other.unverified
        self.seconds = max(self.seconds, other.seconds)
        self.acts.update(other.acts)
        self.points.update(other.points)
        self.rightly_refused.update(other.rightly_refused)
        self.replayed += other.replayed
        self.surprises += other.surprises

    @property
    def clean(self) -> bool:
        """Did everything go as planned, under signatures that verified?"""
        return not self.unverified and not self.surprises
