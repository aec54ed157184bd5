"""What a member allows is what a brand may do, from the very next request on."""

import re
from urllib.parse import urlsplit

from tests.books import Books
from tests.members.purse import Purse, token_of


def reference(number: int = 1) -> str:
    return f"R-{number:04d}"


class TestLinking:
    def test_a_brand_gets_what_the_member_said_and_no_more(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        token = purse.token("answers", "200")
        asked = {"token": token, "daily_limit": 900, "shares_balance": True}
        made = market.call("POST", "/v1/members/links", asked)
        assert made.status == 201
        assert (made.body["daily_limit"], made.body["shares_balance"]) == (200, False)

    def test_a_brand_may_ask_for_less(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        asked = {"token": purse.token("balance", "200"), "daily_limit": 50}
        made = market.call("POST", "/v1/members/links", asked)
        assert (made.body["daily_limit"], made.body["shares_balance"]) == (50, False)

    def test_a_token_is_in_no_address_and_shown_once(self, purse: Purse) -> None:
        answer = purse.visitor.post("/link-a-brand", sees="answers", daily_limit="0")
        token = token_of(answer)
        assert answer.status == 200
        assert answer.location == ""
        assert answer.headers["Cache-Control"] == "no-store"
        assert all(token not in action.action for action in answer.forms)
        assert token not in " ".join(re.findall(r'(?:href|data-poll|src)="([^"]*)"', answer.text))
        assert token not in purse.visitor.get("/link-a-brand").text
        assert token not in "".join(purse.visitor.cookies.values())

    def test_one_token_lives_at_a_time(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        first, second = purse.token(), purse.token()
        refused = market.call("POST", "/v1/members/links", {"token": first})
        assert (refused.status, refused.body["code"]) == (422, "link-token-invalid")
        assert market.call("POST", "/v1/members/links", {"token": second}).status == 201

    def test_a_token_works_once_and_for_ten_minutes(self, purse: Purse) -> None:
        market, florist = purse.coalition.partner("market"), purse.coalition.partner("florist")
        token = purse.token()
        assert market.call("POST", "/v1/members/links", {"token": token}).status == 201
        assert florist.call("POST", "/v1/members/links", {"token": token}).status == 422
        purse.site.clock.advance(minutes=-11)
        token = purse.token()
        purse.site.clock.reset()
        late = florist.call("POST", "/v1/members/links", {"token": token})
        assert late.body["code"] == "link-token-invalid"

    def test_the_page_says_when_a_brand_has_linked(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        assert "This code is over" in purse.visitor.get("/link-a-brand/state").words
        token = purse.token()
        assert "Waiting" in purse.visitor.get("/link-a-brand/state").words
        market.call("POST", "/v1/members/links", {"token": token})
        said = purse.visitor.get("/link-a-brand/state").words
        assert re.search(r"Market is linked since \d\d:\d\d:\d\d", said)

    def test_what_is_wrong_is_said_beside_what_was_typed(self, purse: Purse) -> None:
        answer = purse.visitor.post("/link-a-brand", sees="answers", daily_limit="1,5O0")
        assert answer.status == 422
        assert "There is a problem Enter a whole number, 0 or more" in answer.words
        assert 'value="1,5O0"' in answer.text
        more = purse.visitor.post("/link-a-brand", sees="answers", daily_limit="５０１")
        assert more.status == 422
        assert "Enter 500 or less: your trust level allows no more a day." in more.words


class TestBrands:
    def test_nobody_is_linked_at_first(self, purse: Purse) -> None:
        assert "No brands linked" in purse.visitor.get("/brands").words

    def test_each_brand_with_what_it_may_do(self, purse: Purse) -> None:
        market, florist = purse.coalition.partner("market"), purse.coalition.partner("florist")
        member = purse.link(market, "answers", 200)
        purse.link(florist, "nothing", 0)
        market.accrue(member, 50)
        market.redeem(member, 20)
        words = purse.visitor.get("/brands").words
        [of_florist, of_market] = [words[words.index(n) :][:220] for n in ("Florist", "Market")]
        assert "never used" in of_florist
        assert "Sees nothing May spend only if I approve" in of_florist
        assert re.search(r"Market last used \d+ \w+ \d{4}", of_market)
        assert "Sees can I pay X, yes or no May spend 200 points a day 20 today" in of_market

    def test_a_brand_that_is_not_linked_is_as_good_as_none(self, purse: Purse) -> None:
        purse.coalition.partner("market")
        there = purse.visitor.get("/brands/market")
        nowhere = purse.visitor.get("/brands/no-such-brand")
        assert (there.status, nowhere.status) == (404, 404)
        assert there.words == nowhere.words
        token = purse.visitor.token("/brands")
        for path in ("/brands/market", "/brands/market/withdraw"):
            sent = {"csrf_token": token, "sees": "balance", "daily_limit": "5"}
            assert purse.visitor.send("POST", path, sent).status == 404

    def test_nobody_changes_what_another_member_allows(self, purse: Purse, books: Books) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market, "answers", 200)
        other = purse.another(books)
        assert other.visitor.get("/brands/market").status == 404
        token = other.visitor.token("/brands")
        answer = other.visitor.send("POST", "/brands/market/withdraw", {"csrf_token": token})
        assert answer.status == 404
        assert market.call("GET", f"/v1/members/{member}").status == 200


class TestChanging:
    def test_a_lower_limit_holds_for_the_next_sale(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market, "balance", 400)
        market.accrue(member, 1000)
        assert market.redeem(member, 100).status == 201
        answer = purse.visitor.submit("/brands/market", sees="balance", daily_limit="150")
        assert re.search(r"Changed for Market In force since \d\d:\d\d:\d\d", answer.words)
        refused = market.redeem(member, 100)
        assert (refused.status, refused.body["code"]) == (422, "mandate-limit")
        assert market.redeem(member, 50).status == 201

    def test_what_it_sees(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market, "balance", 400)
        market.accrue(member, 70)

        def seen() -> set[str]:
            path = f"/v1/members/{member}/balance?points=5"
            return set(market.call("GET", path).body)

        assert {"can_pay", "available", "lots"} <= seen()
        purse.visitor.submit("/brands/market", sees="answers", daily_limit="0")
        assert seen() == {"member", "can_pay"}
        purse.visitor.submit("/brands/market", sees="nothing", daily_limit="0")
        assert seen() == {"member"}
        assert market.redeem(member, 5).body["code"] == "no-mandate"

    def test_no_more_than_the_trust_level_allows(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market, "balance", 400)
        answer = purse.visitor.post("/brands/market", sees="balance", daily_limit="501")
        assert answer.status == 422
        assert market.call("GET", f"/v1/members/{member}").body["daily_limit"] == 400
        assert purse.visitor.post("/brands/market", sees="all", daily_limit="5").status == 422

    def test_a_form_without_its_token_changes_nothing(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market, "balance", 400)
        for path in ("/brands/market", "/brands/market/withdraw", "/link-a-brand", "/freeze"):
            sent = {"sees": "nothing", "daily_limit": "0"}
            assert purse.visitor.send("POST", path, sent).status == 403
        assert market.call("GET", f"/v1/members/{member}").body["daily_limit"] == 400


class TestWithdrawing:
    def test_a_till_a_second_later_is_refused(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market, "balance", 400)
        market.accrue(member, 100)
        hold = market.authorise(member, 10).body["id"]
        answer = purse.visitor.post("/brands/market/withdraw", on="/brands")
        assert (answer.status, urlsplit(answer.location).path) == (303, "/brands")
        for refused in (
            market.redeem(member, 5),
            market.authorise(member, 5),
            market.accrue(member, 5),
            market.call("GET", f"/v1/members/{member}/balance?points=1"),
            market.call("GET", f"/v1/members/{member}"),
        ):
            assert (refused.status, refused.body["code"]) == (404, "member-not-found")
        words = purse.visitor.follow(answer).words
        assert re.search(r"Withdrawn from Market In force since \d\d:\d\d:\d\d", words)
        assert "No brands linked" in words
        # What was agreed at the till before stands.
        captured = market.call("POST", f"/v1/authorizations/{hold}/capture", {})
        assert captured.status == 200, captured.body

    def test_twice_is_once(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        purse.link(market)
        page = purse.visitor.get("/brands")
        fields = page.form("/brands/market/withdraw").fields
        assert purse.visitor.send("POST", "/brands/market/withdraw", fields).status == 303
        assert purse.visitor.send("POST", "/brands/market/withdraw", fields).status == 404

    def test_a_withdrawn_brand_comes_back_by_a_token_alone(self, purse: Purse) -> None:
        market = purse.coalition.partner("market")
        member = purse.link(market, "balance", 400)
        purse.visitor.submit("/brands/market/withdraw", on="/brands")
        assert purse.link(market, "nothing", 0) == member  # The same name for the same member.
        answer = market.call("GET", f"/v1/members/{member}/balance?points=1")
        assert set(answer.body) == {"member"}

    def test_another_brand_s_word_brings_back_nothing(self, purse: Purse) -> None:
        market, florist = purse.coalition.partner("market"), purse.coalition.partner("florist")
        at_market, at_florist = purse.link(market), purse.link(florist)
        market.accrue(at_market, 100)
        purse.visitor.submit("/brands/florist/withdraw", on="/brands")
        assert florist.link(market, at_market, daily_limit=400, shares_balance=True) == at_florist
        assert florist.redeem(at_florist, 5).body["code"] == "no-mandate"
        answer = florist.call("GET", f"/v1/members/{at_florist}/balance?points=1")
        assert set(answer.body) == {"member"}
        shown = purse.visitor.get("/brands/florist").words
        assert "Sees nothing May spend only if I approve" in shown
