"""Who pays when a partner does not: its collateral, the mutual fund, then those it owes.

Amounts are minor units of the hub's currency. Everything is divided by largest remainder, so that
the parts sum to the whole, to the unit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from settlement.fx import allot
from settlement.netting import bilateral
from settlement.obligations import Obligation

# In the order in which they are drawn on; what comes back goes back from the last to the first.
Step = Literal["collateral", "own-contribution", "mutual-fund", "loss"]
STEPS: tuple[Step, ...] = get_args(Step)


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """What one party gives at one step, or gets back of it; more than nothing."""

    step: Step
    party: int
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Security:
    """What the hub holds against a default, all at least zero."""

    collateral: Mapping[int, int]  # By the partner that left it: it answers for that one alone.
    fund: Mapping[int, int]  # By the partner that paid it in: it answers for all.


def cover(
    shortfall: int, *, of: int, security: Security, owed: Mapping[int, int], hub: int
) -> list[Share]:
    """The shares that together make up a shortfall, in the order of the steps.

    1. The collateral of the partner that fails.
    2. What it paid into the mutual fund itself.
    3. The rest of the fund: of each contribution alike.
    4. Those that it owes, in proportion to `owed` and nobody more than that; the hub gives what is
       left, so that the day closes whoever is left.
    """
    left = shortfall
    shares: list[Share] = []
    others = {party: held for party, held in security.fund.items() if party != of}
    offers: Mapping[Step, Mapping[int, int]] = {
        "collateral": {of: security.collateral.get(of, 0)},
        "own-contribution": {of: security.fund.get(of, 0)},
        "mutual-fund": others,
        "loss": owed,
    }
    for step in STEPS:
        given = _divide(left, offers[step])
        shares += [Share(step, party, amount) for party, amount in given.items()]
        left -= sum(given.values())
    return _with_rest(shares, hub, left)


def owed_by(
    party: int, obligations: Iterable[Obligation], *, hub: int, float_: int
) -> dict[int, int]:
    """What everybody was to get from a party, once the two have set off; only what is above zero.

    The hub stands in for the float as well: prepaid money is never short.
    """
    owed: dict[int, int] = {}
    for each in bilateral(obligations):
        if party in (each.debtor, each.creditor):
            other = each.creditor if each.debtor == party else each.debtor
            other = hub if other == float_ else other
            sign = 1 if each.debtor == party else -1
            owed[other] = owed.get(other, 0) + sign * each.amount
    return {other: amount for other, amount in sorted(owed.items()) if amount > 0}


def covers(shortfall: int, *, of: int, shares: Iterable[Share], hub: int) -> dict[int, int]:
    """What a default adds to everybody's net; sums to zero.

    The hub pays out what it holds: collateral and fund leave its account, not their owners'.
    """
    found = {of: shortfall, hub: 0}
    for share in shares:
        payer = share.party if share.step == "loss" else hub
        found[payer] = found.get(payer, 0) - share.amount
    return {party: amount for party, amount in sorted(found.items()) if amount}


def give_back(recovered: int, *, shares: Sequence[Share], returned: Iterable[Share]) -> list[Share]:
    """How money that came after all is returned: the last to give is the first to get.

    Within a step in proportion to what each still misses. Raises ValueError when more comes back
    than was given and not yet returned.
    """
    missing = {(share.step, share.party): share.amount for share in shares}
    for share in returned:
        missing[share.step, share.party] -= share.amount
    if not 0 < recovered <= sum(missing.values()):
        raise ValueError("what comes back is part of what is missing")
    left = recovered
    found: list[Share] = []
    for step in reversed(STEPS):
        wanting = {party: amount for (at, party), amount in missing.items() if at == step}
        given = _divide(left, wanting)
        found += [Share(step, party, amount) for party, amount in given.items()]
        left -= sum(given.values())
    return found


def _divide(total: int, offers: Mapping[int, int]) -> dict[int, int]:
    """As much of a total as is offered, from each in proportion to its offer, never above it."""
    parties = sorted(party for party, offer in offers.items() if offer > 0)
    weights = [offers[party] for party in parties]
    total = min(total, sum(weights))
    if total <= 0:
        return {}
    parts = zip(parties, allot(total, weights), strict=True)
    return {party: part for party, part in parts if part}


def _with_rest(shares: list[Share], hub: int, rest: int) -> list[Share]:
    if rest == 0:
        return shares
    own = sum(share.amount for share in shares if (share.step, share.party) == ("loss", hub))
    others = [share for share in shares if (share.step, share.party) != ("loss", hub)]
    return [*others, Share("loss", hub, own + rest)]
