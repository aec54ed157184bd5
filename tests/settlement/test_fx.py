from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.errors import FxRateMissing, NettingDoesNotBalance
from settlement.fx import Fixed, Rate, allot, convert, exponent, fix

HUB = 1
YEN = Rate(base="CNY", quote="JPY", numerator=201, denominator=10)  # 1 yuan = 20.1 yen
DINAR = Rate(base="CNY", quote="KWD", numerator=43, denominator=1000)
RATES = {"JPY": YEN, "KWD": DINAR}


class TestExponent:
    @pytest.mark.parametrize(
        ("currency", "digits"),
        [("CNY", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("CLF", 4)],
    )
    def test_table(self, currency: str, digits: int) -> None:
        assert exponent(currency) == digits


class TestRate:
    @pytest.mark.parametrize(
        ("quote", "numerator", "denominator"), [("JPY", 0, 1), ("JPY", 1, 0), ("CNY", 1, 1)]
    )
    def test_refuses_nonsense(self, quote: str, numerator: int, denominator: int) -> None:
        with pytest.raises(ValueError, match="ratio"):
            Rate(base="CNY", quote=quote, numerator=numerator, denominator=denominator)


class TestConvert:
    @pytest.mark.parametrize(
        ("amount", "rate", "expected"),
        [
            (100, YEN, 20),  # 20.1 yen to a party that receives: 20
            (-100, YEN, -21),  # from a party that pays: 21
            (1000, YEN, 201),
            (0, YEN, 0),
            (100, DINAR, 43),  # a yuan is 0.043 dinar, 43 fils
            (1, DINAR, 0),
            (-1, DINAR, -1),
        ],
    )
    def test_table(self, amount: int, rate: Rate, expected: int) -> None:
        assert convert(amount, rate) == expected


class TestFix:
    nets: ClassVar = {HUB: 3, 11: 100, 12: -203, 13: 100}
    currencies: ClassVar = {HUB: "CNY", 11: "CNY", 12: "JPY", 13: "JPY"}

    def test_the_hub_keeps_what_converting_rounds_away(self) -> None:
        assert fix(self.nets, self.currencies, RATES, base="CNY", hub=HUB) == {
            # -203 fen are 40.8 yen: 41 are paid, worth 203.98 fen. 100 are 20.1: 20, or 99.5.
            HUB: Fixed(net=3, residue=0, currency="CNY", settled=3),
            11: Fixed(net=100, residue=0, currency="CNY", settled=100),
            12: Fixed(net=-203, residue=0, currency="JPY", settled=-41),
            13: Fixed(net=100, residue=0, currency="JPY", settled=20),
        }

    def test_a_coarse_currency_leaves_a_residue(self) -> None:
        nets = {HUB: -104, 13: 104}
        assert fix(nets, self.currencies, RATES, base="CNY", hub=HUB) == {
            HUB: Fixed(net=-104, residue=-4, currency="CNY", settled=-100),
            13: Fixed(net=104, residue=4, currency="JPY", settled=20),
        }

    def test_refuses_nets_that_do_not_balance(self) -> None:
        with pytest.raises(NettingDoesNotBalance):
            fix({HUB: 1, 11: 0}, self.currencies, RATES, base="CNY", hub=HUB)

    def test_refuses_without_a_rate(self) -> None:
        with pytest.raises(FxRateMissing) as refused:
            fix(self.nets, self.currencies, {}, base="CNY", hub=HUB)
        assert refused.value.facts == {"base": "CNY", "quote": "JPY"}

    def test_a_rate_filed_under_another_currency_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="filed"):
            fix(self.nets, self.currencies, {"JPY": DINAR}, base="CNY", hub=HUB)

    @pytest.mark.parametrize(
        ("nets", "home"), [({11: 1, 12: -1}, "CNY"), ({HUB: 1, 11: -1}, "JPY")]
    )
    def test_the_hub_takes_part_in_its_own_currency(self, nets: dict[int, int], home: str) -> None:
        with pytest.raises(ValueError, match="hub"):
            fix(nets, {**self.currencies, HUB: home}, RATES, base="CNY", hub=HUB)

    @given(
        st.dictionaries(st.integers(2, 20), st.integers(-(10**9), 10**9)),
        st.integers(1, 10**6),
        st.integers(1, 10**6),
    )
    def test_books_sum_to_zero_and_the_hub_never_loses(
        self, nets: dict[int, int], numerator: int, denominator: int
    ) -> None:
        rate = Rate(base="CNY", quote="JPY", numerator=numerator, denominator=denominator)
        whole = {**nets, HUB: -sum(nets.values())}
        currencies = {party: "CNY" if party % 2 else "JPY" for party in whole}
        fixed = fix(whole, currencies, {"JPY": rate}, base="CNY", hub=HUB)
        assert sum(each.booked for each in fixed.values()) == 0
        assert sum(each.residue for each in fixed.values()) == 0
        one_yen_in_fen = 100 * denominator // numerator
        for party, each in fixed.items():
            assert each.net == whole[party]
            if party != HUB:
                assert 0 <= each.residue <= one_yen_in_fen
                # Real money never exceeds what is booked for it.
                assert each.settled * 100 * denominator <= each.booked * numerator or (
                    each.currency == "CNY" and each.settled == each.booked
                )
        assert fixed[HUB].settled == fixed[HUB].booked >= fixed[HUB].net


class TestAllot:
    @pytest.mark.parametrize(
        ("total", "weights", "parts"),
        [
            (10, [1, 1, 1], [4, 3, 3]),
            (11, [1, 1, 1], [4, 4, 3]),
            (100, [50, 30, 20], [50, 30, 20]),
            (5, [0, 2, 1], [0, 3, 2]),
            (-10, [1, 1, 1], [-4, -3, -3]),
            (0, [7], [0]),
        ],
    )
    def test_table(self, total: int, weights: list[int], parts: list[int]) -> None:
        assert allot(total, weights) == parts

    @pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
    def test_refuses_weights_that_say_nothing(self, weights: list[int]) -> None:
        with pytest.raises(ValueError, match="weights"):
            allot(10, weights)

    @given(
        st.integers(-(10**12), 10**12),
        st.lists(st.integers(0, 10**9), min_size=1).filter(any),
    )
    def test_parts_are_exact_and_fair(self, total: int, weights: list[int]) -> None:
        parts = allot(total, weights)
        assert sum(parts) == total
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - total * weight) < sum(weights)
