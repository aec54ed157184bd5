"""Today and the books before a real browser: readable by everybody, on both screens."""

from datetime import UTC, datetime

import pytest

from kit.database import Database
from settlement.book_checks.checking import check_quickly
from tests.books import Books
from tests.browser.desk import DESK
from tests.browser.visitor import PHONE
from tests.settlement.coalition import Coalition

BOTH = pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])
TABS = ("", "/breakage", "/roll-forward", "/trial-balance", "/disclosure", "/exposure", "/exports")


@pytest.fixture
def traded(books: Books, database: Database) -> Coalition:
    """Two closed months, a third that goes on; one issuer near its cap."""
    made = Coalition(books)
    made.partner("market", name="Market", cap=30_000)
    made.partner("fuel", name="Fuel", cap=500_000)
    wallet = made.wallet()
    for name in ("2030-02", "2030-03"):
        made.issue("market", wallet, 12_000)
        made.issue("fuel", wallet, 8_000)
        made.spend("fuel", wallet, 1_500)
        made.close(name)
    made.issue("market", wallet, 12_345)
    made.books.roll_up()
    check_quickly(database, datetime.now(UTC))
    return made


@BOTH
@LANGUAGES
class TestToday:
    def test_is_accessible_with_work_to_do(self, desk_visitor, traded, screen, language) -> None:
        visitor = desk_visitor("fay", "finance", "approver", language=language, screen=screen)
        visitor.go("/desk")
        assert visitor.page.locator(".to-do tbody tr").count() == 2
        visitor.check()

    def test_is_accessible_with_nothing(self, desk_visitor, books, screen, language) -> None:
        visitor = desk_visitor("fay", "auditor", language=language, screen=screen)
        visitor.go("/desk")
        visitor.check()


@BOTH
@LANGUAGES
@pytest.mark.parametrize("tab", TABS)
def test_the_books_are_accessible(desk_visitor, traded, screen, language, tab) -> None:
    visitor = desk_visitor("fay", "finance", language=language, screen=screen)
    visitor.go(f"/desk/books{tab}")
    for summary in visitor.page.locator("main details > summary:visible").all():
        summary.click()
    visitor.check()


@pytest.mark.corrupts_books
@BOTH
def test_books_that_are_off_are_said_and_checked_again(
    desk_visitor, traded, owner, database, screen
) -> None:
    owner.execute("UPDATE exchange.exposure SET points = points + 1 WHERE points > 0")
    visitor = desk_visitor("fay", "finance", screen=screen, theme="dark")
    visitor.go("/desk")
    visitor.page.get_by_role("button", name="Check now").click()
    assert "Books do not balance" in visitor.page.locator(".service").inner_text()
    visitor.check()
    owner.execute("UPDATE exchange.exposure SET points = points - 1 WHERE points > 0")
    visitor.page.get_by_role("button", name="Check now").click()
    assert visitor.page.locator(".service").count() == 0
