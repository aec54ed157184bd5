"""Wallets without a member: points come and go by transfers, and by the codes several show."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from exchange import freezing, history, ledger, purses, transfers

NOW = datetime(2030, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def purse(database):
    with database.transaction() as session:
        return purses.open_purse(session, NOW)


def move(database, wallet, to_wallet, points, reference=None):
    order = transfers.transfer(
        wallet=wallet, to_wallet=to_wallet, points=points, reference=reference
    )
    return ledger.post(database.hot, [order])[0]


def shown(books, purse, spender, max_points):
    code = books.payment_code(purse, max_points=max_points)
    books.owner.execute(
        "UPDATE exchange.payment_code SET spender = %s WHERE digest = decode(%s, 'hex')",
        (spender, code),
    )
    return code


class TestPurse:
    def test_begins_empty_and_lives_by_transfers(self, books, database, purse):
        giver = books.wallet(points=100)
        move(database, giver, purse, 60).unwrap()
        move(database, purse, giver, 25).unwrap()
        assert (books.balance(giver), books.balance(purse)) == ((65, 0), (35, 0))
        with database.transaction() as session:
            assert [each.kind for each in history.page(session, purse, limit=5)] == [
                "given",
                "received",
            ]

    def test_a_shown_code_says_what_was_paid_by_whom(self, books, database, purse):
        till, spender = books.party(), uuid4()
        move(database, books.wallet(points=100), purse, 100).unwrap()
        code = shown(books, purse, spender, 40)
        sale = books.post("redemption", party=till, code=code, points=30).unwrap()
        row = books.owner.execute(
            "SELECT spender, used_for, used_by, points FROM exchange.payment_code"
        ).fetchone()
        assert (row[0], str(row[1]), *row[2:]) == (spender, sale["id"], till, 30)
        again = books.post("redemption", party=till, code=code, points=1)
        assert again.code == "payment-code-invalid"
        over = books.post(
            "redemption", party=till, code=shown(books, purse, spender, 40), points=41
        )
        assert over.code == "payment-code-invalid"

    def test_a_hold_by_code_is_named_too(self, books, database, purse):
        till = books.party()
        move(database, books.wallet(points=100), purse, 100).unwrap()
        code = shown(books, purse, uuid4(), 40)
        hold = books.post("authorisation", party=till, code=code, points=30).unwrap()
        books.post("capture", party=till, hold=hold["id"], points=20).unwrap()
        row = books.owner.execute("SELECT used_for, points FROM exchange.payment_code").fetchone()
        assert (str(row[0]), row[1]) == (hold["id"], 30)

    def test_a_refund_comes_back_to_it(self, books, database, purse):
        till = books.party()
        move(database, books.wallet(points=100), purse, 50).unwrap()
        code = shown(books, purse, uuid4(), 50)
        sale = books.post("redemption", party=till, code=code, points=50).unwrap()
        books.post("refund", party=till, undoes=sale["id"], points=20).unwrap()
        assert books.balance(purse) == (20, 0)

    def test_what_is_left_of_a_gift_goes_back_whole(self, books, database, purse):
        """A part expired on the way: the rest keeps its issuers and days."""
        issuer = books.party()
        giver = books.wallet(points=10, issuer=issuer, expires_on="2030-06-14")
        books.issue(issuer, giver, 20, expires_on="2030-12-31")
        books.post(
            "transfer", wallet=giver, to_wallet=purse, points=30, moment=NOW.replace(day=14)
        ).unwrap()
        books.post("lot-expiry", wallet=purse, moment=NOW).unwrap()
        back = books.post(
            "transfer", wallet=purse, to_wallet=giver, note=transfers.RETURNED, moment=NOW
        ).unwrap()
        assert back["points"] == 20
        assert books.balance(purse) == (0, 0)
        lots = [(str(lot.expires_on), lot.available) for lot in books.lots(giver)]
        assert ("2030-12-31", 20) in lots

    def test_can_be_frozen(self, books, database, purse):
        giver = books.wallet(points=10)
        move(database, giver, purse, 10).unwrap()
        with database.transaction() as session:
            freezing.freeze(session, purse)
        assert move(database, purse, giver, 1).code == "wallet-frozen"

    def test_one_reference_is_one_transfer_whatever_it_says(self, books, database, purse):
        giver, other = books.wallet(points=10), books.wallet(points=10)
        first = move(database, giver, purse, 10, "gift-7").unwrap()
        for wallet, points in ((giver, 10), (other, 3)):
            again = move(database, wallet, purse, points, "gift-7")
            assert (again.code, again.facts["first"]) == ("duplicate-reference", first["id"])
        assert books.balance(other) == (10, 0)

    def test_one_reference_in_one_array(self, books, database, purse):
        giver = books.wallet(points=10)
        order = {"wallet": giver, "to_wallet": purse, "points": 4, "reference": "gift-8"}
        orders = [books.order("transfer", **order) for _ in range(3)]
        codes = [outcome.code for outcome in ledger.post(database.hot, orders)]
        assert codes == [None, "duplicate-reference", "duplicate-reference"]
        assert books.balance(purse) == (4, 0)
