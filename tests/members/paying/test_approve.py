"""The page where a member approves an online spend: asked and used over signed HTTP."""

import re
import secrets
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from kit.ids import from_text
from partners import registry
from tests.members.paying.conftest import Paying
from tests.members.visitor import Answer, Visitor
from tests.server import Answer as Told

SHOP = "https://travel.example"
BACK = f"{SHOP}/checkout/88213?lang=en"


@pytest.fixture
def shop(paying: Paying) -> Paying:
    put = paying.till.call("PUT", "/v1/return-origins", {"origins": [SHOP]})
    assert put.status == 200
    return paying


def ask(shop: Paying, points: int = 5_000, **content: object) -> str:
    body = {
        "points": points,
        "reference": "TR-88213",
        "description": "Flight on 6 December",
        "return_url": BACK,
        **content,
    }
    answer = shop.till.call("POST", "/v1/approvals", body)
    assert answer.status == 201, answer.body
    assert answer.body["url"] == f"{shop.site.origin}/pay/approve/{answer.body['id']}"
    return str(answer.body["id"])


def answered(visitor: Visitor, approval: str, said: str) -> Answer:
    return visitor.post(f"/pay/approve/{approval}", answer=said)


def state(shop: Paying, approval: str) -> str:
    return str(shop.till.call("GET", f"/v1/approvals/{approval}").body["state"])


def authorise(shop: Paying, approval: str, points: int = 5_000) -> Told:
    reference = f"R-{secrets.token_hex(6)}"
    body = {"approval": approval, "points": points, "reference": reference, "online": True}
    return shop.till.call("POST", "/v1/authorizations", body)


def closed(answer: Answer) -> bool:
    """The one page of all that cannot be decided: it says nothing and leads nowhere."""
    return (
        answer.status == 404
        and "Location" not in answer.headers
        and "Nothing to approve here" in answer.words
        and "travel.example" not in answer.text
        and "travel.example" not in answer.headers["Content-Security-Policy"]
    )


class TestStory:
    def test_asked_approved_held_and_paid(self, shop: Paying) -> None:
        approval = ask(shop)
        page = shop.visitor.get(f"/pay/approve/{approval}")
        assert page.status == 200
        for words in (
            "Restaurant asks for 5,000 points",
            "worth about ¥50.00",
            "Order TR-88213 Flight on 6 December",
            "Together 5,000",
            "You will have 5,000 points available.",
            "Goes back to travel.example",
            "Approve 5,000 points",
        ):
            assert words in page.words, words
        assert re.search(r"Market \d+ \w+ \d{4} 5,000", page.words)
        policy = page.headers["Content-Security-Policy"]
        assert f"form-action 'self' {SHOP};" in policy
        sent = answered(shop.visitor, approval, "approved")
        assert sent.status == 303
        assert sent.location == f"{BACK}&approval={approval}&outcome=approved"
        assert state(shop, approval) == "approved"

        held = authorise(shop, approval)
        assert held.status == 201
        assert "member" not in held.body
        path = f"/v1/authorizations/{held.body['id']}/capture"
        assert shop.till.call("POST", path, {"points": 4_900}).body["captured"] == 4_900
        assert state(shop, approval) == "used"
        assert authorise(shop, approval).body["code"] == "payment-code-invalid"

    def test_what_goes_first_expires_first(self, shop: Paying) -> None:
        sooner = shop.coalition.partner("fuel", expiry_months=3)
        token = shop.issuer.call("POST", f"/v1/members/{shop.at_issuer}/link-tokens", {})
        there = sooner.call("POST", "/v1/members/links", {"token": token.body["token"]})
        sooner.accrue(there.body["id"], 2_000)
        page = shop.visitor.get(f"/pay/approve/{ask(shop)}")
        lots = re.search(r"Issuer Expires Points (.*) Together 5,000", page.words)
        assert lots is not None
        assert re.fullmatch(r"Fuel .* 2,000 Market .* 3,000", lots[1])

    def test_refused(self, shop: Paying) -> None:
        approval = ask(shop)
        sent = answered(shop.visitor, approval, "refused")
        query = dict(parse_qsl(urlsplit(sent.location).query))
        assert query == {"lang": "en", "approval": approval, "outcome": "refused"}
        assert state(shop, approval) == "refused"
        assert authorise(shop, approval).body["code"] == "payment-code-invalid"

    def test_whoever_is_not_signed_in_comes_back_afterwards(self, shop: Paying) -> None:
        approval = ask(shop)
        there = shop.site.visitor().get(f"/pay/approve/{approval}")
        assert there.status == 303
        assert there.location == f"/sign-in?next=/pay/approve/{approval}"

    def test_in_chinese(self, shop: Paying) -> None:
        shop.visitor.cookies["language"] = "zh"
        page = shop.visitor.get(f"/pay/approve/{ask(shop)}")
        assert "Restaurant请求使用5,000积分" in page.words
        assert "批准5,000积分" in page.words
        assert "完成后返回travel.example" in page.words


class TestOnce:
    def test_a_form_sent_twice_leads_to_the_same_place(self, shop: Paying) -> None:
        approval = ask(shop)
        first = answered(shop.visitor, approval, "approved")
        again = answered(shop.visitor, approval, "approved")  # The page is still on the screen.
        assert again.status == 303
        assert again.location == first.location
        rows = shop.coalition.books.owner.execute(
            "SELECT count(*) FROM exchange.payment_code WHERE party_id = %s", (shop.till.party,)
        ).fetchone()
        assert rows == (1,)

    def test_an_answer_cannot_be_changed(self, shop: Paying) -> None:
        for first, second in (("approved", "refused"), ("refused", "approved")):
            approval = ask(shop, 100)
            answered(shop.visitor, approval, first)
            assert closed(answered(shop.visitor, approval, second))
            assert state(shop, approval) == first

    def test_nothing_else_is_an_answer(self, shop: Paying) -> None:
        approval = ask(shop)
        assert closed(answered(shop.visitor, approval, "perhaps"))
        assert state(shop, approval) == "asked"

    def test_not_without_the_forms_token(self, shop: Paying) -> None:
        approval = ask(shop)
        sent = shop.visitor.send("POST", f"/pay/approve/{approval}", {"answer": "approved"})
        assert sent.status in (400, 403)
        assert state(shop, approval) == "asked"


class TestClosed:
    def test_for_the_member_it_does_not_name(self, shop: Paying) -> None:
        token = shop.issuer.call("POST", f"/v1/members/{shop.at_issuer}/link-tokens", {})
        mine = shop.till.call("POST", "/v1/members/links", {"token": token.body["token"]})
        approval = ask(shop, member=mine.body["id"])
        other, _ = shop.someone()
        assert closed(other.get(f"/pay/approve/{approval}"))
        other.get(f"/pay/approve/{ask(shop)}")  # A form of theirs, for its token.
        for said in ("approved", "refused"):
            token_ = other.last.forms[-1].fields["csrf_token"] if other.last else ""
            sent = other.send(
                "POST", f"/pay/approve/{approval}", {"answer": said, "csrf_token": token_}
            )
            assert closed(sent)
            other.get(f"/pay/approve/{ask(shop)}")
        assert state(shop, approval) == "asked"
        assert answered(shop.visitor, approval, "approved").status == 303

    def test_one_page_for_all(self, shop: Paying) -> None:
        """Unknown, malformed, expired, refused, approved, used, somebody else's by now."""
        refused, approved, used, expired, theirs = (ask(shop, 100) for _ in range(5))
        answered(shop.visitor, refused, "refused")
        for each in (approved, used):
            answered(shop.visitor, each, "approved")
        authorise(shop, used, 100)
        other, _ = shop.someone()
        answered(other, theirs, "approved")
        shop.coalition.books.owner.execute(
            "UPDATE partners.approval SET asked_at = now() - interval '11 minutes',"
            " expires_at = now() - interval '1 minute' WHERE id = %s",
            (from_text("apv", expired),),
        )
        unknown = "apv_" + "0" * 26
        pages = set()
        for each in (refused, approved, used, expired, theirs, unknown, "apv_x", "mbr_" + "0" * 26):
            answer = shop.visitor.get(f"/pay/approve/{each}")
            assert closed(answer), each
            pages.add(
                re.sub(r'(name="csrf_token" value=)"[^"]*"', "", answer.text.replace(each, ""))
            )
        assert len(pages) == 1

    def test_by_the_clock(self, shop: Paying) -> None:
        approval = ask(shop)
        shop.site.clock.advance(minutes=9, seconds=59)
        assert shop.visitor.get(f"/pay/approve/{approval}").status == 200
        shop.site.clock.advance(seconds=1)
        assert closed(answered(shop.visitor, approval, "approved"))

    def test_of_a_partner_that_may_not_trade(self, shop: Paying) -> None:
        approval = ask(shop)
        with shop.coalition.database.transaction() as session:
            registry.move(session, slug=shop.till.slug, to="suspended", now=datetime.now(UTC))
        assert closed(shop.visitor.get(f"/pay/approve/{approval}"))


class TestCannot:
    def test_short_of_points(self, shop: Paying) -> None:
        approval = ask(shop, 10_001)
        page = shop.visitor.get(f"/pay/approve/{approval}")
        said = "Not enough points: this needs 10,001 and 10,000 are available."
        assert said in page.words
        assert "Approve" not in page.words
        forced = answered(shop.visitor, approval, "approved")
        assert forced.status == 422
        assert said in forced.words
        assert "Tell Restaurant no" in forced.words
        assert answered(shop.visitor, approval, "refused").location.endswith("outcome=refused")

    def test_frozen(self, shop: Paying) -> None:
        approval, owner = ask(shop), shop.coalition.books.owner
        owner.execute("UPDATE exchange.wallet SET frozen = true")
        page = shop.visitor.get(f"/pay/approve/{approval}")
        assert "Your wallet is frozen: nobody can spend your points." in page.words
        assert "Approve" not in page.words
        assert answered(shop.visitor, approval, "approved").status == 422
        assert state(shop, approval) == "asked"

    def test_frozen_after_it_was_approved(self, shop: Paying) -> None:
        approval, owner = ask(shop), shop.coalition.books.owner
        answered(shop.visitor, approval, "approved")
        owner.execute("UPDATE exchange.wallet SET frozen = true")
        assert authorise(shop, approval).body["code"] == "wallet-frozen"
