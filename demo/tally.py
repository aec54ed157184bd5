"""What the brands' own computers counted, to be held against what the hub's statements say."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts of one client process, or of all of them added up."""

    answers: int = 0  # With a signature of the hub's that verified.
    unverified: int = 0
    seconds: float = 0.0
    acts: Counter[str] = field(default_factory=Counter)  # Steps done, by kind, and kind and way.
    points: Counter[tuple[str, str]] = field(default_factory=Counter)  # By (brand, movement).
    surprises: list[str] = field(default_factory=list)  # What went another way than planned.

    def add(self, other: "Tally") -> None:
        """Take in the counts of another process, which worked at the same time."""
        self.answers += other.answers
        self.unverified += other.unverified
        self.seconds = max(self.seconds, other.seconds)
        self.acts.update(other.acts)
        self.points.update(other.points)
        self.surprises += other.surprises

    @property
    def clean(self) -> bool:
        """Did everything go as planned, under signatures that verified?"""
        return not self.unverified and not self.surprises
