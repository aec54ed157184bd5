import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.errors import NettingDoesNotBalance
from settlement.netting import (
    Compression,
    NetPosition,
    Owed,
    bilateral,
    check_balanced,
    compression,
    matrix,
    net,
)
from settlement.obligations import Obligation, ObligationKind


def owes(debtor: int, creditor: int, amount: int, kind: ObligationKind = "spent") -> Obligation:
    return Obligation(debtor, creditor, kind, 1, amount)


RING = [owes(1, 2, 100), owes(2, 3, 80), owes(3, 1, 70), owes(2, 1, 40, "fee")]

amounts = st.integers(-(10**12), 10**12)
obligations = st.lists(
    st.builds(
        lambda pair, kind, amount: owes(pair[0], pair[1], amount, kind),
        st.tuples(st.integers(1, 6), st.integers(1, 6)).filter(lambda pair: pair[0] != pair[1]),
        st.sampled_from(("spent", "spread", "fee", "prefunded", "breakage")),
        amounts,
    ),
    max_size=30,
)


class TestBilateral:
    def test_sets_the_two_sides_of_a_pair_off(self) -> None:
        assert bilateral(RING) == [Owed(1, 2, 60), Owed(2, 3, 80), Owed(3, 1, 70)]

    def test_leaves_out_a_pair_that_is_quits(self) -> None:
        assert bilateral([owes(1, 2, 5), owes(2, 1, 5)]) == []

    def test_a_negative_obligation_is_the_creditors(self) -> None:
        assert bilateral([owes(1, 2, -5)]) == [Owed(2, 1, 5)]


class TestNet:
    def test_a_ring(self) -> None:
        assert net(RING) == {
            1: NetPosition(receives=110, pays=100),
            2: NetPosition(receives=100, pays=120),
            3: NetPosition(receives=80, pays=70),
        }
        assert [position.net for position in net(RING).values()] == [10, -20, 10]

    def test_nothing_owed(self) -> None:
        assert net([]) == {}

    @given(obligations)
    def test_sums_to_zero(self, window: list[Obligation]) -> None:
        assert sum(position.net for position in net(window).values()) == 0

    @given(obligations)
    def test_pairs_net_to_the_same_positions(self, window: list[Obligation]) -> None:
        paired = net(owes(each.debtor, each.creditor, each.amount) for each in bilateral(window))
        for party, position in net(window).items():
            assert paired.get(party, NetPosition(0, 0)).net == position.net


class TestCheckBalanced:
    def test_accepts_zero(self) -> None:
        check_balanced({1: 5, 2: -5})

    def test_refuses_and_says_by_how_much(self) -> None:
        with pytest.raises(NettingDoesNotBalance) as refused:
            check_balanced({1: 5, 2: -4})
        assert refused.value.facts == {"off_by": 1}


class TestCompression:
    def test_a_ring(self) -> None:
        found = compression(RING)
        assert found == Compression(gross=290, bilateral=210, to_move=20)
        assert found.saved_per_mille == 931

    def test_nothing_owed_saves_nothing(self) -> None:
        assert compression([]).saved_per_mille == 0

    @given(obligations)
    def test_each_step_moves_no_more_than_the_last(self, window: list[Obligation]) -> None:
        found = compression(window)
        assert 0 <= found.to_move <= found.bilateral <= found.gross
        assert 0 <= found.saved_per_mille <= 1000


class TestMatrix:
    def test_a_ring(self) -> None:
        found = matrix(RING)
        assert found.parties == (1, 2, 3)
        assert found.cells == {(1, 2): 100, (2, 1): 40, (2, 3): 80, (3, 1): 70}
        assert found.cell(1, 3) == 0
        assert found.pays == {1: 100, 2: 120, 3: 70}
        assert found.receives == {1: 110, 2: 100, 3: 80}
        assert found.total == 290

    def test_a_negative_obligation_stands_with_the_party_that_pays(self) -> None:
        assert matrix([owes(1, 2, -5), owes(1, 2, 3)]).cells == {(1, 2): 3, (2, 1): 5}

    @given(obligations)
    def test_rows_columns_and_positions_agree(self, window: list[Obligation]) -> None:
        found = matrix(window)
        assert sum(found.pays.values()) == sum(found.receives.values()) == found.total
        for party, position in net(window).items():
            assert position.pays == sum(found.cell(party, each) for each in found.parties)
            assert position.receives == sum(found.cell(each, party) for each in found.parties)

    @given(obligations)
    def test_a_to_b_is_the_same_seen_from_either_side(self, window: list[Obligation]) -> None:
        mirrored = [
            Obligation(each.creditor, each.debtor, each.kind, -each.points, -each.amount)
            for each in window
        ]
        assert matrix(window) == matrix(mirrored)
