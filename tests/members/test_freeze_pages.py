"""Frozen is frozen: at once, at every till, until its owner proves who they are."""

from urllib.parse import urlsplit

from tests.books import Books
from tests.members.purse import Purse


class TestFreezing:
    def test_says_what_it_does_before(self, purse: Purse) -> None:
        words = purse.visitor.get("/freeze").words
        assert "nobody can spend, exchange or give your points" in words
        assert "Nothing is held for a sale now." in words

    def test_ends_an_open_hold_that_the_till_then_cannot_capture(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market)
        market.accrue(member, 300)
        held = market.authorise(member, 120).body["id"]
        before = market.authorise(member, 30).body["id"]
        market.call("POST", f"/v1/authorizations/{before}/void", {})
        assert "What is held for a sale now (1) is cancelled" in purse.visitor.get("/freeze").words
        answer = purse.visitor.submit("/freeze")
        assert answer.status == 200
        assert "Your wallet is frozen: nobody can spend your points." in answer.words
        listed = answer.words[answer.words.index("Holds that the freeze ended") :]
        assert "Market" in listed
        assert "120 points" in listed
        assert "30 points" not in listed
        captured = market.call("POST", f"/v1/authorizations/{held}/capture", {})
        assert (captured.status, captured.body["code"]) == (409, "hold-not-open")

    def test_nothing_leaves_and_points_still_come(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market)
        market.accrue(member, 300)
        sale = market.redeem(member, 20).body["id"]
        purse.visitor.submit("/freeze")
        for refused in (market.redeem(member, 5), market.authorise(member, 5)):
            assert (refused.status, refused.body["code"]) == (409, "wallet-frozen")
        assert market.accrue(member, 7).status == 201
        undone = {"transaction": sale, "reference": "back", "points": 3}
        assert market.call("POST", "/v1/refunds", undone).status == 201
        assert purse.coalition.books.balance(purse.wallet) == (290, 0)

    def test_every_page_says_so_and_offers_no_payment(self, purse: Purse) -> None:
        purse.visitor.submit("/freeze")
        for path in ("/wallet", "/wallet/activity", "/brands", "/link-a-brand", "/freeze"):
            answer = purse.visitor.get(path)
            assert "Your wallet is frozen: nobody can spend your points." in answer.words, path
        assert "Show payment code" not in purse.visitor.get("/wallet").words

    def test_is_two_taps_from_every_page(self, purse: Purse) -> None:
        for path in ("/wallet", "/wallet/activity", "/brands", "/link-a-brand"):
            assert 'href="/freeze"' in purse.visitor.get(path).text, path

    def test_twice_is_once(self, purse: Purse) -> None:
        fields = purse.visitor.get("/freeze").form("/freeze").fields
        for _ in range(2):
            assert purse.visitor.send("POST", "/freeze", fields).status == 303
        told = purse.coalition.books.rows(
            "SELECT kind FROM members.notice WHERE person_id = %s", purse.me.person
        )
        assert [row.kind for row in told] == ["frozen"]

    def test_the_result_shows_nobody_else_s_holds(self, purse: Purse, books: Books) -> None:
        market = purse.coalition.partner("market")
        other = purse.another(books)
        member = other.link(market)
        market.accrue(member, 300)
        market.authorise(member, 77)
        theirs = other.visitor.follow(other.visitor.post("/freeze"))
        assert "77 points" in theirs.words
        purse.visitor.submit("/freeze")
        asked = urlsplit(theirs.path).query
        assert "ended=aut_" in asked
        assert "77 points" not in purse.visitor.get(f"/freeze?{asked}&ended=aut_nonsense").words


class TestUnfreezing:
    def test_without_a_fresh_proof_one_has_to_prove_first(self, purse: Purse, books: Books) -> None:
        old = purse.another(books, proved=False)
        old.visitor.submit("/freeze")
        answer = old.visitor.post("/freeze/lift", on="/freeze")
        assert (answer.status, answer.location) == (303, "/prove?next=/freeze")
        assert "Your wallet is frozen" in old.visitor.get("/wallet").words

    def test_with_one_points_can_be_spent_again(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market)
        market.accrue(member, 300)
        purse.visitor.submit("/freeze")
        answer = purse.visitor.submit("/freeze/lift", on="/freeze")
        assert "Your wallet is open again" in answer.words
        assert market.redeem(member, 5).status == 201

    def test_a_proof_grows_old(self, purse: Purse) -> None:
        purse.visitor.submit("/freeze")
        purse.site.clock.advance(minutes=6)
        answer = purse.visitor.post("/freeze/lift", on="/freeze")
        assert answer.location == "/prove?next=/freeze"
