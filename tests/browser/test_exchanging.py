"""Exchanging with an airline whose programme is a real server: there, and back again."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_paying import claim
from tests.browser.visitor import DESKTOP, PHONE
from tests.partners.exchanges.programme import programme

WORDS = {
    "zh": ("获取报价", r"^兑换\d+积分$", "完成", "撤销", "撤销"),
    "en": ("Get a price", r"^Exchange \d+ points$", "Done", "Undo", "Undone"),
}


@pytest.mark.parametrize(
    ("language", "screen"), [("zh", DESKTOP), ("en", PHONE)], ids=["zh-desktop", "en-phone"]
)
def test_out_to_a_brand_and_back(visit, coalition, language, screen) -> None:
    market, airline = coalition.partner("market"), coalition.partner("airline")
    coalition.rate(airline, 3, 10, direction="export", minimum=10, step=10, undo_days=14)
    visitor = visit(language=language, screen=screen)
    page = visitor.page
    visitor.sign_in()
    member = claim(visitor, market)
    airline.link(market, member)
    price, confirm, done, undo, back = WORDS[language]
    with programme(coalition.server.keys, balance=900) as own:
        assert airline.call("PUT", "/v1/exchange-endpoint", {"url": own.url}).status == 200
        visitor.go("/exchange")
        visitor.check()
        page.locator("input[name=direction][value=export]").check()
        page.locator("select[name=brand]").select_option(label="Airline")
        page.locator("input[name=amount]").fill("200")
        page.get_by_role("button", name=price).click()
        visitor.check()
        page.get_by_role("button", name=re.compile(confirm)).click()
        expect(page.locator("main .pill", has_text=done).first).to_be_visible()
        visitor.check()
        assert own.balance == 900 + 60
        page.get_by_role("link", name=undo).first.click()
        visitor.check()
        page.locator("main form button").last.click()
        expect(page.locator("main .pill", has_text=re.compile(back)).first).to_be_visible()
        visitor.check()
        assert own.balance == 900
    visitor.go("/wallet")
    expect(page.locator("main .big").first).to_contain_text("5,000")
