"""Windows in a browser: every page of them, wide and narrow, in both languages."""

from typing import Literal

import pytest

from kit.database import Database
from tests.books import Books
from tests.browser.desk import DESK, sign_in_at_desk
from tests.browser.visitor import PHONE, Visitor
from tests.settlement.coalition import Coalition


@pytest.fixture
def coalition(books: Books) -> Coalition:
    """Nine partners who all owe each other something, one with a very long name."""
    made = Coalition(books)
    made.close("2030-01")
    names = ["market", "fuel", "pharmacy", "florist", "restaurant", "cosmetics", "travel", "photo"]
    for slug in names:
        made.partner(slug, name=slug.title(), accept_price=900_000)
    made.partner("long", name="Grand Consolidated Merchants of the Southern Provinces 华南联合百货")
    names.append("long")
    wallet = made.wallet()
    for number, slug in enumerate(names):
        made.issue(slug, wallet, 10_000 * (number + 1))
        other = names[(number + 3) % len(names)]
        made.spend(other, wallet, 1_000 * (number + 1))
    made.close("2030-02")
    return made


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_of_windows_is_accessible(
    visit: type[Visitor],
    database: Database,
    coalition: Coalition,
    language: Literal["zh", "en"],
    screen: dict[str, int],
) -> None:
    visitor = visit(language=language, screen=screen)
    sign_in_at_desk(visitor, database, "fay", "finance", "operations")
    for path in (
        "/desk/windows",
        "/desk/windows?state=settled",
        "/desk/windows/2030-01",
        "/desk/windows/2030-02",
        "/desk/windows/2030-02/close",
        "/desk/windows/2030-01/approval",
        "/desk/windows/2030-01/market",
        "/desk/windows/2030-01/long",
        "/desk/windows/2030-01/fuel/lines?side=owed",
    ):
        visitor.go(path)
        visitor.check()
    visitor.page.locator("main tbody a").first.click()
    visitor.check()


def test_from_a_net_to_a_journal_in_three_clicks(
    visit: type[Visitor], database: Database, coalition: Coalition
) -> None:
    visitor = visit(language="en", screen=DESK)
    sign_in_at_desk(visitor, database, "ada", "auditor")
    visitor.go("/desk/windows/2030-01")
    page = visitor.page
    page.get_by_role("link", name="Restaurant").first.click()
    page.locator(".terms summary").first.click()
    page.get_by_role("link", name="The journals behind it").first.click()
    page.locator("main tbody a").first.click()
    assert "points were spent at" in page.get_by_role("heading", level=1).inner_text()
    visitor.check()


def test_dark(visit: type[Visitor], database: Database, coalition: Coalition) -> None:
    visitor = visit(language="zh", screen=DESK)
    sign_in_at_desk(visitor, database, "fay", "finance", theme="dark")
    for path in ("/desk/windows", "/desk/windows/2030-01", "/desk/windows/2030-01/market"):
        visitor.go(path)
        visitor.check()
