"""Points from one browser to another, and a purse that two pay from."""

import re
from typing import Literal

import pytest

from kit.database import Database
from tests.books import PRICE
from tests.browser.visitor import DESKTOP, PHONE, Visitor
from tests.members.visitor import Visitor as Robot
from tests.members.visitor import sign_in_as
from tests.server import Coalition

Language = Literal["en", "zh"]


def enter(visitor: Visitor, database: Database, **who: str) -> tuple[str, int]:
    """Sign in without a code; the number, and the wallet."""
    robot = Robot(visitor.site.origin)
    signed_in = sign_in_as(robot, database, **who)  # type: ignore[arg-type]
    visitor.page.context.add_cookies(
        [{"name": "wallet", "value": robot.cookies["wallet"], "url": visitor.site.origin}]
    )
    return signed_in.number, signed_in.wallet


@pytest.mark.parametrize(
    ("language", "screen", "script"),
    [("en", PHONE, True), ("zh", PHONE, True), ("zh", DESKTOP, True), ("en", DESKTOP, False)],
)
def test_give_and_accept(
    visit: type[Visitor],
    coalition: Coalition,
    database: Database,
    language: Language,
    screen: dict[str, int],
    script: bool,
) -> None:
    settings = {"language": language, "screen": screen, "script": script}
    giver, friend = visit(**settings), visit(**settings)  # type: ignore[call-arg]
    _, wallet = enter(giver, database, name="Mei")
    number, _ = enter(friend, database)
    coalition.books.issue(coalition.partner("market").party, wallet, 1000, price=PRICE)

    def look(visitor: Visitor) -> None:
        if script:  # The checker is a script itself.
            visitor.check()

    giver.go("/give")
    look(giver)
    giver.page.fill("#number", number)
    giver.page.fill("#points", "5000")
    giver.page.click('main form[action="/give"] button')
    look(giver)  # Refused, with a summary.
    assert giver.page.input_value("#number") == number
    giver.page.fill("#points", "１２０")
    giver.page.click('main form[action="/give"] button')
    look(giver)
    giver.page.click('form[action="/give/confirm"] button')
    giver.page.wait_for_url(re.compile(r"/give/gft_"))
    look(giver)
    place = giver.page.url.removeprefix(giver.site.origin)

    friend.go("/give")
    look(friend)
    friend.page.click(f'form[action="{place}/accept"] button')
    friend.page.wait_for_url(re.compile(r"/give/gft_"))
    look(friend)
    giver.go(place)
    assert {"en": "Accepted", "zh": "已接受"}[language] in giver.page.inner_text("main")
    look(giver)


def test_share_a_purse(visit: type[Visitor], coalition: Coalition, database: Database) -> None:
    mother, child = visit(language="zh"), visit(language="en")  # type: ignore[call-arg]
    _, wallet = enter(mother, database, name="美")
    number, _ = enter(child, database, name="Bo")
    coalition.books.issue(coalition.partner("market").party, wallet, 1000, price=PRICE)

    mother.go("/family")
    mother.check()
    mother.page.fill("#name", "我们家")
    mother.page.click('form[action="/family"] button')
    mother.page.wait_for_url(re.compile(r"/family/prs_"))
    mother.page.fill("#number", number)
    mother.page.fill("#limit", "50")
    mother.page.click('form[action$="/invite"] button')
    mother.check()
    home = mother.page.url

    child.go("/family")
    child.check()
    child.page.click('form[action$="/join"] button')
    child.page.wait_for_url(home)
    child.check()

    mother.page.goto(home)
    mother.page.click('a[href^="/give?purse="]')
    mother.page.fill("#points", "300")
    mother.page.click('main form[action="/give"] button')
    mother.page.click('form[action="/give/confirm"] button')
    mother.page.wait_for_url(home)
    assert "300" in mother.page.inner_text(".big")
    mother.check()
    mother.page.click('a[href*="/members/"]')
    mother.page.wait_for_url(re.compile(r"/members/per_"))
    mother.check()
    mother.page.goto(f"{home}/close")
    mother.check()
    mother.page.click('form[action$="/close"] button')
    mother.page.wait_for_url(re.compile(r"/family$"))
    mother.check()
