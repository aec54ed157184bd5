"""The inbox and the card of a proposal, in a browser."""

import os
from datetime import UTC, datetime

import pytest

from kit.ids import to_text
from settlement import agreed
from staff import approvals
from tests.browser.desk import DESK
from tests.browser.visitor import PHONE
from tests.factories import build_operator
from tests.settlement.coalition import Coalition

SHOTS = os.environ.get("SHOTS")


@pytest.fixture
def waiting(books) -> dict[str, str]:
    """Two proposals of Fay's: a window's figures, and terms; the pages of them."""
    made = Coalition(books)
    for slug in ("market", "fuel"):
        made.partner(slug)
    wallet = made.wallet()
    made.issue("market", wallet, 5_000_000)
    made.spend("fuel", wallet, 4_821_900)
    window = made.close("2030-02")
    now = datetime.now(UTC)
    terms = {
        "party": made.parties["fuel"], "issue_price": 1_000_000, "accept_price": 970_000,
        "fee_ppm": 5_000, "prefunded_ppm": 0, "breakage_hub_ppm": 0, "currency": "CNY",
        "cap": 50_000_000, "expiry_months": 24, "pending_days": 0,
        "valid_from": "2031-01-01T00:00:00+00:00", "collateral": 0, "fund_share": 0,
    }  # fmt: skip
    with made.database.transaction() as session:
        build_operator(session, name="fin")
        figures = agreed.figures(session, window)
        pages = {
            kind: approvals.propose(
                session, kind=kind, content=content, reason="as agreed with Fuel on 3 November",
                by="fin", now=now,
            )
            for kind, content in (("window-approval", figures), ("terms", terms))
        }  # fmt: skip
    return {kind: f"/desk/approvals/{to_text('prp', id_)}" for kind, id_ in pages.items()}


def look(visitor, name: str) -> None:
    if SHOTS:
        visitor.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_are_accessible(desk_visitor, waiting, screen, language, theme) -> None:
    visitor = desk_visitor("amy", "approver", language=language, screen=screen, theme=theme)
    mark = f"{language}-{screen['width']}-{theme}"
    visitor.go("/desk/approvals")
    visitor.check()
    look(visitor, f"inbox-{mark}")
    for kind, page in waiting.items():
        visitor.go(page)
        visitor.check()
        look(visitor, f"{kind}-{mark}")
        for summary in visitor.page.locator("main details > summary:visible").all():
            summary.click()
        visitor.check()
    for which in ("mine", "decided"):
        visitor.go(f"/desk/approvals?show={which}")
        visitor.check()
        look(visitor, f"{which}-{mark}")


def test_a_second_person_approves(desk_visitor, waiting) -> None:
    visitor = desk_visitor("amy", "approver", language="en")
    visitor.go("/desk/approvals")
    visitor.page.get_by_role("link", name="Approve window").click()
    visitor.page.get_by_role("button", name="Approve: ¥").click()
    assert "Approved and carried out." in visitor.page.locator("main").inner_text()
    visitor.check()
