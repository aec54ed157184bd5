"""The page that shows a code, and what it says of what a till does with it."""

import re

import pytest

from members import consent
from tests.members.paying.conftest import Paying, digits, state_of
from tests.members.visitor import SECRETS


class TestCode:
    def test_pays_once_at_a_till_that_does_not_know_the_member(self, paying: Paying) -> None:
        code = paying.code()
        assert re.fullmatch(r"80\d{16}", code)
        done = paying.spend(code)
        assert done.status == 201
        assert "member" not in done.body
        assert paying.spend(code).body["code"] == "payment-code-invalid"

    def test_a_new_one_ends_the_older(self, paying: Paying) -> None:
        older, newer = paying.code(), paying.code()
        assert older != newer
        assert paying.spend(older).body["code"] == "payment-code-invalid"
        assert paying.spend(newer).status == 201

    def test_on_another_device_too(self, paying: Paying) -> None:
        page = paying.visitor.get("/pay")
        elsewhere = paying.site.visitor()
        elsewhere.cookies = dict(paying.visitor.cookies)
        newer = digits(elsewhere.get("/pay"))
        assert paying.spend(digits(page)).body["code"] == "payment-code-invalid"
        assert "This code no longer works" in paying.live(page).words
        assert paying.spend(newer).status == 201

    @pytest.mark.parametrize(("age", "good"), [(59, True), (61, False)])
    def test_lives_a_minute(self, paying: Paying, age: int, good: bool) -> None:
        paying.site.clock.advance(seconds=-age)
        code = paying.code()
        paying.site.clock.reset()
        done = paying.spend(code)
        assert (done.status == 201) is good
        if not good:
            assert (done.status, done.body["code"]) == (422, "payment-code-invalid")

    def test_is_good_for_its_limit_and_no_more(self, paying: Paying) -> None:
        assert paying.spend(paying.code(), 2_001).body["code"] == "payment-code-invalid"
        page = paying.visitor.post("/pay/limit", limit="5,00")
        assert (page.status, page.location) == (303, "/pay?limit=500")
        page = paying.visitor.get(page.location)
        assert "This code: up to 500 points" in page.words
        assert paying.spend(digits(page), 501).body["code"] == "payment-code-invalid"
        kept = paying.visitor.get("/pay")
        assert "This code: up to 500 points" in kept.words
        assert paying.spend(digits(kept), 500).status == 201

    @pytest.mark.parametrize("typed", ["", "0", "-1", "1.5", "many", "1000001", "9" * 30])
    def test_a_limit_that_is_none_is_said_beside_it(self, paying: Paying, typed: str) -> None:
        page = paying.visitor.post("/pay/limit", limit=typed)
        assert page.status == 422
        assert page.words.count("Enter a whole number from 1 to 1,000,000.") == 2
        assert page.form("/pay/limit").fields["limit"] == typed

    def test_is_nowhere_but_on_the_page(self, paying: Paying) -> None:
        page = paying.visitor.get("/pay")
        code = digits(page)
        assert page.headers["Cache-Control"] == "no-store"
        assert page.text.count(code) == 0  # Its digits are apart, and the rest is a picture.
        assert code[-4:] not in re.sub(
            r'<p class="digits code">.*?</p>|<svg.*?</svg>', "", page.text
        )
        owner = paying.coalition.books.owner
        rows = owner.execute(
            "SELECT (SELECT string_agg(c::text, '') FROM exchange.payment_code c),"
            " (SELECT string_agg(s::text, '') FROM members.shown_code s)"
        ).fetchone()
        assert rows is not None
        digest = SECRETS.digest(consent.PURPOSE, code).hex()
        assert all(digest in row and code not in row for row in rows)

    def test_a_till_that_takes_it_away_from_another_gets_nothing(self, paying: Paying) -> None:
        """Every wrong code has one answer, whatever is wrong with it."""
        used, old = paying.code(), None
        paying.spend(used)
        paying.site.clock.advance(seconds=-61)
        old = paying.code()
        paying.site.clock.reset()
        answers = [paying.spend(code) for code in (used, old, "80" + "7" * 16)]
        answers.append(paying.spend(paying.code(), 2_001))
        told = {(a.status, str(sorted(a.body.items()))) for a in answers}
        assert len(told) == 1
        assert next(iter(told))[0] == 422


class TestState:
    def test_held_then_paid_for_less(self, paying: Paying) -> None:
        page = paying.visitor.get("/pay")
        assert paying.live(page).status == 204
        hold = paying.hold(digits(page))
        held = paying.live(page)
        assert "Restaurant is holding 1,200 points. Waiting for the final amount." in held.text
        assert re.search(r"Held 1,200 points at Restaurant, \d\d:\d\d:\d\d", held.words)
        assert "This was not me: freeze" in held.words
        assert re.search(r"Market \d+ \w+ \d{4} 1,200", held.words)
        paying.till.call("POST", f"/v1/authorizations/{hold}/capture", {"points": 1_150})
        paid = paying.live(page)
        assert "Paid 1,150 points. The other 50 are available again." in paid.text
        assert re.search(r'href="/wallet/activity/jrn_\w{26}"', paid.text)
        assert "data-state" not in paid.text  # Nothing more will happen to it.

    def test_spent_at_once(self, paying: Paying) -> None:
        page = paying.visitor.get("/pay")
        done = paying.spend(digits(page), 70)
        paid = paying.live(page)
        assert "Paid 70 points." in paid.text
        assert done.body["id"] in paid.text

    def test_let_go(self, paying: Paying) -> None:
        page = paying.visitor.get("/pay")
        hold = paying.hold(digits(page))
        paying.till.call("POST", f"/v1/authorizations/{hold}/void", {})
        ended = paying.live(page)
        assert "The hold has ended. 1,200 points are available again." in ended.text
        assert "Voided" in ended.words

    def test_over_unused(self, paying: Paying) -> None:
        page = paying.visitor.get("/pay")
        paying.site.clock.advance(seconds=61)
        assert paying.live(page).status == 204  # The script shows a fresh one.
        without = paying.visitor.get(state_of(page))
        assert "This code no longer works. Show the new one." in without.words

    def test_is_a_page_without_script(self, paying: Paying) -> None:
        page = paying.visitor.get("/pay")
        path = state_of(page)
        assert f'<a class="button quiet" href="{path}">' in page.text
        waiting = paying.visitor.get(path)
        assert waiting.status == 200
        assert "Not used yet" in waiting.words
        paying.hold(digits(page))
        held = paying.visitor.get(path)
        assert "<title>Payment · Tongbao</title>" in held.text
        assert "1,200 points at Restaurant" in held.words

    def test_freezes_from_there(self, paying: Paying) -> None:
        page = paying.visitor.get("/pay")
        paying.hold(digits(page))
        assert paying.live(page).form("/freeze").fields.keys() == {"csrf_token"}

    def test_of_anothers_code_nothing_is_told(self, paying: Paying) -> None:
        page = paying.visitor.get("/pay")
        paying.hold(digits(page))
        other, _ = paying.someone()
        seen = [
            other.get(path, **{"X-Fragment": "1"}).text
            for path in (state_of(page), "/pay/state/shw_" + "0" * 26, "/pay/state/x")
        ]
        assert len({re.sub(r"shw_\w+|state/x", "", text) for text in seen}) == 1
        assert "no longer works" in seen[0]

    def test_strangers_sign_in_first(self, paying: Paying) -> None:
        stranger = paying.site.visitor()
        for path in ("/pay", "/pay/limit", "/pay/state/shw_" + "0" * 26):
            assert stranger.get(path).status == 303
            assert stranger.get(path).location.startswith("/sign-in?next=/pay")
        assert stranger.get("/pay/state/x", **{"X-Fragment": "1"}).status == 401


class TestNothingToShow:
    def test_no_points(self, paying: Paying) -> None:
        poor, _ = paying.someone(points=0)
        page = poor.get("/pay")
        assert "No points to spend" in page.words
        assert "data-left" not in page.text

    def test_all_is_held_or_pending(self, paying: Paying) -> None:
        paying.visitor.get("/pay/limit")
        code = digits(paying.visitor.get("/pay?limit=10000"))
        paying.hold(code, 10_000)
        patient = paying.coalition.partner(pending_days=3)
        token = paying.issuer.call("POST", f"/v1/members/{paying.at_issuer}/link-tokens", {})
        there = patient.call("POST", "/v1/members/links", {"token": token.body["token"]})
        patient.accrue(there.body["id"], 30)
        page = paying.visitor.get("/pay")
        assert "10,000 points are held by a till. 30 points are pending." in page.words

    def test_frozen(self, paying: Paying) -> None:
        code = paying.code()
        paying.coalition.books.owner.execute("UPDATE exchange.wallet SET frozen = true")
        page = paying.visitor.get("/pay")
        assert "Your wallet is frozen: nobody can spend your points." in page.words
        assert "data-left" not in page.text
        assert paying.spend(code).body["code"] == "wallet-frozen"


def test_in_chinese(paying: Paying) -> None:
    visitor, _ = paying.visitor, paying.visitor.cookies.update(language="zh")
    page = visitor.get("/pay")
    assert "本码上限2,000积分" in page.words
    assert "只在付款时给收银员看。不要发送截图，也不要念给别人听。" in page.words
    paying.hold(digits(page))
    assert "Restaurant已预扣1,200积分，等待确认最终数额。" in paying.live(page).text
