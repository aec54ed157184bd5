"""How many points will ever be used: the chain ladder, on curves of redemption.

A vintage is what was issued in one month; its age is counted in months, the month of issue is
age 0. `used` is cumulative: what was spent, less what was refunded, by the end of each age.

The chain ladder (Mack 1993) takes for the development from one age to the next the ratio of all
vintages' used points at both, and for the future of a young vintage what the older ones did. Its
weakness is thin data: a vintage of which next to nothing was used yet. That one is worth what the
whole is worth (Cape Cod: Stanard 1985, Bühlmann) for the part of its life still to come. With too
few observed developments there is no estimate at all, and every point counts as one that will be
used: IFRS 15.B46 then has breakage wait until using the points is remote.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

LEAST_LINKS = 3  # Observed developments from age to age, before a curve is believed.
CREDIBLE = Fraction(1, 4)  # A vintage is projected by itself once so much of its use has come.
FITTED = 6  # The latest developments, to which the tail is fitted.
MILLION = 1_000_000

Method = Literal["run off", "chain ladder", "cape cod", "no estimate"]


@dataclass(frozen=True, slots=True)
class Vintage:
    """Points `issued` in one month (less clawed back), and those used by the end of each age.

    The last age may still go on: then `complete` is False.
    """

    issued: int
    used: tuple[int, ...]
    outstanding: int
    complete: bool = True

    @property
    def known(self) -> int:
        """The number of ages that are over."""
        return len(self.used) if self.complete else len(self.used) - 1


@dataclass(frozen=True, slots=True)
class Link:
    """The development from one age to the next: `later / earlier`, of `vintages` that saw both."""

    earlier: int
    later: int
    vintages: int

    @property
    def factor(self) -> Fraction | None:
        """At least 1: refunds do not make a curve fall. None where nothing had been used yet."""
        return max(Fraction(self.later, self.earlier), Fraction(1)) if self.earlier > 0 else None


@dataclass(frozen=True, slots=True)
class Curve:
    """The share of all that will ever be used that was used by the end of each age; the last is 1.

    `expected` is the share of issued points that will ever be used, by the vintages' own use.
    """

    links: tuple[Link, ...]
    tail: Fraction
    developed: tuple[Fraction, ...]
    expected: Fraction

    def by(self, age: int) -> Fraction:
        """The share used by the end of an age: nothing before age 0, all after the last."""
        if age < 0:
            return Fraction(0)
        return self.developed[min(age, len(self.developed) - 1)]


@dataclass(frozen=True, slots=True)
class Projection:
    """How many of a vintage's points will ever be used, and how that was found."""

    ultimate: int
    method: Method


def links(vintages: Iterable[Vintage]) -> tuple[Link, ...]:
    """The volume-weighted developments; only ages that are over count, and only of vintages that
    saw both sides."""
    sums: list[list[int]] = []
    for vintage in vintages:
        for age in range(vintage.known - 1):
            if age == len(sums):
                sums.append([0, 0, 0])
            earlier, later = vintage.used[age : age + 2]
            sums[age] = [sums[age][0] + earlier, sums[age][1] + later, sums[age][2] + 1]
    return tuple(Link(*each) for each in sums)


def fitted_tail(factors: Sequence[Fraction], life: int) -> tuple[Fraction, ...] | None:
    """The developments after the last observed one, up to the age `life`, at which all expires.

    What a development adds is taken to decay exponentially, as the last ones did (least squares
    on logarithms); nothing is added after three that added nothing. Empty where nothing is left to
    come; None where nothing can be fitted: fewer than three that add, or they do not shrink.
    """
    ahead = range(len(factors), life)
    if not ahead:
        return ()
    latest, last = factors[-FITTED:], factors[-LEAST_LINKS:]
    if len(last) == LEAST_LINKS and all(each == 1 for each in last):
        return (Fraction(1),) * len(ahead)
    first = len(factors) - len(latest)
    seen = [(age, math.log(each - 1)) for age, each in enumerate(latest, first) if each > 1]
    if len(seen) < LEAST_LINKS:
        return None
    mean = sum(age for age, _ in seen) / len(seen)
    level = sum(log for _, log in seen) / len(seen)
    spread = sum((age - mean) ** 2 for age, _ in seen)
    slope = sum((age - mean) * (log - level) for age, log in seen) / spread
    if slope >= 0:
        return None
    added = [math.exp(level + slope * (age - mean)) for age in ahead]
    # Up to a millionth: the rest is noise, and more use is the prudent side.
    return tuple(1 + Fraction(math.ceil(each * MILLION), MILLION) for each in added)


def curve(vintages: Sequence[Vintage], *, life: int, tail: Fraction | None = None) -> Curve | None:
    """The curve that these vintages show; None where they are too few to show one.

    `life` is the age at which all has expired. `tail`, at least 1, replaces what would be fitted
    for the ages that nobody has seen. Raises ValueError for another one.
    """
    if tail is not None and tail < 1:
        raise ValueError("a tail factor is at least 1")
    found = links(vintages)
    factors = [each.factor for each in found]
    observed = [each for each in factors if each is not None]
    if len(observed) < LEAST_LINKS:
        return None
    ahead = (tail,) if tail is not None else fitted_tail(observed_run(factors), life)
    if ahead is None:
        return None
    developed = [Fraction(1)]
    for factor in reversed([*factors, *ahead]):
        developed.append(developed[-1] / factor if factor is not None else Fraction(0))
    developed.reverse()
    used = sum(each.used[each.known - 1] for each in vintages if each.known)
    weight = sum(
        each.issued * developed[min(each.known, len(developed)) - 1]
        for each in vintages
        if each.known
    )
    if used <= 0 or weight <= 0:
        return None
    return Curve(
        links=found,
        tail=math.prod(ahead, start=Fraction(1)),
        developed=tuple(developed),
        expected=min(Fraction(used) / weight, Fraction(1)),
    )


def observed_run(factors: Sequence[Fraction | None]) -> list[Fraction]:
    """The developments with those that nobody has seen, at the youngest ages, as doing nothing."""
    return [factor if factor is not None else Fraction(1) for factor in factors]


def project(vintage: Vintage, shape: Curve | None) -> Projection:
    """How many points of a vintage will ever be used: what was, and at most what is outstanding.

    Rounded up: what is not used is breakage, and breakage is not overstated. An age that still
    goes on counts as one that has just begun, which is the same side.
    """
    used = vintage.used[-1] if vintage.used else 0
    most = used + vintage.outstanding
    if not vintage.outstanding:
        return Projection(used, "run off")
    if shape is None:
        return Projection(most, "no estimate")
    developed = shape.by(vintage.known - 1)
    method: Method
    if developed >= CREDIBLE and used > 0:
        exact, method = used / developed, "chain ladder"
    else:
        exact, method = used + vintage.issued * shape.expected * (1 - developed), "cape cod"
    return Projection(max(used, min(most, math.ceil(exact))), method)
