"""A frozen wallet: nothing leaves it, nothing is held in it, points still come."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from exchange import acceptance, freezing, ledger, links, returns, store, transfers
from exchange.errors import HoldNotOpen, MemberNotFound, WalletNotFound


@pytest.fixture
def held(books):
    """A wallet with 100 points, of which two tills hold 30 each."""
    wallet = books.wallet(points=100)
    tills = [books.party(), books.party()]
    holds = [
        books.post("authorisation", party=till, link=books.link(till, wallet), points=30).unwrap()[
            "id"
        ]
        for till in tills
    ]
    return wallet, tills, holds


class TestFreeze:
    def test_lets_go_of_every_hold(self, books, database, held):
        wallet, tills, holds = held
        with database.transaction() as session:
            ended = freezing.freeze(session, wallet)
        assert [str(each.hold) for each in ended] == holds
        assert books.balance(wallet) == (100, 0)
        refused = books.post("capture", party=tills[0], hold=holds[0])
        assert (refused.code, refused.facts["state"]) == (HoldNotOpen.code, "voided")

    def test_leaves_what_an_exchange_under_way_holds(self, books, database, held):
        wallet, _, holds = held
        airline = books.party()
        order = acceptance.authorise(
            party=airline,
            link=None,
            code=books.payment_code(wallet, party=airline),
            points=10,
            reference="exg-1",
            until=datetime(2090, 1, 1, tzinfo=UTC),
        )
        firm = ledger.post(database.hot, [order])[0].unwrap()["id"]
        with database.transaction() as session:
            assert [str(each.hold) for each in freezing.freeze(session, wallet)] == holds
        assert books.balance(wallet) == (90, 10)
        rate = books.rate(airline, direction="export")
        done = acceptance.export(party=airline, hold=UUID(firm), rate=rate, theirs=5, fee=0)
        assert ledger.post(database.hot, [done])[0].unwrap()["state"] == "captured"
        assert books.balance(wallet) == (90, 0)

    def test_twice_ends_nothing_more(self, database, held):
        wallet, *_ = held
        with database.transaction() as session:
            assert len(freezing.freeze(session, wallet)) == 2
            assert freezing.freeze(session, wallet) == []

    def test_stops_what_leaves_and_not_what_comes(self, books, database, held):
        wallet, tills, _ = held
        with database.transaction() as session:
            freezing.freeze(session, wallet)
        spend = {"party": tills[0], "link": books.link(tills[0], wallet), "points": 1}
        assert books.post("redemption", **spend).code == "wallet-frozen"
        assert books.post("authorisation", **spend).code == "wallet-frozen"
        code = books.payment_code(wallet)
        by_code = books.post("redemption", party=tills[0], code=code, points=1)
        assert by_code.code == "wallet-frozen"
        moved = books.post("transfer", wallet=wallet, to_wallet=books.wallet(), points=1)
        assert moved.code == "wallet-frozen"
        books.issue(tills[0], wallet, 5)
        assert books.balance(wallet) == (105, 0)

    def test_ends(self, books, database, held):
        wallet, tills, _ = held
        with database.transaction() as session:
            freezing.freeze(session, wallet)
            freezing.unfreeze(session, wallet)
        spend = {"party": tills[0], "link": books.link(tills[0], wallet), "points": 1}
        assert books.post("redemption", **spend).code is None

    def test_of_no_wallet_is_refused(self, database):
        with database.transaction() as session, pytest.raises(WalletNotFound):
            freezing.freeze(session, 0)


class TestConsent:
    def test_is_in_force_at_once(self, books, database, held):
        wallet, (till, _), _ = held
        link = books.link(till, wallet)
        say = {"wallet": wallet, "link": link, "shares_balance": False, "answers": False}
        with database.transaction() as session:
            links.set_consent(session, daily_limit=31, **say)
        spend = {"party": till, "link": link}
        assert books.post("redemption", **spend, points=2).code == "mandate-limit"
        assert books.post("redemption", **spend, points=1).code is None
        with database.transaction() as session:
            (row, _) = links.of_wallet(session, wallet)[-2:]
            assert (row["daily_limit"], row["answers"], row["spent_today"]) == (31, False, 31)
            assert row["last_used_at"] is not None

    def test_may_be_less_than_what_was_spent(self, books, database, held):
        """What was spent before was allowed then; the checker, asked after each test, knows."""
        wallet, (till, _), _ = held
        link = books.link(till, wallet)
        say = {"wallet": wallet, "link": link, "shares_balance": False, "answers": False}
        with database.transaction() as session:
            links.set_consent(session, daily_limit=5, **say)
        spend = {"party": till, "link": link}
        refused = books.post("redemption", **spend, points=1)
        assert (refused.code, refused.facts["left"]) == ("mandate-limit", 0)

    def test_of_another_wallet_is_not_found(self, books, database, held):
        wallet, (till, _), _ = held
        with database.transaction() as session, pytest.raises(MemberNotFound):
            links.set_consent(
                session, wallet=books.wallet(), link=books.link(till, wallet), daily_limit=1,
                shares_balance=False, answers=True,
            )  # fmt: skip

    def test_all_mandates_together_have_a_limit(self, books, database, held):
        wallet, tills, _ = held  # Who hold 60 of 100, by mandate.
        with database.transaction() as session:
            store.set_unapproved_limit(session, wallet, 65)
        first, second = ({"party": till, "link": books.link(till, wallet)} for till in tills)
        assert books.post("redemption", **first, points=4).code is None
        refused = books.post("redemption", **second, points=2)
        assert (refused.code, refused.facts) == ("member-limit", {"requested": 2})
        by_code = books.post(
            "redemption", party=tills[1], code=books.payment_code(wallet), points=2
        )
        assert by_code.code is None  # Who shows a code was asked.


class TestMovingOnce:
    def test_a_reference_moves_once(self, books, database):
        pair = books.wallet(points=100), books.wallet()
        order = transfers.transfer(wallet=pair[0], to_wallet=pair[1], points=40, reference="gift-1")
        again = transfers.transfer(wallet=pair[0], to_wallet=pair[1], points=40, reference="gift-1")
        first = ledger.post(database.hot, [order])[0].unwrap()
        refused = ledger.post(database.hot, [again])[0]
        assert (refused.code, refused.facts["first"]) == ("duplicate-reference", first["id"])
        assert (books.balance(pair[0]), books.balance(pair[1])) == ((60, 0), (40, 0))

    def test_everything_that_can_be_spent(self, books, database):
        issuer = books.party()
        pair = books.wallet(points=100, issuer=issuer), books.wallet()
        books.issue(issuer, pair[0], 7, spendable_from="2090-01-01")
        order = transfers.transfer(wallet=pair[0], to_wallet=pair[1], points=None)
        assert ledger.post(database.hot, [order])[0].unwrap()["points"] == 100
        empty = transfers.transfer(wallet=pair[0], to_wallet=pair[1], points=None)
        assert ledger.post(database.hot, [empty])[0].code == "insufficient-points"


class TestTakingBackWhole:
    def test_what_was_spent_of_cannot(self, books, database):
        issuer, till = books.party(), books.party()
        wallet = books.wallet()
        books.rate(issuer, theirs=1, ours=1)
        link = books.link(issuer, wallet)
        made = books.post("import", party=issuer, link=link, theirs=50).unwrap()["id"]
        undo = {"party": issuer, "transaction": made, "only_unspent": True}
        books.post("redemption", party=till, link=books.link(till, wallet), points=1).unwrap()
        refused = ledger.post(database.hot, [returns.claw_back(reference="u-1", **undo)])[0]
        assert refused.code == "points-spent"
        books.issue(issuer, wallet, 1)
        done = ledger.post(database.hot, [returns.claw_back(reference="u-1", points=49, **undo)])
        assert done[0].unwrap()["taken"] == 49
