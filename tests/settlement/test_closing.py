"""Closing a window, on real books: what it comes to, and that it comes to it exactly once."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

import pytest

from exchange import store as books
from kit.database import Busy, Database
from kit.ids import uuid7
from settlement import closing, fx_rates, store
from settlement.errors import (
    BankDisagrees,
    FxRateMissing,
    PointsUnpriced,
    SettlementStepRefused,
    WindowNameInvalid,
    WindowNameTaken,
    WindowNotClosed,
    WindowNotFound,
    WindowNotOpen,
)
from settlement.fx import Rate
from staff.errors import SecondPersonRequired
from tests.factories import build_proposal
from tests.settlement import steps
from tests.settlement.coalition import NOW, Coalition

Step = Callable[..., None]

MILLION = 1_000_000


class TestClose:
    def test_prices_what_was_spent(self, coalition: Coalition) -> None:
        coalition.partner("market", issue_price=MILLION)
        coalition.partner("fuel", accept_price=900_000, fee_ppm=20_000)
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1500)
        coalition.spend("fuel", wallet, 1000)
        closed = coalition.close("2026-12")
        assert coalition.obligations(closed) == {
            ("market", "fuel", "spent", 1000, 900),
            ("market", "hub", "spread", 1000, 100),
            ("fuel", "hub", "fee", 1000, 18),
        }
        assert coalition.nets(closed) == {"hub": 118, "float": 0, "market": -1000, "fuel": 882}
        # The hub pays and collects: the hub's own share stays with it.
        assert coalition.payments(closed) == [
            ("hub", "fuel", 882, "CNY"),
            ("market", "hub", 1000, "CNY"),
        ]
        assert coalition.state(closed) == "closed"
        assert coalition.state("2026-12") == "open"

    def test_prefunded_points_are_paid_by_the_float(self, coalition: Coalition) -> None:
        coalition.partner("market", prefunded_ppm=MILLION)
        coalition.partner("fuel")
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000)
        first = coalition.close("2026-12")
        assert coalition.obligations(first) == {("market", "float", "prefunded", 1000, 1000)}
        coalition.spend("fuel", wallet, 400)
        second = coalition.close("2027-01")
        assert coalition.obligations(second) == {("float", "fuel", "spent", 400, 400)}

    def test_split_terms_share_the_price(self, coalition: Coalition) -> None:
        coalition.partner("market", prefunded_ppm=250_000)
        coalition.partner("fuel")
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000)
        coalition.spend("fuel", wallet, 1000)
        nets = coalition.nets(coalition.close("2026-12"))
        assert nets == {"hub": 0, "float": 0, "market": -1000, "fuel": 1000}

    def test_a_refund_undoes_the_money_at_the_price_of_its_sale(self, coalition: Coalition) -> None:
        coalition.partner("market")
        coalition.partner("fuel", accept_price=777_777)
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000)
        sale = coalition.spend("fuel", wallet, 900)
        first = coalition.close("2026-12")
        coalition.refund("fuel", sale)
        second = coalition.close("2027-01")
        one, two = coalition.nets(first), coalition.nets(second)
        # Rounded on the pool's side both times, so up to a unit a line is the hub's.
        assert all(abs(one[slug] + two[slug]) <= 2 for slug in one)
        assert coalition.exposure("market")[0] == 1000

    def test_points_spent_at_the_own_till_cost_nobody(self, coalition: Coalition) -> None:
        coalition.partner("market", fee_ppm=20_000)
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 100)
        coalition.spend("market", wallet, 100)
        closed = coalition.close("2026-12")
        assert coalition.obligations(closed) == set()
        assert coalition.exposure("market") == (0, 0)

    def test_what_a_member_owes_back_has_no_effect(self, coalition: Coalition) -> None:
        coalition.partner("market", prefunded_ppm=MILLION)
        coalition.partner("fuel")
        wallet = coalition.wallet()
        accrual = coalition.issue("market", wallet, 100)
        coalition.spend("fuel", wallet, 80)
        assert coalition.claw_back("market", accrual)["owed"] == 80
        coalition.issue("market", wallet, 100)  # Repays 80, so 20 are issued.
        closed = coalition.close("2026-12")
        assert coalition.obligations(closed) == {
            ("market", "float", "prefunded", 100, 100),  # 100 - 20 + 20
            ("float", "fuel", "spent", 80, 80),
        }

    def test_expired_points_are_shared_as_agreed(self, coalition: Coalition) -> None:
        coalition.partner("market", prefunded_ppm=500_000, breakage_hub_ppm=400_000)
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000, expires_on=date(2026, 6, 30))
        coalition.expire(wallet, on=datetime(2026, 7, 1, tzinfo=UTC))
        closed = coalition.close("2026-12")
        assert coalition.obligations(closed) == {
            ("market", "float", "prefunded", 1000, 500),
            ("market", "hub", "breakage", 1000, 200),
            ("float", "hub", "breakage", 1000, 200),
            ("float", "market", "breakage", 1000, 300),
        }
        assert coalition.exposure("market") == (0, 700)

    def test_a_partner_abroad_settles_with_the_hub_in_its_currency(
        self, coalition: Coalition
    ) -> None:
        coalition.partner("market")
        coalition.partner("fuel", currency="JPY")
        with coalition.database.transaction() as session:
            yen = Rate(base="CNY", quote="JPY", numerator=201, denominator=10)
            fx_rates.add(session, yen, valid_from=date(2020, 1, 1))
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000)
        coalition.spend("fuel", wallet, 764)
        closed = coalition.close("2026-12")
        assert coalition.settled(closed) == {
            "hub": (2, "CNY"),
            "float": (0, "CNY"),
            "market": (-764, "CNY"),
            "fuel": (153, "JPY"),
        }
        assert coalition.payments(closed) == [
            ("hub", "fuel", 153, "JPY"),
            ("market", "hub", 764, "CNY"),
        ]

    def test_a_quiet_window_closes_too(self, coalition: Coalition) -> None:
        coalition.partner("market")
        closed = coalition.close("2026-12")
        assert coalition.nets(closed) == {"hub": 0, "float": 0, "market": 0}
        assert json.loads(coalition.documents(closed)["market"].document)["direction"] == "even"

    def test_moves_what_was_spent_from_points_to_money(self, coalition: Coalition) -> None:
        coalition.partner("market", issue_price=2 * MILLION, cap=2000)
        coalition.partner("fuel")
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000)
        coalition.spend("fuel", wallet, 400)
        closed = coalition.close("2026-12")
        assert coalition.exposure("market") == (600, 800)
        assert coalition.exposure("fuel") == (0, 0)
        coalition.settle(closed)
        assert coalition.exposure("market") == (600, 0)

    def test_refuses_an_unfit_name(self, coalition: Coalition) -> None:
        for name in ("", "a b", "-x", "x" * 41, "2026/12", "=1"):
            with pytest.raises(WindowNameInvalid):
                coalition.begin(name)

    def test_refuses_an_unknown_window(self, coalition: Coalition) -> None:
        coalition.window = "no such"
        with pytest.raises(WindowNotFound):
            coalition.close("2026-12")

    def test_refuses_a_window_closed_before(self, coalition: Coalition) -> None:
        closed = coalition.close("2026-12")
        coalition.window = closed
        with pytest.raises(WindowNotOpen) as refused:
            coalition.close("2027-01")
        assert refused.value.facts == {"state": "closed"}

    def test_refuses_a_taken_name(self, coalition: Coalition) -> None:
        coalition.close("2026-12")
        with pytest.raises(WindowNameTaken):
            coalition.close("2026-12")

    def test_without_terms_it_stays_in_closing(self, coalition: Coalition) -> None:
        issued_by = coalition.books.party()
        coalition.parties["nobody"] = issued_by
        coalition.partner("fuel")
        wallet = coalition.wallet()
        coalition.issue("nobody", wallet, 10)
        with pytest.raises(PointsUnpriced) as refused:
            coalition.close("2026-12")
        assert refused.value.facts["party"] == issued_by
        assert coalition.state("window 1") == "closing"

    def test_without_a_rate_it_waits_for_one(self, coalition: Coalition) -> None:
        coalition.partner("fuel", currency="JPY")
        with pytest.raises(FxRateMissing):
            coalition.close("2026-12")
        with coalition.database.transaction() as session:
            yen = Rate(base="CNY", quote="JPY", numerator=20, denominator=1)
            fx_rates.add(session, yen, valid_from=date(2020, 1, 1))
        coalition.resume("window 1")
        assert coalition.state("window 1") == "closed"


class TestResume:
    @pytest.fixture
    def closed(self, coalition: Coalition) -> str:
        coalition.partner("market")
        coalition.partner("fuel")
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000)
        coalition.spend("fuel", wallet, 600)
        return coalition.begin("2026-12")

    def test_finishes_what_was_killed_half_way(self, coalition: Coalition, closed: str) -> None:
        assert coalition.state(closed) == "closing"
        wallet = coalition.wallet()
        coalition.issue("fuel", wallet, 7)  # The books went on meanwhile.
        coalition.resume(closed)
        assert coalition.nets(closed)["fuel"] == 600
        assert json.loads(coalition.documents(closed)["fuel"].document)["closing"] == 0

    def test_does_it_once(self, coalition: Coalition, closed: str) -> None:
        coalition.resume(closed)
        before = coalition.documents(closed), coalition.exposure("market")
        coalition.resume(closed)
        assert (coalition.documents(closed), coalition.exposure("market")) == before

    def test_a_failure_leaves_nothing_behind(
        self, coalition: Coalition, closed: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(books, "release_exposures", killed)
            with pytest.raises(KeyboardInterrupt):
                coalition.resume(closed)
        assert coalition.obligations(closed) == set()
        assert coalition.state(closed) == "closing"
        coalition.resume(closed)
        assert coalition.state(closed) == "closed"

    def test_tells_a_second_worker_to_wait(
        self, coalition: Coalition, closed: str, database: Database
    ) -> None:
        with database.transaction() as session:
            store.lock_settlement(session, coalition.id(closed))
            with pytest.raises(Busy):
                coalition.resume(closed)
        coalition.resume(closed)

    def test_refuses_an_open_window(self, coalition: Coalition) -> None:
        with pytest.raises(WindowNotClosed):
            coalition.resume(coalition.window)


class TestSteps:
    def test_are_taken_in_order(self, coalition: Coalition) -> None:
        closed = coalition.close("2026-12")
        with coalition.database.transaction() as session:
            for step, state in (
                (steps.approve, "approved"),
                (steps.start_paying, "paying"),
                (closing.mark_settled, "settled"),
            ):
                step(session, closed, NOW, by="li")
                assert store.get_window(session, closed).state == state
            window = store.get_window(session, closed)
        assert (window.approved_at, window.paid_at, window.settled_at) == (NOW, NOW, NOW)
        people = window.closed_by, window.approved_by, window.paid_by, window.settled_by
        assert people == ("mei", "li", "li", "li")

    @pytest.mark.parametrize(
        ("step", "needs"),
        [
            (steps.approve, "closed"),
            (steps.start_paying, "approved"),
            (closing.mark_settled, "paying"),
            (partial(closing.abort, because=uuid7()), "closed or approved"),
        ],
    )
    def test_are_refused_elsewhere(self, coalition: Coalition, step: Step, needs: str) -> None:
        closed = coalition.close("2026-12")
        coalition.settle(closed)
        for window, state in (coalition.window, "open"), (closed, "settled"):
            with (
                coalition.database.transaction() as session,
                pytest.raises(SettlementStepRefused) as refused,
            ):
                step(session, window, NOW, by="li")
            assert refused.value.facts == {"state": state, "needs": needs}

    def test_whoever_closed_it_cannot_approve_it(self, coalition: Coalition) -> None:
        closed = coalition.close("2026-12")
        with coalition.database.transaction() as session, pytest.raises(SecondPersonRequired):
            steps.approve(session, closed, NOW, by="mei")
        assert coalition.state(closed) == "closed"

    def test_it_is_not_settled_against_the_bank(self, coalition: Coalition) -> None:
        coalition.partner("market")
        coalition.partner("fuel")
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000)
        coalition.spend("fuel", wallet, 1000)
        closed = coalition.close("2026-12")
        with coalition.database.transaction() as session:
            steps.approve(session, closed, NOW, by="li")
            steps.start_paying(session, closed, NOW, by="mei")
            with pytest.raises(BankDisagrees) as refused:
                closing.mark_settled(session, closed, NOW, by="mei")
            assert refused.value.facts == {"payments": 2}
            assert store.get_window(session, closed).state == "paying"
            agreed = build_proposal(
                session, kind="settle-regardless", proposed_by="mei", decided_by="li"
            )
            closing.mark_settled(session, closed, NOW, by="mei, li", regardless=agreed.id)


class TestStatements:
    def test_are_numbered_digested_and_signed(self, coalition: Coalition) -> None:
        coalition.partner("market")
        coalition.partner("fuel")
        closed = coalition.close("2026-12")
        rows = coalition.documents(closed)
        assert sorted(row.number for row in rows.values()) == [
            "ST-window 1-000001",
            "ST-window 1-000002",
        ]
        public = coalition.signer.private.public_key
        for row in rows.values():
            assert row.digest == hashlib.sha256(row.document).digest()
            assert public.verifies(row.signature, row.document)
            assert row.key_id == "hub-test"

    def test_show_a_partner_its_own_row_and_column(self, coalition: Coalition) -> None:
        for slug in ("market", "fuel", "florist"):
            coalition.partner(slug)
        one, two = coalition.wallet(), coalition.wallet()
        coalition.issue("market", one, 500)
        sale = coalition.spend("fuel", one, 300, reference="R-1")
        coalition.refund("fuel", sale, 100, reference="R-2")
        coalition.issue("fuel", two, 50)
        coalition.spend("florist", two, 20)
        closed = coalition.close("2026-12")
        rows = coalition.documents(closed)
        market = json.loads(rows["market"].document)
        assert [trade["party"] for trade in market["spent"]] == [coalition.parties["fuel"]]
        assert market["accepted"] == []
        assert (market["opening"], market["closing"], market["net"]) == (0, 300, -200)
        fuel = json.loads(rows["fuel"].document)
        assert (fuel["accepted_points"], fuel["accepted_refunds"]) == (300, 100)
        assert rows["fuel"].csv.startswith(b"\xef\xbb\xbfstatement,window")

    def test_of_two_windows_join(self, coalition: Coalition) -> None:
        coalition.partner("market")
        coalition.partner("fuel")
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 500)
        coalition.spend("fuel", wallet, 300)
        first = coalition.begin("2026-12")
        coalition.spend("market", wallet, 50)
        second = coalition.begin("2027-01")
        coalition.issue("market", wallet, 11)
        documents = []
        for window in (second, first):  # Even worked out late and in the wrong order.
            coalition.resume(window)
            documents.append(json.loads(coalition.documents(window)["market"].document))
        assert [(each["opening"], each["closing"]) for each in documents] == [(200, 150), (0, 200)]
