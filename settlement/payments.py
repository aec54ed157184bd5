"""Few payments that settle all net positions.

The fewest possible are n less the number of groups that settle among themselves. Finding those
groups is NP-hard in general, so it is done exactly for a few parties and greedily for many.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from settlement.netting import check_balanced

EXACT_UP_TO = 12  # Parties; the search looks at 2^n sets.

_Nets = list[tuple[int, int]]  # (party, net), none of them zero


@dataclass(frozen=True, slots=True, order=True)
class Payment:
    """A positive amount of minor units for the payer to send to the payee."""

    payer: int
    payee: int
    amount: int


def minimal(nets: Mapping[int, int]) -> list[Payment]:
    """Payments that bring every net (positive: receives) to exactly zero, by payer and payee.

    At most n - 1 for n nets that are not zero; the fewest possible while no more than
    EXACT_UP_TO are left after equal and opposite pairs. Equal nets give equal payments.
    Raises NettingDoesNotBalance.
    """
    check_balanced(nets)
    payments, rest = _pairs(sorted((party, net) for party, net in nets.items() if net))
    groups = _groups(rest) if len(rest) <= EXACT_UP_TO else [rest]
    for group in groups:
        payments.extend(_largest_first(group))
    return sorted(payments)


def _pairs(nets: _Nets) -> tuple[list[Payment], _Nets]:
    """Pay each debtor's whole net to a creditor of just that net; and the parties left over.

    This never costs a payment: were the two in different groups, the rest of both groups
    would form one, so there are as many groups as before.
    """
    payees: dict[int, list[int]] = {}
    for party, net in reversed(nets):
        if net > 0:
            payees.setdefault(net, []).append(party)
    paid = [Payment(party, payees[-net].pop(), -net) for party, net in nets if payees.get(-net)]
    done = {party for payment in paid for party in (payment.payer, payment.payee)}
    return paid, [(party, net) for party, net in nets if party not in done]


def _groups(nets: _Nets) -> list[_Nets]:
    """Divide nets into as many sets summing to zero as there can be.

    Over all sets, as bits of a number: `most[s]` is how often a sum of zero can be met while
    the set s is emptied one party at a time, and `last[s]` the party to take out first.
    """
    size = 1 << len(nets)
    total, most, last = [0] * size, [0] * size, [0] * size
    for chosen in range(1, size):
        members = [bit for bit in range(len(nets)) if chosen >> bit & 1]
        total[chosen] = total[chosen & chosen - 1] + nets[members[0]][1]
        last[chosen] = max(members, key=lambda bit: most[chosen ^ 1 << bit])
        most[chosen] = most[chosen ^ 1 << last[chosen]] + (total[chosen] == 0)
    groups: list[_Nets] = []
    left = size - 1
    while left:
        if total[left] == 0:
            groups.append([])
        groups[-1].append(nets[last[left]])
        left ^= 1 << last[left]
    return groups


def _largest_first(nets: Iterable[tuple[int, int]]) -> list[Payment]:
    """The largest debtor pays the largest creditor: each payment settles one, the last both."""
    rows = list(nets)
    payers = [(net, party) for party, net in rows if net < 0]
    payees = [(-net, party) for party, net in rows if net > 0]
    heapify(payers)
    heapify(payees)
    payments = []
    while payers:
        owing, payer = heappop(payers)
        due, payee = heappop(payees)
        amount = -max(owing, due)
        payments.append(Payment(payer, payee, amount))
        if owing + amount:
            heappush(payers, (owing + amount, payer))
        if due + amount:
            heappush(payees, (due + amount, payee))
    return payments
