"""Windows in a browser: every page of them, wide and narrow, in both languages."""

from pathlib import Path
from typing import Literal

import pytest

from demo.bank import Transaction, statement
from kit.database import Database
from tests.books import Books
from tests.browser.desk import DESK, sign_in_at_desk
from tests.browser.visitor import PHONE, Visitor
from tests.settlement.bank.scene import OURS, paying, today
from tests.settlement.bank.scene import Desk as Bank
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
        "/desk/windows/calendar",
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


def test_the_money_of_a_window(
    visit: type[Visitor],
    database: Database,
    books: Books,
    tmp_path: Path,
) -> None:
    """Propose, bring in a bank's file with a short payment, and look at what to do about it."""
    bank = Bank(Coalition(books), tmp_path)
    window = bank.trade()
    base = f"/desk/windows/{window}"
    visitor = visit(language="en", screen=DESK)
    sign_in_at_desk(visitor, database, "fay", "finance", "risk")
    page = visitor.page
    for path in ("pay", "pay/propose", "abort", "default/market"):
        visitor.go(f"{base}/{path}")
        visitor.check()
    bank.pay(window)
    due = bank.due(window, "in")
    (tmp_path / "camt.xml").write_bytes(
        statement(
            [
                paying(due, amount=due.amount - 1_800),
                Transaction(direction="in", amount=1_800, counterparty="Somebody"),
            ],
            number="A-1",
            account=OURS,
            currency="CNY",
            on=today(),
        )
    )
    visitor.go(f"{base}/bank")
    page.get_by_role("button", name="Import the file").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    visitor.check()
    page.get_by_label("The bank's file").set_input_files(tmp_path / "camt.xml")
    page.get_by_role("button", name="Import the file").click()
    page.get_by_role("heading", name="2 of 2 lines need a person").wait_for()
    visitor.check()
    page.get_by_role("link", name=f"Payments of window {window}").click()
    page.get_by_role("link", name="Record the rest").click()
    assert "Short by ¥18.00" in page.locator(".notice").inner_text()
    visitor.check()
    page.locator("main table").last.locator("tbody a").first.click()
    visitor.check()
    for path in ("settle", "settle-regardless", "default/market"):
        visitor.go(f"{base}/{path}")
        visitor.check()
    for path in (f"/desk/statements/ST-{window}-000001", "/desk/bank"):
        visitor.go(path)
        visitor.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_money_of_a_window_on_a_phone_in_chinese(
    visit: type[Visitor], database: Database, books: Books, tmp_path: Path, theme: str
) -> None:
    bank = Bank(Coalition(books), tmp_path)
    window = bank.trade()
    visitor = visit(language="zh", screen=PHONE)
    sign_in_at_desk(visitor, database, "fay", "finance", "risk", theme=theme)
    base = f"/desk/windows/{window}"
    for path in ("pay", "pay/propose", "bank", "abort", "default/market"):
        visitor.go(f"{base}/{path}")
        visitor.check()
    bank.pay(window)
    due = bank.due(window, "in")
    for path in (f"pay/{due.end_to_end}", "settle", "settle-regardless", "pay"):
        visitor.go(f"{base}/{path}")
        visitor.check()
    visitor.go(f"/desk/statements/ST-{window}-000001")
    visitor.check()
