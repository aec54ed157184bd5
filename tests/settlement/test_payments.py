from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from settlement.errors import NettingDoesNotBalance
from settlement.payments import EXACT_UP_TO, Payment, minimal


def balanced(amounts: list[int]) -> dict[int, int]:
    return dict(enumerate([*amounts, -sum(amounts)]))


def paid(payments: list[Payment]) -> dict[int, int]:
    """What each party has received, less what it has sent."""
    nets: dict[int, int] = {}
    for each in payments:
        nets[each.payer] = nets.get(each.payer, 0) - each.amount
        nets[each.payee] = nets.get(each.payee, 0) + each.amount
    return nets


def most_groups(amounts: list[int]) -> int:
    """By trying every subset that holds the first party: slow, but plainly right."""
    if not amounts:
        return 0
    first, rest = amounts[0], amounts[1:]
    best = 0
    for size in range(len(rest) + 1):
        for chosen in combinations(range(len(rest)), size):
            if first + sum(rest[index] for index in chosen) == 0:
                others = [net for index, net in enumerate(rest) if index not in chosen]
                best = max(best, 1 + most_groups(others))
    return best


class TestMinimal:
    @pytest.mark.parametrize(
        ("nets", "expected"),
        [
            ({}, []),
            ({1: 0, 2: 0}, []),
            ({1: -5, 2: 5}, [Payment(1, 2, 5)]),
            ({1: -5, 2: 3, 3: 2}, [Payment(1, 2, 3), Payment(1, 3, 2)]),
            # Largest with largest alone would begin with 1 to 3, and need four payments.
            (
                {1: -6, 2: -4, 3: 4, 4: 3, 5: 3},
                [Payment(1, 4, 3), Payment(1, 5, 3), Payment(2, 3, 4)],
            ),
            # Two groups, {1, 2, 3} and {4, 5, 6}, without an equal pair in sight.
            (
                {1: -10, 2: 6, 3: 4, 4: 9, 5: -7, 6: -2},
                [Payment(1, 2, 6), Payment(1, 3, 4), Payment(5, 4, 7), Payment(6, 4, 2)],
            ),
            # Among equals the lower number goes first.
            ({4: 5, 3: 5, 2: -5, 1: -5}, [Payment(1, 3, 5), Payment(2, 4, 5)]),
        ],
    )
    def test_table(self, nets: dict[int, int], expected: list[Payment]) -> None:
        assert minimal(nets) == expected

    def test_refuses_nets_that_do_not_balance(self) -> None:
        with pytest.raises(NettingDoesNotBalance):
            minimal({1: 5, 2: -4})

    @example([1] * EXACT_UP_TO + [-EXACT_UP_TO - 1])
    @given(st.lists(st.integers(-(10**12), 10**12) | st.integers(-9, 9), max_size=40))
    def test_settles_every_net_with_fewer_payments_than_parties(self, amounts: list[int]) -> None:
        nets = balanced(amounts)
        payments = minimal(nets)
        moving = {party: net for party, net in nets.items() if net}
        assert {party: net for party, net in paid(payments).items() if net} == moving
        assert len(payments) <= max(len(moving) - 1, 0)
        assert all(each.amount > 0 for each in payments)
        assert sum(each.amount for each in payments) == sum(max(net, 0) for net in nets.values())

    @given(st.lists(st.integers(-9, 9), max_size=7))
    def test_no_set_of_payments_is_smaller(self, amounts: list[int]) -> None:
        moving = [net for net in balanced(amounts).values() if net]
        assert len(minimal(dict(enumerate(moving)))) == len(moving) - most_groups(moving)

    @given(st.lists(st.integers(-9, 9), max_size=20), st.randoms())
    def test_the_order_of_the_parties_does_not_matter(self, amounts: list[int], random) -> None:  # type: ignore[no-untyped-def]
        nets = list(balanced(amounts).items())
        shuffled = nets.copy()
        random.shuffle(shuffled)
        assert minimal(dict(shuffled)) == minimal(dict(nets))

    def test_nobody_both_pays_and_is_paid(self) -> None:
        payments = minimal(balanced([100, -40, 30, -60, 7, -90, 53]))
        assert not {each.payer for each in payments} & {each.payee for each in payments}
