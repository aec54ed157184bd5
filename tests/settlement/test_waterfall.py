"""Collateral, mutual fund, loss sharing: in this order, to the unit, and back the other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.defaults.waterfall import STEPS, Security, Share, cover, covers, give_back, owed_by
from settlement.obligations import Obligation

HUB, FLOAT = 1, 2
D, A, B, C = 11, 12, 13, 14  # D fails.
NOTHING = Security(collateral={}, fund={})


class TestCover:
    def test_collateral_is_enough(self) -> None:
        security = Security(collateral={D: 500, A: 900}, fund={D: 50, A: 50})
        assert cover(400, of=D, security=security, owed={A: 400}, hub=HUB) == [
            Share("collateral", D, 400)
        ]

    def test_every_step_in_its_order(self) -> None:
        security = Security(collateral={D: 100, A: 900}, fund={D: 50, A: 30, B: 60})
        assert cover(301, of=D, security=security, owed={A: 300, B: 100}, hub=HUB) == [
            Share("collateral", D, 100),
            Share("own-contribution", D, 50),
            Share("mutual-fund", A, 30),
            Share("mutual-fund", B, 60),
            Share("loss", A, 46),  # 61 of which 45.75…
            Share("loss", B, 15),  # …and 15.25.
        ]

    def test_contributions_give_alike(self) -> None:
        security = Security(collateral={}, fund={A: 100, B: 200, C: 0})
        assert cover(100, of=D, security=security, owed={}, hub=HUB) == [
            Share("mutual-fund", A, 33),
            Share("mutual-fund", B, 67),
        ]

    def test_what_nobody_was_owed_is_the_hubs(self) -> None:
        assert cover(100, of=D, security=NOTHING, owed={A: 30, HUB: 5}, hub=HUB) == [
            Share("loss", A, 30),
            Share("loss", HUB, 70),
        ]

    @given(
        shortfall=st.integers(1, 10**9),
        collateral=st.integers(0, 10**9),
        fund=st.dictionaries(st.sampled_from([D, A, B, C]), st.integers(0, 10**8)),
        owed=st.dictionaries(st.sampled_from([HUB, A, B, C]), st.integers(1, 10**9)),
    )
    def test_whole_and_nobody_above_what_is_its_to_give(
        self, shortfall: int, collateral: int, fund: dict[int, int], owed: dict[int, int]
    ) -> None:
        security = Security(collateral={D: collateral}, fund=fund)
        shares = cover(shortfall, of=D, security=security, owed=owed, hub=HUB)
        assert sum(share.amount for share in shares) == shortfall
        assert all(share.amount > 0 for share in shares)
        assert len({(share.step, share.party) for share in shares}) == len(shares)
        by_step = {
            step: {share.party: share.amount for share in shares if share.step == step}
            for step in STEPS
        }
        assert by_step["collateral"].get(D, 0) == min(shortfall, collateral)
        for party, amount in by_step["mutual-fund"].items():
            assert party != D
            assert amount <= fund[party]
        for party, amount in by_step["loss"].items():
            assert party == HUB or amount <= owed[party]
        if by_step["loss"]:  # Only when the fund is empty.
            assert sum(by_step["mutual-fund"].values()) == sum(fund.values()) - fund.get(D, 0)
        found = covers(shortfall, of=D, shares=shares, hub=HUB)
        assert sum(found.values()) == 0
        assert found[D] == shortfall


class TestOwedBy:
    def test_set_off_and_with_the_float_as_the_hubs(self) -> None:
        obligations = [
            Obligation(D, A, "spent", 0, 100),
            Obligation(A, D, "spent", 0, 30),
            Obligation(B, D, "spent", 0, 40),
            Obligation(D, HUB, "spread", 0, 5),
            Obligation(D, FLOAT, "prefunded", 0, 20),
            Obligation(A, B, "spent", 0, 7),
        ]
        assert owed_by(D, obligations, hub=HUB, float_=FLOAT) == {HUB: 25, A: 70}

    def test_a_float_that_owes_the_party_is_set_off_against_the_hub(self) -> None:
        obligations = [
            Obligation(D, HUB, "spread", 0, 5),
            Obligation(FLOAT, D, "spent", 0, 20),
            Obligation(D, A, "spent", 0, 20),
        ]
        assert owed_by(D, obligations, hub=HUB, float_=FLOAT) == {A: 20}


class TestCovers:
    def test_the_hub_pays_out_what_it_holds(self) -> None:
        shares = [
            Share("collateral", D, 100),
            Share("mutual-fund", A, 30),
            Share("loss", A, 46),
            Share("loss", HUB, 4),
        ]
        assert covers(180, of=D, shares=shares, hub=HUB) == {HUB: -134, D: 180, A: -46}


class TestGiveBack:
    SHARES = (
        Share("collateral", D, 100),
        Share("own-contribution", D, 50),
        Share("mutual-fund", A, 30),
        Share("mutual-fund", B, 60),
        Share("loss", A, 45),
        Share("loss", C, 15),
    )

    def test_the_last_to_give_is_the_first_to_get(self) -> None:
        first = give_back(70, shares=self.SHARES, returned=[])
        assert first == [
            Share("loss", A, 45),
            Share("loss", C, 15),
            Share("mutual-fund", A, 3),
            Share("mutual-fund", B, 7),
        ]
        second = give_back(230, shares=self.SHARES, returned=first)
        assert second == [
            Share("mutual-fund", A, 27),
            Share("mutual-fund", B, 53),
            Share("own-contribution", D, 50),
            Share("collateral", D, 100),
        ]

    @pytest.mark.parametrize("recovered", [0, -1, 301])
    def test_refuses_more_than_is_missing(self, recovered: int) -> None:
        with pytest.raises(ValueError, match="missing"):
            give_back(recovered, shares=self.SHARES, returned=[])

    @given(st.lists(st.integers(1, 300), min_size=1))
    def test_in_any_instalments_everybody_gets_back_what_it_gave(self, parts: list[int]) -> None:
        left = 300
        returned: list[Share] = []
        for part in [*parts, 300]:
            if left:
                part = min(part, left)
                given_back = give_back(part, shares=self.SHARES, returned=returned)
                assert sum(share.amount for share in given_back) == part
                returned += given_back
                left -= part
        for share in self.SHARES:
            assert share.amount == sum(
                each.amount
                for each in returned
                if (each.step, each.party) == (share.step, share.party)
            )
