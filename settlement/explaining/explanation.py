"""One partner's net figure, taken apart: who, for what, at which price, and how it was rounded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from partners.agreement import Terms
from settlement import fx
from settlement.explaining.reasons import Reason, reasons
from settlement.fx import Rate
from settlement.movements import Movement
from settlement.obligations import EXACT
from settlement.payments import Payment
from settlement.reckoning import FLOAT, HUB


@dataclass(frozen=True, slots=True)
class Figures:
    """A party's figures as they were kept, in minor units of the hub's currency but `settles`."""

    receives: int
    pays: int
    cover: int
    net: int
    currency: str  # It settles in this one…
    rate: Rate | None  # …at this rate; None where it is the hub's.
    settles: int


@dataclass(frozen=True, slots=True)
class Across:
    """Everything between the partner and one other: both sides, and what is left of them."""

    party: int
    receives: int
    pays: int

    @property
    def left(self) -> int:
        """Positive when the partner receives."""
        return self.receives - self.pays


@dataclass(frozen=True, slots=True)
class Netting:
    """What the partner's own money was before netting, and what is left of it to move."""

    gross: int
    bilateral: int
    to_move: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """From the net down to the movements. What was left out or brought in is apart from them."""

    party: int
    base: str
    figures: Figures
    residue: int  # Of the net, what converting rounded away, booked to the hub.
    payments: tuple[Payment, ...]  # Of the partner's own.
    netting: Netting
    across: tuple[Across, ...]
    reasons: tuple[Reason, ...]
    left_out: tuple[Reason, ...]  # Of the window's, not in its net.
    brought_in: tuple[Reason, ...]  # Of earlier windows', in the net and among the reasons.


def explain(
    party: int,
    content: Iterable[Movement],
    terms: Mapping[int, Terms],
    *,
    base: str,
    figures: Figures,
    payments: Iterable[Payment],
    left_out: Iterable[Movement] = (),
    brought_in: Iterable[Movement] = (),
) -> Explanation:
    """The explanation of a party's kept figures by the content that they were worked out from."""
    own = _own(party, content, terms)
    across = _across(party, own)
    return Explanation(
        party=party,
        base=base,
        figures=figures,
        residue=0 if figures.rate is None else fx.residue_of(figures.net, figures.rate),
        payments=tuple(each for each in payments if party in (each.payer, each.payee)),
        netting=Netting(
            gross=sum(each.receives + each.pays for each in across),
            bilateral=sum(abs(each.left) for each in across),
            to_move=abs(figures.net),
        ),
        across=across,
        reasons=own,
        left_out=_own(party, left_out, terms),
        brought_in=_own(party, brought_in, terms),
    )


def check(found: Explanation) -> list[str]:
    """What does not add up, from the payments down to the causes; nothing when all does."""
    figures = found.figures
    wrong = [
        f"{each.kind} from {each.debtor} to {each.creditor}: causes are not what is owed"
        for each in found.reasons
        if sum(cause.exact for cause in each.causes) != each.exact
        or sum(cause.points for cause in each.causes) != each.points
        or abs(each.exact - each.amount * EXACT) >= EXACT
    ]
    paid = sum(
        each.amount if each.payee == found.party else -each.amount for each in found.payments
    )
    settled = figures.net if figures.rate is None else fx.convert(figures.net, figures.rate)
    checks = {
        "what is received": (figures.receives, sum(each.receives for each in found.across)),
        "what is paid": (figures.pays, sum(each.pays for each in found.across)),
        "the net": (figures.net, figures.receives - figures.pays + figures.cover),
        "the net of all that is left between two": (
            figures.net - figures.cover,
            sum(each.left for each in found.across),
        ),
        "what is settled": (figures.settles, settled),
        "the payments": (figures.settles, paid),
    }
    return wrong + [
        f"{name}: {kept} was kept, {worked_out} is worked out"
        for name, (kept, worked_out) in checks.items()
        if kept != worked_out
    ]


def _own(
    party: int, movements: Iterable[Movement], terms: Mapping[int, Terms]
) -> tuple[Reason, ...]:
    found = reasons(movements, terms, hub=HUB, float_=FLOAT)
    return tuple(each for each in found if party in (each.debtor, each.creditor))


def _across(party: int, own: Sequence[Reason]) -> tuple[Across, ...]:
    """A negative obligation stands turned round, as in `netting.matrix`."""
    sums: dict[int, tuple[int, int]] = {}
    for each in own:
        other = each.creditor if each.debtor == party else each.debtor
        signed = each.amount if each.creditor == party else -each.amount
        receives, pays = sums.get(other, (0, 0))
        sums[other] = (receives + max(signed, 0), pays + max(-signed, 0))
    return tuple(Across(other, *both) for other, both in sorted(sums.items()))
