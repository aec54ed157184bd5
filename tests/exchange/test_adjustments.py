"""Corrections by hand: what two people agreed on, once."""

from types import SimpleNamespace

import pytest

from kit.ids import uuid7


@pytest.fixture
def desk(books):
    issuer = books.party(cap=100)
    wallet = books.wallet(points=40, issuer=issuer)

    def adjust(direction, points, **fields):
        order = {"party": issuer, "wallet": wallet, "points": points, "direction": direction}
        return books.post("adjustment", **order | fields)

    return SimpleNamespace(issuer=issuer, wallet=wallet, adjust=adjust)


class TestCredit:
    def test_issues_points(self, books, desk):
        approval = books.approval()
        done = desk.adjust("credit", 10, approval=approval, note="lost receipt").unwrap()
        assert (done["kind"], done["points"], done["direction"]) == ("adjustment", 10, "credit")
        assert books.balance(desk.wallet) == (50, 0)
        assert books.exposure(desk.issuer) == 50
        journal = books.journal(done["id"])
        assert (str(journal.approval_id), journal.note) == (approval, "lost receipt")

    def test_refuses_in_the_order_of_its_docstring(self, books, desk):
        used = books.approval()
        desk.adjust("credit", 1, approval=used).unwrap()
        books.set_state(desk.issuer, "suspended")
        order = {"points": 60, "approval": used}
        assert desk.adjust("credit", wallet=0, **order).code == "partner-not-active"
        books.set_state(desk.issuer, "open")
        assert desk.adjust("credit", wallet=0, **order).code == "wallet-not-found"
        assert desk.adjust("credit", **order).code == "approval-used"
        refused = desk.adjust("credit", 60)
        assert (refused.code, refused.facts) == ("position-limit", {"requested": 60, "room": 59})
        assert desk.adjust("credit", 59).code is None

    def test_repays_a_debt_first(self, books, desk):
        acceptor = books.party()
        accrual = books.issue(desk.issuer, desk.wallet, 10)
        books.post("redemption", party=acceptor, link=books.link(acceptor, desk.wallet), points=50)
        books.post("clawback", party=desk.issuer, undoes=accrual).unwrap()
        desk.adjust("credit", 4).unwrap()
        assert books.balance(desk.wallet) == (0, 0)
        assert books.owed(desk.wallet, desk.issuer) == 6


class TestDebit:
    def test_takes_points_away_and_owes_nothing(self, books, desk):
        desk.adjust("debit", 15).unwrap()
        assert books.balance(desk.wallet) == (25, 0)
        assert books.exposure(desk.issuer) == 25

    def test_takes_only_what_the_issuer_gave(self, books, desk):
        books.issue(books.party(), desk.wallet, 500)
        refused = desk.adjust("debit", 41)
        assert refused.code == "insufficient-points"
        assert refused.facts == {"requested": 41, "available": 40}
        assert desk.adjust("debit", 40).code is None
        assert books.balance(desk.wallet) == (500, 0)

    def test_leaves_alone_what_is_held(self, books, desk):
        acceptor = books.party()
        order = {"link": books.link(acceptor, desk.wallet), "points": 30}
        books.post("authorisation", party=acceptor, **order).unwrap()
        assert desk.adjust("debit", 11).facts["available"] == 10

    def test_is_carried_out_once(self, books, desk):
        approval = books.approval()
        desk.adjust("debit", 1, approval=approval).unwrap()
        assert desk.adjust("debit", 1, approval=approval).code == "approval-used"
        assert desk.adjust("debit", 1, approval=approval, id=str(uuid7())).code == "approval-used"
