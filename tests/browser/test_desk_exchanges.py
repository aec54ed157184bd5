"""Exchanges without an answer, in a browser: found, read, and put before a second person."""

import psycopg
import pytest

from kit.database import Database
from kit.ids import to_text
from tests.browser.desk import DESK, sign_in_at_desk
from tests.browser.visitor import PHONE, Visitor
from tests.partners.exchanges import conftest as exchanges
from tests.partners.exchanges.conftest import Trade

trade = exchanges.trade


@pytest.mark.parametrize(
    ("screen", "language", "theme"),
    [(DESK, "zh", "light"), (DESK, "en", "dark"), (PHONE, "zh", "dark"), (PHONE, "en", "light")],
    ids=["desk-zh", "desk-en", "phone-zh", "phone-en"],
)
def test_one_that_is_settled_by_hand(
    visit: type[Visitor],
    database: Database,
    owner: psycopg.Connection,
    trade: Trade,
    screen: dict[str, int],
    language: str,
    theme: str,
) -> None:
    visitor = visit(language=language, screen=screen)  # type: ignore[arg-type]
    sign_in_at_desk(visitor, database, "fay", "finance", theme=theme)
    page = visitor.page
    visitor.go("/desk/health/exchanges")
    visitor.check()  # Nothing waits.
    trade.programme.mood = "500"
    waiting = [trade.begun("export", 600), trade.begun("import", 30)]
    for exchange in waiting:
        trade.advance(exchange)
    owner.execute(
        "UPDATE partners.exchange SET first_asked_at = first_asked_at - interval '3 hours',"
        " last_asked_at = last_asked_at - interval '40 minutes', tries = 9"
    )
    visitor.go("/desk/health/exchanges")
    assert page.locator("main tbody tr").count() == 2
    visitor.check()
    visitor.go("/desk/health")
    page.locator("a[href='/desk/health/exchanges?partner=airline']").click()
    visitor.check()
    name = to_text("exg", waiting[0])
    page.locator(f"main th a[href='/desk/health/exchanges/{name}']").click()
    visitor.check()
    page.locator("main form button").last.click()  # Nothing was chosen.
    assert page.locator("main .error").count() == 2
    visitor.check()
    page.locator("input[name=said][value=refused]").check()
    page.locator("[name=reason]").fill("Ms Li, on the phone, ticket 4471")
    page.locator("main form button").last.click()
    page.wait_for_url("**/desk/approvals/prp_*")
    visitor.check()
    visitor.go(f"/desk/health/exchanges/{name}")
    visitor.check()
    assert page.locator("main form[method=post]").count() == 0
