"""Undoing: refunds put points back where they were, clawbacks take issued points away."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from kit.ids import uuid7

NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def sale(books):
    """A redemption of 60 points out of three lots of one wallet, which is then empty."""
    issuer, other, acceptor = books.party(), books.party(), books.party()
    wallet = books.wallet()
    books.issue(issuer, wallet, 10, expires_on="2090-01-01")
    books.issue(other, wallet, 20, expires_on="2091-01-01")
    books.issue(issuer, wallet, 30, expires_on="2092-01-01")
    order = {"link": books.link(acceptor, wallet), "points": 60, "moment": NOON}
    id_ = books.post("redemption", party=acceptor, **order).unwrap()["id"]

    def refund(points=None, **fields):
        return books.post("refund", **{"party": acceptor, "undoes": id_, "points": points} | fields)

    return SimpleNamespace(
        issuer=issuer, other=other, acceptor=acceptor, wallet=wallet, id=id_, refund=refund
    )


def by_expiry(books, wallet):
    return {lot.expires_on.year: lot.available for lot in books.lots(wallet)}


class TestRefund:
    def test_of_all_is_the_default_and_restores_every_lot(self, books, sale):
        done = sale.refund(reference="R1", moment=NOON).unwrap()
        assert done == {
            "id": done["id"],
            "kind": "refund",
            "points": 60,
            "undoes": sale.id,
            "reference": "R1",
            "at": NOON.isoformat(),
        }
        assert by_expiry(books, sale.wallet) == {2090: 10, 2091: 20, 2092: 30}
        assert books.balance(sale.wallet) == (60, 0)

    def test_in_parts_gives_back_first_what_was_taken_last(self, books, sale):
        sale.refund(25).unwrap()
        assert by_expiry(books, sale.wallet) == {2092: 25}
        sale.refund(10).unwrap()
        assert by_expiry(books, sale.wallet) == {2091: 5, 2092: 30}
        sale.refund(20).unwrap()
        assert by_expiry(books, sale.wallet) == {2090: 5, 2091: 20, 2092: 30}
        assert sale.refund().unwrap()["points"] == 5

    def test_keeps_the_price_and_the_terms_of_the_sale(self, books, sale):
        """What the refund undoes in money is what the sale did: its prices are dated then."""
        done = sale.refund(35, moment=NOON + timedelta(days=9)).unwrap()
        spent = {line.line: line for line in books.postings(sale.id)}
        for line in books.postings(done["id"]):
            undone = spent[line.undoes_line]
            assert (line.valued_at, line.issued_at) == (NOON, undone.issued_at)
            assert (line.issuer_id, line.lot_id) == (undone.issuer_id, undone.lot_id)

    def test_refuses_in_the_order_of_its_docstring(self, sale):
        sale.refund(1, reference="taken").unwrap()
        assert sale.refund(60, undoes=str(uuid7()), reference="taken").code == (
            "transaction-not-found"
        )
        assert sale.refund(60, reference="taken").code == "duplicate-reference"
        refused = sale.refund(60, reference="free")
        assert refused.code == "exceeds-captured"
        assert refused.facts == {"requested": 60, "refundable": 59}
        assert sale.refund(59, reference="free").code is None

    def test_of_nothing_left_is_refused(self, sale):
        sale.refund().unwrap()
        assert sale.refund(1).facts == {"requested": 1, "refundable": 0}
        assert sale.refund().facts == {"requested": 60, "refundable": 0}

    def test_is_for_the_acceptor_of_the_sale(self, books, sale):
        assert sale.refund(party=books.party()).code == "transaction-not-found"

    def test_is_of_sales_only(self, books, sale):
        accrual = books.issue(sale.acceptor, sale.wallet, 5)
        assert sale.refund(undoes=accrual).code == "transaction-not-found"
        done = sale.refund(5).unwrap()
        assert sale.refund(undoes=done["id"]).code == "transaction-not-found"

    def test_of_a_capture(self, books, sale):
        books.issue(sale.issuer, sale.wallet, 40)
        order = {"link": books.link(sale.acceptor, sale.wallet), "points": 40}
        hold = books.post("authorisation", party=sale.acceptor, **order).unwrap()["id"]
        captured = books.post("capture", party=sale.acceptor, hold=hold, points=30).unwrap()
        assert sale.refund(31, undoes=captured["id"]).code == "exceeds-captured"
        assert sale.refund(30, undoes=captured["id"]).code is None
        assert books.balance(sale.wallet) == (40, 0)

    def test_is_open_to_a_suspended_party_and_a_frozen_wallet(self, books, sale):
        books.set_state(sale.acceptor, "suspended")
        books.freeze(sale.wallet)
        assert sale.refund(1).code is None

    def test_of_an_expired_lot_comes_back_with_a_dated_grace(self, books, sale):
        moment = datetime(2090, 7, 1, 12, tzinfo=UTC)
        sale.refund(moment=moment).unwrap()
        lots = {str(lot.expires_on): lot for lot in books.lots(sale.wallet)}
        assert {day: lot.available for day, lot in lots.items()} == {
            "2090-07-31": 10,
            "2091-01-01": 20,
            "2092-01-01": 30,
        }
        original = books.postings(sale.id)[0]
        assert lots["2090-07-31"].issuer_id == original.issuer_id
        assert lots["2090-07-31"].opened_at == original.issued_at  # The terms of the issue.
        order = {"link": books.link(sale.acceptor, sale.wallet), "points": 60}
        late = datetime(2090, 8, 1, tzinfo=UTC)
        assert books.post("lot-expiry", wallet=sale.wallet, moment=late).unwrap()["points"] == 10
        refused = books.post("redemption", party=sale.acceptor, moment=late, **order)
        assert refused.facts["available"] == 50

    def test_on_a_lots_last_day_needs_no_grace(self, books, sale):
        sale.refund(moment=datetime(2090, 1, 1, 23, 59, tzinfo=UTC)).unwrap()
        assert by_expiry(books, sale.wallet)[2090] == 10

    def test_twice_into_grace_joins_one_lot(self, books, sale):
        books.settings(refund_grace_days=5)
        moment = datetime(2093, 1, 1, tzinfo=UTC)
        for points in (35, 20, 5):
            sale.refund(points, moment=moment).unwrap()
        lots = [(lot.issuer_id, str(lot.expires_on), lot.available) for lot in
                books.lots(sale.wallet)]  # fmt: skip
        assert sorted(lots) == [(sale.issuer, "2093-01-06", 40), (sale.other, "2093-01-06", 20)]


@pytest.fixture
def given(books):
    """An accrual of 100 points to a wallet, and a till to spend them at."""
    issuer, acceptor = books.party(), books.party()
    wallet = books.wallet()
    id_ = books.issue(issuer, wallet, 100, moment=NOON)

    def claw_back(points=None, **fields):
        order = {"party": issuer, "undoes": id_, "points": points}
        return books.post("clawback", **order | fields)

    def spend(points, **fields):
        order = {"link": books.link(acceptor, wallet), "points": points, "moment": NOON} | fields
        return books.post("redemption", party=acceptor, **order).unwrap()["id"]

    return SimpleNamespace(
        issuer=issuer, acceptor=acceptor, wallet=wallet, id=id_, claw_back=claw_back, spend=spend
    )


class TestClawback:
    def test_of_all_is_the_default(self, books, given):
        done = given.claw_back(reference="R1", moment=NOON).unwrap()
        assert done == {
            "id": done["id"],
            "kind": "clawback",
            "points": 100,
            "taken": 100,
            "owed": 0,
            "undoes": given.id,
            "reference": "R1",
            "at": NOON.isoformat(),
        }
        assert books.balance(given.wallet) == (0, 0)
        assert books.exposure(given.issuer) == 0

    def test_is_priced_as_the_accrual_was(self, books, given):
        done = given.claw_back(moment=NOON + timedelta(days=9)).unwrap()
        assert [line.valued_at for line in books.postings(done["id"])] == [NOON]

    def test_refuses_in_the_order_of_its_docstring(self, given):
        given.claw_back(1, reference="taken").unwrap()
        attempt = given.claw_back(100, undoes=str(uuid7()), reference="taken")
        assert attempt.code == "transaction-not-found"
        assert given.claw_back(100, reference="taken").code == "duplicate-reference"
        refused = given.claw_back(100, reference="free")
        assert refused.code == "exceeds-accrued"
        assert refused.facts == {"requested": 100, "reclaimable": 99}
        assert given.claw_back(99, reference="free").code is None
        assert given.claw_back().facts == {"requested": 100, "reclaimable": 0}

    def test_is_for_the_issuer_of_an_accrual(self, books, given):
        assert given.claw_back(party=books.party()).code == "transaction-not-found"
        sale = given.spend(10)
        refused = given.claw_back(party=given.acceptor, undoes=sale)
        assert refused.code == "transaction-not-found"

    def test_is_open_to_a_suspended_party(self, books, given):
        books.set_state(given.issuer, "suspended")
        assert given.claw_back(1).code is None

    def test_takes_its_own_lot_first_then_what_expires_last(self, books, given):
        for year in (2088, 2110, 2090):
            books.issue(given.issuer, given.wallet, 10, expires_on=f"{year}-01-01")
        given.spend(25)  # 2088, 2090, and 5 of the accrual's own.
        done = given.claw_back().unwrap()
        assert (done["taken"], done["owed"]) == (100, 0)
        assert by_expiry(books, given.wallet) == {2110: 5}

    def test_of_what_was_spent_is_owed(self, books, given):
        given.spend(70)
        done = given.claw_back().unwrap()
        assert (done["taken"], done["owed"]) == (30, 70)
        assert books.balance(given.wallet) == (0, 0)
        assert books.owed(given.wallet, given.issuer) == 70
        assert books.exposure(given.issuer) == 70  # It still pays for what was spent.

    def test_takes_no_other_issuers_points(self, books, given):
        given.spend(100)
        books.issue(books.party(), given.wallet, 50)
        assert given.claw_back().unwrap()["owed"] == 100
        assert books.balance(given.wallet) == (50, 0)

    def test_leaves_alone_what_is_held_for_a_sale(self, books, given):
        link = books.link(given.acceptor, given.wallet)
        order = {"link": link, "points": 60, "moment": NOON}
        hold = books.post("authorisation", party=given.acceptor, **order).unwrap()["id"]
        done = given.claw_back().unwrap()
        assert (done["taken"], done["owed"]) == (40, 60)
        capture = {"party": given.acceptor, "hold": hold, "moment": NOON}
        assert books.post("capture", **capture).code is None

    def test_takes_pending_points(self, books):
        issuer = books.party()
        wallet = books.wallet()
        accrual = books.issue(issuer, wallet, 10, spendable_from="2098-01-01")
        assert books.post("clawback", party=issuer, undoes=accrual).unwrap()["taken"] == 10


class TestDebt:
    @pytest.fixture
    def debt(self, given):
        given.spend(100)
        given.claw_back(80).unwrap()
        return given

    def test_is_repaid_by_the_next_accrual(self, books, debt):
        order = {"link": books.link(debt.issuer, debt.wallet)}
        done = books.post("accrual", party=debt.issuer, points=30, **order).unwrap()
        assert (done["points"], done["repaid"]) == (30, 30)
        assert books.balance(debt.wallet) == (0, 0)
        assert books.owed(debt.wallet, debt.issuer) == 50
        done = books.post("accrual", party=debt.issuer, points=60, **order).unwrap()
        assert done["repaid"] == 50
        assert books.balance(debt.wallet) == (10, 0)
        assert books.owed(debt.wallet, debt.issuer) == 0
        assert books.exposure(debt.issuer) == 110

    def test_is_repaid_to_nobody_else(self, books, debt):
        books.issue(books.party(), debt.wallet, 30)
        assert books.balance(debt.wallet) == (30, 0)
        assert books.owed(debt.wallet, debt.issuer) == 80

    def test_comes_back_when_what_repaid_it_is_clawed_back(self, books, debt):
        accrual = books.issue(debt.issuer, debt.wallet, 90)
        assert books.balance(debt.wallet) == (10, 0)
        done = books.post("clawback", party=debt.issuer, undoes=accrual).unwrap()
        assert (done["taken"], done["owed"]) == (10, 80)
        assert books.owed(debt.wallet, debt.issuer) == 80

    def test_grows_with_a_second_clawback(self, books, debt):
        debt.claw_back().unwrap()
        assert books.owed(debt.wallet, debt.issuer) == 100


class TestForgiveness:
    """Points that expired unspent were never used: they are not owed."""

    LATER = datetime(2100, 1, 1, tzinfo=UTC)

    def test_of_what_expired(self, books, given):
        books.post("lot-expiry", wallet=given.wallet, moment=self.LATER).unwrap()
        done = given.claw_back().unwrap()
        assert (done["taken"], done["owed"], done["forgiven"]) == (0, 0, 100)
        assert books.owed(given.wallet, given.issuer) == 0
        assert [line.movement for line in books.postings(done["id"])] == ["forgiven"]

    def test_not_of_what_was_spent(self, books, given):
        given.spend(70)
        books.post("lot-expiry", wallet=given.wallet, moment=self.LATER).unwrap()
        done = given.claw_back().unwrap()
        assert (done["owed"], done["forgiven"]) == (70, 30)

    def test_before_other_points_are_taken(self, books, given):
        books.issue(given.issuer, given.wallet, 500, expires_on="2110-01-01")
        books.post("lot-expiry", wallet=given.wallet, moment=self.LATER).unwrap()
        done = given.claw_back().unwrap()
        assert (done["taken"], done["forgiven"]) == (0, 100)
        assert books.balance(given.wallet) == (500, 0)

    def test_only_once(self, books, given):
        second = books.issue(given.issuer, given.wallet, 50)  # The same lot.
        given.spend(90)
        books.post("lot-expiry", wallet=given.wallet, moment=self.LATER).unwrap()
        assert given.claw_back(40).unwrap()["forgiven"] == 40
        done = given.claw_back(30).unwrap()
        assert (done["owed"], done["forgiven"]) == (10, 20)
        rest = books.post("clawback", party=given.issuer, undoes=second).unwrap()
        assert (rest["owed"], "forgiven" in rest) == (50, False)

    def test_not_of_points_still_there_though_out_of_date(self, books, given):
        done = given.claw_back(moment=self.LATER).unwrap()
        assert (done["taken"], "forgiven" in done) == (100, False)
