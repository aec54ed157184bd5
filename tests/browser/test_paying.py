"""At the till, with the page open: a signed client reads the code off it, holds, and takes less."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import DESKTOP, PHONE


@pytest.fixture
def brands(coalition) -> Iterator[tuple]:
    """A market whose customer has points, and a restaurant with a till."""
    market = coalition.partner("market")
    restaurant = coalition.partner("restaurant")
    return market, restaurant


def claim(visitor, market) -> str:
    """The wallet that the market opened becomes the visitor's; the market's name for it."""
    member = market.enrol()
    market.accrue(member, 5_000)
    token = market.call("POST", f"/v1/members/{member}/link-tokens", {}).body["token"]
    visitor.go("/wallet/claim")
    visitor.check()
    visitor.page.locator("main input:not([type=hidden])").first.fill(token)
    visitor.page.locator("main form button").first.click()
    visitor.page.wait_for_url("**/wallet")
    return member


def digits(visitor) -> str:
    """What a scanner reads: the digits behind the picture."""
    text = visitor.page.locator(".digits").first.text_content() or ""
    found = re.sub(r"\D", "", text)
    assert re.fullmatch(r"80\d{16}", found)
    return found


@pytest.mark.parametrize(
    ("language", "screen", "held", "paid"),
    [
        ("zh", PHONE, "已预扣", "已支付"),
        ("en", DESKTOP, "Held", "Paid"),
    ],
    ids=["zh-phone", "en-desktop"],
)
def test_the_page_says_held_and_then_paid(visit, brands, language, screen, held, paid) -> None:
    market, restaurant = brands
    visitor = visit(language=language, screen=screen)
    page = visitor.page
    visitor.sign_in()
    claim(visitor, market)
    visitor.check()
    visitor.go("/pay")
    visitor.check()

    code = digits(visitor)
    asked = {"payment_code": code, "points": 1200, "reference": "T3-1"}
    hold = restaurant.call("POST", "/v1/authorizations", asked)
    assert hold.status == 201, hold.body
    expect(page.locator("main .pill", has_text=held)).to_be_visible()
    expect(page.locator("main .big")).to_contain_text("1,200")
    visitor.check()

    capture = f"/v1/authorizations/{hold.body['id']}/capture"
    assert restaurant.call("POST", capture, {"points": 1150}).status == 200
    expect(page.locator("main .pill", has_text=paid)).to_be_visible()
    expect(page.locator("main .big")).to_contain_text("1,150")
    visitor.check()

    again = restaurant.call("POST", "/v1/authorizations", asked | {"reference": "T3-2"})
    assert (again.status, again.body["code"]) == (422, "payment-code-invalid")
    visitor.go("/wallet")
    expect(page.locator("main .big").first).to_contain_text("3,850")
    visitor.go("/wallet/activity")
    visitor.check()
    page.locator("main a[href^='/wallet/activity/jrn_']").first.click()
    visitor.check()


def test_freezing_lets_go_of_what_is_held(visit, brands) -> None:
    market, restaurant = brands
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    claim(visitor, market)
    visitor.go("/pay")
    asked = {"payment_code": digits(visitor), "points": 700, "reference": "T3-1"}
    hold = restaurant.call("POST", "/v1/authorizations", asked).body["id"]
    expect(page.locator("main .pill", has_text="Held")).to_be_visible()

    visitor.menu("Freeze my wallet")
    visitor.check()
    page.get_by_role("button", name="Freeze my wallet").click()
    expect(page.get_by_text(re.compile("Your wallet is frozen")).first).to_be_visible()
    visitor.check()
    refused = restaurant.call("POST", f"/v1/authorizations/{hold}/capture", {"points": 700})
    assert (refused.status, refused.body["code"]) == (409, "hold-not-open")
    visitor.go("/wallet")
    expect(page.locator("main .big").first).to_contain_text("5,000")
    visitor.check()


def test_what_a_brand_may_do_is_withdrawn_at_once(visit, brands) -> None:
    market, _ = brands
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    member = claim(visitor, market)
    assert market.redeem(member, 10).status == 201
    visitor.go("/brands")
    visitor.check()
    page.locator("main a[href^='/brands/']").first.click()
    visitor.check()
    withdraw = page.locator("main").get_by_role("button", name=re.compile("^Withdraw"))
    if not withdraw.first.is_visible():
        page.locator("summary", has_text="Withdraw").click()
    withdraw.first.click()
    page.wait_for_load_state()
    visitor.check()
    assert market.redeem(member, 10).status == 404


def test_erasing_takes_the_person_and_leaves_the_books(visit, brands) -> None:
    market, _ = brands
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    claim(visitor, market)
    visitor.go("/settings/erase")
    visitor.check()
    expect(page.locator("main")).to_contain_text("5,000")
    page.locator("main input:not([type=hidden])").first.fill("erase")
    page.locator("main button.bad").click()
    expect(page.locator("h1")).to_contain_text(re.compile("erased|deleted|gone", re.I))
    visitor.check()
    visitor.go("/wallet")
    assert "/sign-in" in page.url, page.url
    visitor.sign_in()  # The same number enrols anew.
    expect(page.locator("main")).not_to_contain_text("5,000")
    visitor.check()
