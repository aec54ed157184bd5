"""Reconciliation and disputes in a browser: every page in both languages, on both screens."""

import os

import pytest

from tests.browser.desk import DESK
from tests.browser.visitor import PHONE
from tests.desk.cases import Month, month

SHOTS = os.environ.get("SHOTS", "")  # A folder for pictures of each page.
RECORD = "reference,kind,points\nR-1,spent,610\nR-9,spent,90\n"


@pytest.fixture
def scene(books) -> Month:
    made = month(books)
    made.hub.close("2026-11")
    return made


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(("language", "theme"), [("zh", "dark"), ("en", "light")])
def test_the_pages_are_accessible(desk_visitor, scene, screen, language, theme) -> None:
    visitor = desk_visitor("fay", "finance", language=language, screen=screen, theme=theme)
    for path in ("/desk/reconciliation", "/desk/disputes"):
        visitor.go(path)
        visitor.check()
    first, second = scene.contest(scene.first), scene.contest(scene.second, escalate=False)
    record = f"/desk/reconciliation/{scene.record(RECORD)}"
    true = scene.record("reference,kind,points\nR-1,spent,600\nR-2,spent,400\n")
    visitor.go(record)
    places = visitor.page.locator("input[name=finding]").evaluate_all(
        "all => all.map(x => x.value)"
    )
    assert len(places) == 3
    for path in (
        "/desk/reconciliation",
        record,
        f"/desk/reconciliation/{true}",
        f"{record}/resolve?finding={places[0]}&finding={places[1]}",
        f"{record}/dispute?finding={places[2]}",
        "/desk/reconciliation/new",
        "/desk/disputes",
        f"/desk/disputes/{first}",
        f"/desk/disputes/{second}",
        f"/desk/disputes/decide?dispute={first}&dispute={second}",
    ):
        visitor.go(path)
        if SHOTS:
            name = (
                f"{path.split('/')[2]}-{path.rpartition('/')[2][:14]}-{language}-{screen['width']}"
            )
            visitor.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
        visitor.check()


def test_lines_are_chosen_answered_and_contested(desk_visitor, scene) -> None:
    visitor = desk_visitor("fay", "finance", language="en", screen=DESK)
    page = visitor.page
    visitor.go(f"/desk/reconciliation/{scene.record(RECORD)}")
    page.get_by_label("Choose R-9").check()
    page.get_by_role("button", name="Resolve selected…").click()
    page.get_by_label("Reason").fill("sent twice")
    page.get_by_role("button", name="Answer 1 line").click()
    page.get_by_text("1 line is answered.").wait_for()
    page.get_by_role("link", name="Open a dispute… R-2").click()
    page.get_by_label("Why it is contested").select_option("not-ours")
    page.get_by_label("How the partner asked for it").fill("by phone")
    page.get_by_role("button", name="Open a dispute about 400 points").click()
    page.get_by_role("heading", name="Dispute: Fuel v Market").wait_for()
    visitor.check()
