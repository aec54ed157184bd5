"""Loops of conversions that gain: whoever goes round one makes points out of nothing.

What is converted are kinds of value: the shared points, each party's own points, money. A way
leads from one kind to another. Amounts are whole and rounded, so the same way is better at one
amount than at another, and may be taken any number of times: what counts is the best it does at
any amount. A loop gains when the product of these is above one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm, log

from exchange.rules import MILLION, Ratio, charge, convert

MOST = 10**12  # Points that any order may carry: a gain below one part in it never makes a point.
SHARED = "points"

_TRIED_FIRST, _TRIED = 200, 50_000
_NOISE = 1e-11  # Above what a sum of logarithms errs by, below the least gain that is looked for.

_Amounts = Iterator[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Way:
    """A conversion from one kind of value to another.

    `amounts` are pairs of what may be given and what is got for it, both growing; of those that
    give the same, the best. At any amount x, no more is got than `ratio` × x + `slack`.
    """

    source: str
    target: str
    name: str
    amounts: Callable[[], _Amounts]
    ratio: Fraction
    slack: Fraction
    daily_cap: int | None = None  # Of the party's own points.


@dataclass(frozen=True, slots=True)
class Best:
    """The amount at which a way gives most for each that is given."""

    gives: int
    gets: int
    bound: Fraction  # No amount does better; equal to the best unless the search was cut short.

    @property
    def ratio(self) -> Fraction:
        return Fraction(self.gets, self.gives)


@dataclass(frozen=True, slots=True)
class Step:
    """A way taken `times` over, at its best amount."""

    way: Way
    gives: int
    gets: int
    times: int

    def __str__(self) -> str:
        kinds = f"{self.gives} {self.way.source} → {self.gets} {self.way.target}"
        cap = f", at most {self.way.daily_cap} a day" if self.way.daily_cap else ""
        return f"{self.times} × ({kinds}) by {self.way.name}{cap}"


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps that begin and end with the same kind, and what they make of an amount of it."""

    steps: tuple[Step, ...]
    starts_with: int
    ends_with: int
    gain_ppm: int

    def __str__(self) -> str:
        kind = self.steps[0].way.source
        return "; ".join(map(str, self.steps)) + f": {self.starts_with} {kind} → {self.ends_with}"


def import_way(party: str, name: str, terms: "Conditions") -> Way:
    """Theirs into points, as `rules.convert` does: the started point is the member's."""
    ratio = terms.ratio
    left = MILLION - ratio.fee_ppm

    def amounts() -> _Amounts:
        theirs = terms.first
        while terms.allows(theirs):
            points, fee = convert(theirs, ratio)
            if points + fee > MOST:
                return
            yield theirs, points
            # The least of theirs that gives a point more.
            gross = points * MILLION // left + 1
            theirs = max(theirs + 1, (gross - 1) * ratio.theirs // ratio.ours + 1)
            theirs = -(-theirs // terms.step) * terms.step

    gross = Fraction(terms.step * ratio.ours, ratio.theirs)
    after = Fraction(left, MILLION) * (gross if gross.denominator == 1 else 1)
    return Way(
        source=party,
        target=SHARED,
        name=name,
        amounts=amounts,
        ratio=Fraction(ratio.ours * left, ratio.theirs * MILLION),
        slack=_most_added(gross) * left / MILLION + _most_added(after),
        daily_cap=terms.daily_cap,
    )


def export_way(party: str, name: str, terms: "Conditions") -> Way:
    """Points into theirs, as `rules.charge` asks for them."""
    ratio = terms.ratio
    left = MILLION - ratio.fee_ppm

    def amounts() -> _Amounts:
        theirs = terms.first
        while terms.allows(theirs) and (points := charge(theirs, ratio)) <= MOST:
            # The most of theirs that the same points buy.
            net = points - points * ratio.fee_ppm // MILLION
            most = min(-(-net * ratio.theirs // ratio.ours), terms.daily_cap or MOST * MOST)
            theirs = most // terms.step * terms.step
            yield points, theirs
            theirs += terms.step

    each = Fraction(ratio.theirs, ratio.ours)
    even = not ratio.fee_ppm and each >= 1 and (terms.step / each).denominator == 1
    after = _most_added(Fraction(left, MILLION))
    return Way(
        source=SHARED,
        target=party,
        name=name,
        amounts=amounts,
        ratio=each * left / MILLION,
        slack=Fraction(0) if even else after * each + _most_added(each),
        daily_cap=terms.daily_cap,
    )


def outside_way(
    source: str, target: str, name: str, *, gives: int, gets: int, minimum: int, step: int
) -> Way:
    """A conversion that others offer, at its best: an amount at which nothing is rounded."""
    exact = Fraction(gets, gives)
    unit = lcm(exact.denominator, step)
    first = -(-minimum // unit) * unit

    def amounts() -> _Amounts:
        yield first, int(first * exact)

    return Way(source, target, name, amounts, exact, Fraction(0))


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a rate converts at, and which amounts of theirs it takes."""

    ratio: Ratio
    minimum: int
    step: int
    daily_cap: int | None

    @property
    def first(self) -> int:
        return -(-self.minimum // self.step) * self.step

    def allows(self, theirs: int) -> bool:
        return self.daily_cap is None or theirs <= self.daily_cap


def find_loop(ways: Iterable[Way]) -> Loop | None:
    """A loop that gains, if there is one.

    Of a way whose amounts are too many to try, `_TRIED` are tried; what rounding could still add
    beyond these is below two parts in `_TRIED`, and is let pass.
    """
    known = {way: found for way in ways if (found := best(way, _TRIED_FIRST)) is not None}
    while cycle := _cycle({way: found.bound for way, found in known.items()}):
        unsure = [way for way in cycle if known[way].bound != known[way].ratio]
        if not unsure:
            return _loop([(way, known[way]) for way in cycle])
        for way in unsure:
            found = best(way, _TRIED) or known[way]
            known[way] = replace(found, bound=found.ratio)
    return None


def best(way: Way, tries: int) -> Best | None:
    """The best of the first amounts, and of all where that can be told; None without any."""
    top, given = Fraction(0), (0, 0)
    for tried, (gives, gets) in enumerate(way.amounts()):
        above = top - way.ratio
        if top and above >= 0 and way.slack <= above * gives:
            return Best(*given, top)  # From here on rounding adds too little to matter.
        if tried == tries:
            return Best(*given, max(top, way.ratio + way.slack / gives))
        if not top or gets * given[0] > given[1] * gives:
            top, given = Fraction(gets, gives), (gives, gets)
    return Best(*given, top) if top else None


def _most_added(exact: Fraction) -> Fraction:
    """What rounding a multiple of `exact` up can add at the most."""
    return 1 - Fraction(1, exact.denominator)


def _cycle(rates: Mapping[Way, Fraction]) -> list[Way]:
    """Ways that lead round and gain, by Bellman and Ford on logarithms; none when none gains."""
    weights = [(way, -log(rate.numerator) + log(rate.denominator)) for way, rate in rates.items()]
    kinds = {kind for way, _ in weights for kind in (way.source, way.target)}
    nearest = dict.fromkeys(kinds, 0.0)
    by: dict[str, Way] = {}
    changed = ""
    for _ in range(len(kinds) + 1):
        changed = ""
        for way, weight in weights:
            distance = nearest[way.source] + weight
            if distance < nearest[way.target] - _NOISE:
                nearest[way.target] = distance
                by[way.target] = way
                changed = way.target
        if not changed:
            return []
    for _ in kinds:  # Back until surely on the loop, and then once round it.
        changed = by[changed].source
    found = [by[changed]]
    while found[-1].source != changed:
        found.append(by[found[-1].source])
    found.reverse()
    first = next((at for at, way in enumerate(found) if way.source == SHARED), 0)
    return found[first:] + found[:first]


def _loop(cycle: Sequence[tuple[Way, Best]]) -> Loop | None:
    """The loop at the least power of two at which whole amounts gain."""
    product = Fraction(1)
    for _, found in cycle:
        product *= found.ratio
    if product <= 1:
        return None
    times = 1
    while True:
        start = amount = times * cycle[0][1].gives
        steps = []
        for way, found in cycle:
            taken = amount // found.gives
            steps.append(Step(way, found.gives, found.gets, taken))
            amount = taken * found.gets
        if amount > start:
            gain = int((product - 1) * MILLION)
            return Loop(tuple(steps), start, amount, gain)
        times *= 2
