"""How far a member is trusted: a rule of facts alone, from 0 (new) to 5, and what each allows."""

from dataclasses import dataclass

HIGHEST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """`clean_months` are whole ones since the last charge-back, or since the person came.
    `charge_backs` are those of the last twelve months."""

    age_days: int
    phone_verified: bool
    passkey: bool
    clean_months: int
    charge_backs: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Points a day: spent by brands without being asked, given away, exchanged."""

    unapproved_daily: int
    give_daily: int
    exchange_daily: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """What a level asks for. A verified number is asked by every level but the lowest."""

    age_days: int
    clean_months: int
    passkey: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What is missing for the next level: `phone`, `passkey`, `age` (so many more days),
    `clean` (so many more months) or `charge-backs` (so many that must grow a year old)."""

    what: str
    amount: int = 0


RUNGS = {
    1: Rung(age_days=7, clean_months=0, passkey=False),
    2: Rung(age_days=30, clean_months=1, passkey=False),
    3: Rung(age_days=90, clean_months=3, passkey=True),
    4: Rung(age_days=180, clean_months=6, passkey=True),
    5: Rung(age_days=365, clean_months=12, passkey=True),
}

LIMITS = {
    0: Limits(unapproved_daily=500, give_daily=500, exchange_daily=1_000),
    1: Limits(unapproved_daily=2_000, give_daily=1_000, exchange_daily=2_000),
    2: Limits(unapproved_daily=5_000, give_daily=2_000, exchange_daily=5_000),
    3: Limits(unapproved_daily=10_000, give_daily=3_000, exchange_daily=10_000),
    4: Limits(unapproved_daily=20_000, give_daily=10_000, exchange_daily=20_000),
    5: Limits(unapproved_daily=50_000, give_daily=20_000, exchange_daily=50_000),
}


def level(facts: Facts) -> int:
    """The highest rung of which nothing is missing, less one for each charge-back; never below 0.

    Rungs are climbed one after the other: each asks for all that those below it ask for.
    """
    reached = max((rung for rung in RUNGS if not _missing(rung, facts)), default=0)
    return max(0, reached - facts.charge_backs)


def limits(level: int) -> Limits:
    """What a level allows."""
    return LIMITS[level]


def next_steps(facts: Facts) -> list[Step]:
    """What, all done, raises the level by one at least; nothing on the highest.

    A charge-back is made good by a rung more, as long as there is one above.
    """
    if level(facts) == HIGHEST:
        return []
    wanted = level(facts) + 1 + facts.charge_backs
    steps = _missing(min(wanted, HIGHEST), facts)
    if wanted > HIGHEST:
        steps.append(Step("charge-backs", wanted - HIGHEST))
    return steps


def _missing(level: int, facts: Facts) -> list[Step]:
    rung = RUNGS[level]
    steps = []
    if not facts.phone_verified:
        steps.append(Step("phone"))
    if rung.passkey and not facts.passkey:
        steps.append(Step("passkey"))
    if facts.age_days < rung.age_days:
        steps.append(Step("age", rung.age_days - facts.age_days))
    if facts.clean_months < rung.clean_months:
        steps.append(Step("clean", rung.clean_months - facts.clean_months))
    return steps
