"""The largest net debtor fails: either way the day still closes, and to the unit."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.defaults import defaulting, dry_run
from settlement.defaults.dry_run import Day, Outcome
from settlement.defaults.errors import CoveredAlready, DefaultTooLate, NothingDue
from settlement.defaults.waterfall import Security, owed_by
from settlement.reckoning import FLOAT, HUB, Reckoning
from tests.settlement.bank.scene import Desk, paying
from tests.settlement.coalition import Coalition
from tests.settlement.random_coalition import build_day
from tests.web.desk import Desk as Operators

NOTHING = Security(collateral={}, fund={})

days = st.builds(
    build_day,
    st.randoms(use_true_random=False),
    partners=st.integers(2, 40),
    lines=st.integers(1, 120),
)


def largest_debtor(figures: Reckoning) -> int | None:
    """The partner that has most to pay, if any has."""
    nets = {
        party: each.net for party, each in figures.positions.items() if party not in (HUB, FLOAT)
    }
    party = min(nets, key=lambda each: (nets[each], each))
    return party if nets[party] < 0 else None


def check_closes(figures: Reckoning) -> None:
    """Nets sum to zero, no residue is lost, and the payments settle every net."""
    assert sum(each.net for each in figures.positions.values()) == 0
    assert sum(each.booked for each in figures.fixed.values()) == 0
    assert sum(each.residue for each in figures.fixed.values()) == 0
    flows = dict.fromkeys(figures.fixed, 0)
    for each in figures.payments:
        assert each.amount > 0
        for party, sign in ((each.payer, -1), (each.payee, 1)):
            if figures.fixed[party].currency == figures.currency(each):
                flows[party] += sign * each.amount
    for party, each in figures.fixed.items():
        if party not in (HUB, FLOAT):
            assert flows[party] == each.settled


class TestLargestDebtorFails:
    @given(days)
    def test_without_it(self, day: Day) -> None:
        before = day.reckon(day.content)
        party = largest_debtor(before)
        if party is None:
            return
        outcome = dry_run.without(day, party)
        check_closes(outcome.figures)
        assert outcome.shortfall == -before.positions[party].net
        assert outcome.nets[party][1] == 0
        assert outcome.shares == ()
        for each in outcome.figures.obligations:
            assert party not in (each.debtor, each.creditor)
        # What is left is exactly what the others did among themselves.
        among = [each for each in before.obligations if party not in (each.debtor, each.creditor)]
        partners = {each for each in day.currencies if each != party}
        between = [each for each in among if {each.debtor, each.creditor} <= partners]
        after = [
            each for each in outcome.figures.obligations if {each.debtor, each.creditor} <= partners
        ]
        assert after == between

    @given(days, st.randoms(use_true_random=False))
    def test_covered(self, day: Day, random: Random) -> None:
        before = day.reckon(day.content)
        party = largest_debtor(before)
        if party is None:
            return
        size = 10 ** random.randint(0, 9)
        security = Security(
            collateral={each: random.randrange(size) for each in day.currencies},
            fund={each: random.randrange(size) for each in day.currencies},
        )
        outcome = dry_run.cover(day, party, security)
        check_closes(outcome.figures)
        assert sum(outcome.all_covers.values()) == 0
        assert sum(share.amount for share in outcome.shares) == outcome.shortfall
        assert outcome.nets[party] == (-outcome.shortfall, 0)
        owed = owed_by(party, before.obligations, hub=HUB, float_=FLOAT)
        for other, (was, now) in outcome.nets.items():
            if other not in (party, HUB):
                # Nobody loses more than the party owed it, or than is stated.
                lost = stated(outcome, other)
                assert now == was - lost
                assert lost <= owed.get(other, 0)
        assert outcome.nets[FLOAT][0] == outcome.nets[FLOAT][1]
        drawn = sum(share.amount for share in outcome.shares if share.step != "loss")
        assert outcome.nets[HUB][1] == outcome.nets[HUB][0] - drawn - stated(outcome, HUB)

    @given(days, st.randoms(use_true_random=False))
    def test_two_fail_one_after_the_other(self, day: Day, random: Random) -> None:
        first = largest_debtor(day.reckon(day.content))
        if first is None:
            return
        one = dry_run.cover(day, first, NOTHING)
        following = replace(day, covers=one.all_covers, covered=frozenset([first]))
        second = largest_debtor(following.reckon(following.content))
        if second is None:
            return
        both = dry_run.cover(following, second, NOTHING)
        check_closes(both.figures)
        assert both.nets[first] == (0, 0)
        assert both.nets[second][1] == 0
        assert stated(both, first) == 0


def stated(outcome: Outcome, party: int) -> int:
    return sum(s.amount for s in outcome.shares if (s.step, s.party) == ("loss", party))


class TestTooLate:
    def test_once_the_bank_shows_money_of_the_window(
        self, coalition: Coalition, tmp_path: Path
    ) -> None:
        desk = Desk(coalition, tmp_path)
        window = desk.trade()
        market = coalition.parties["market"]
        with coalition.database.transaction() as session:
            assert defaulting.dry_run(session, window, market, "cover").shortfall > 0
        desk.says(paying(desk.due(window, "in"), amount=1))
        with coalition.database.transaction() as session, pytest.raises(DefaultTooLate):
            defaulting.dry_run(session, window, market, "cover")


class TestGivenUp:
    def test_a_window_that_was_covered_cannot_be(self, coalition: Coalition) -> None:
        """What was drawn for it would be lost."""
        coalition.partner("market")
        coalition.partner("fuel")
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 500)
        coalition.spend("fuel", wallet, 300)
        window = coalition.close("2026-12")
        desk = Operators(coalition.database, coalition.signer)
        desk.agree("defaults", "propose", window, "market", "--method", "cover")
        with pytest.raises(CoveredAlready):
            desk.agree("windows", "abort", window)


class TestDryRun:
    def test_refuses_one_that_has_nothing_to_pay(self) -> None:
        day = build_day(Random(1), partners=3, lines=0)  # noqa: S311
        for way in (dry_run.without, lambda *of: dry_run.cover(*of, NOTHING)):
            with pytest.raises(NothingDue):
                way(day, 11)

    def test_content_is_equal_for_equal_figures_only(self) -> None:
        day = build_day(Random(7), partners=5, lines=30)  # noqa: S311
        party = largest_debtor(day.reckon(day.content))
        assert party is not None
        shown = dry_run.cover(day, party, NOTHING).content()
        assert dry_run.cover(day, party, NOTHING).content() == shown
        secured = Security(collateral={party: 1}, fund={})
        other = dry_run.cover(day, party, secured).content()
        assert other != shown
        assert other["hash"] != shown["hash"]
