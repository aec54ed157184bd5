"""Points from one wallet to another: the lots keep their issuer and expiry."""

from datetime import UTC, datetime

import pytest

from exchange import ledger, transfers

NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
def pair(books):
    return books.wallet(points=100), books.wallet()


def move(books, pair, points=10, **fields):
    order = {"wallet": pair[0], "to_wallet": pair[1], "points": points}
    return books.post("transfer", **order | fields)


class TestTransfer:
    def test_is_ordered_by_its_use_case(self, books, database, pair):
        order = transfers.transfer(wallet=pair[0], to_wallet=pair[1], points=40, note="a present")
        ledger.post(database.hot, [order])[0].unwrap()
        assert (books.balance(pair[0]), books.balance(pair[1])) == ((60, 0), (40, 0))

    def test_carries_issuer_and_expiry_along(self, books):
        issuer, other = books.party(), books.party()
        giver, receiver = books.wallet(points=10, issuer=issuer, expires_on="2090-01-01"), books.wallet()  # fmt: skip  # noqa: E501
        books.issue(other, giver, 20, expires_on="2091-01-01")
        done = move(books, (giver, receiver), 15, note="a present", moment=NOON).unwrap()
        assert done == {"id": done["id"], "kind": "transfer", "points": 15, "at": NOON.isoformat()}
        lots = [(lot.issuer_id, str(lot.expires_on), lot.available) for lot in
                books.lots(receiver)]  # fmt: skip
        assert lots == [(issuer, "2090-01-01", 10), (other, "2091-01-01", 5)]
        assert (books.balance(giver), books.balance(receiver)) == ((15, 0), (15, 0))
        assert books.journal(done["id"]).note == "a present"

    def test_refuses_in_the_order_of_its_docstring(self, books, pair):
        giver, receiver = pair
        books.freeze(giver)
        assert move(books, (0, 0)).code == "same-wallet"
        assert move(books, (giver, 0), 101).code == "wallet-not-found"
        assert move(books, (0, receiver), 101).code == "wallet-not-found"
        assert move(books, pair, 101).code == "wallet-frozen"
        books.freeze(giver, frozen=False)
        refused = move(books, pair, 101)
        assert refused.code == "insufficient-points"
        assert refused.facts == {"requested": 101, "available": 100}
        assert move(books, pair, 100).code is None

    def test_joins_a_lot_that_is_there(self, books):
        issuer = books.party()
        pair = books.wallet(points=10, issuer=issuer), books.wallet(points=5, issuer=issuer)
        move(books, pair, 10).unwrap()
        assert [lot.available for lot in books.lots(pair[1])] == [15]

    def test_joins_several_lots_of_one_issuer_and_expiry(self, books):
        """What was pending once may lie beside what never was; both arrive as one."""
        issuer = books.party()
        giver, receiver = books.wallet(points=10, issuer=issuer), books.wallet()
        books.issue(issuer, giver, 7, spendable_from="2030-06-15")
        move(books, (giver, receiver), 17, moment=NOON).unwrap()
        assert [lot.available for lot in books.lots(receiver)] == [17]

    def test_moves_neither_pending_nor_expired_points(self, books, pair):
        issuer = books.party()
        books.issue(issuer, pair[0], 5, spendable_from="2030-06-16")
        books.issue(issuer, pair[0], 5, expires_on="2030-06-14")
        assert move(books, pair, 101, moment=NOON).facts["available"] == 100

    def test_there_and_back_again(self, books, pair):
        before = books.lots(pair[0])
        move(books, pair, 60).unwrap()
        move(books, pair[::-1], 60).unwrap()
        assert books.lots(pair[0]) == before
        assert books.balance(pair[1]) == (0, 0)

    def test_of_one_wallet_to_many_inside_an_array(self, books, pair):
        others = [books.wallet() for _ in range(3)]
        orders = [
            books.order("transfer", wallet=pair[0], to_wallet=other, points=40) for other in others
        ]
        codes = [outcome.code for outcome in books.post_all(orders)]
        assert codes == [None, None, "insufficient-points"]
