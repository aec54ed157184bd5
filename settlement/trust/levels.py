"""How far a partner is trusted: a rule of facts alone, from 0 (new) to 5, and what each bears."""

from dataclasses import dataclass
from typing import Final, Literal

HIGHEST: Final = 5

What = Literal["default", "windows", "security", "late"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """`clean` are settled windows since the last one that it was late in or fell short of, `late`
    those of the last twelve. `secured`: it left all that its terms ask; `short`: a shortfall of its
    has not been made good."""

    clean: int
    late: int
    secured: bool
    short: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """What a level asks for, and how many of its usual windows it bears beyond security."""

    clean: int
    secured: bool
    bears: int


@dataclass(frozen=True, slots=True)
class Step:
    """What is missing for the next level: `windows` settled in time (so many more), `security`,
    `default` (to be made good), or `late` (so many that must grow a year old)."""

    what: What
    amount: int = 0


RUNGS: Final = {
    0: Rung(clean=0, secured=False, bears=0),
    1: Rung(clean=1, secured=False, bears=1),
    2: Rung(clean=3, secured=False, bears=2),
    3: Rung(clean=6, secured=True, bears=3),
    4: Rung(clean=12, secured=True, bears=6),
    5: Rung(clean=24, secured=True, bears=12),
}


def level(facts: Facts) -> int:
    """The highest rung of which nothing is missing, less one for each late window of a year; 0 as
    long as a shortfall is open."""
    if facts.short:
        return 0
    reached = max(rung for rung in RUNGS if not _missing(rung, facts))
    return max(0, reached - facts.late)


def next_steps(facts: Facts) -> list[Step]:
    """What, all done, raises the level by one at least; nothing on the highest."""
    now = level(facts)
    if now == HIGHEST:
        return []
    if facts.short:
        return [Step("default")]
    wanted = now + 1 + facts.late
    steps = _missing(min(wanted, HIGHEST), facts)
    if wanted > HIGHEST:
        steps.append(Step("late", wanted - HIGHEST))
    return steps


def bearable(level: int, usual: int, security: int) -> int:
    """How large a cap this level bears, in minor units: its security, and so many of its windows.

    `usual` is what it owed in a window on average. A cap is agreed by two people; this tells them.
    """
    return security + RUNGS[level].bears * usual


def _missing(level: int, facts: Facts) -> list[Step]:
    rung = RUNGS[level]
    steps = []
    if facts.clean < rung.clean:
        steps.append(Step("windows", rung.clean - facts.clean))
    if rung.secured and not facts.secured:
        steps.append(Step("security"))
    return steps
