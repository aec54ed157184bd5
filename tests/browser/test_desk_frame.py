"""The desk's frame in a browser."""

import pytest

from tests.browser.desk import DESK
from tests.browser.visitor import PHONE
from tests.factories import build_partner


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_frame_is_accessible(desk_visitor, screen, language, theme) -> None:
    visitor = desk_visitor("fay", "finance", language=language, screen=screen, theme=theme)
    visitor.go("/desk")
    assert visitor.page.locator("html").get_attribute("data-theme") == theme
    visitor.check()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_parts_are_accessible(desk_visitor, screen, language, theme) -> None:
    visitor = desk_visitor("fay", "finance", language=language, screen=screen, theme=theme)
    visitor.go("/desk/frame")
    for summary in visitor.page.locator("main details > summary:visible").all():
        summary.click()
    visitor.check()


def test_the_parts_fit_the_narrowest_screen(desk_visitor) -> None:
    visitor = desk_visitor("fay", "finance", screen={"width": 320, "height": 640})
    visitor.go("/desk/frame")
    visitor.check()


def test_letters_of_pictures_keep_their_size(desk_visitor) -> None:
    """Whatever the screen, of each picture one is seen, and no letter of it is below 13 pixels."""
    for width in (320, 390, 768, 1440):
        visitor = desk_visitor(f"fay{width}", "finance", screen={"width": width, "height": 900})
        visitor.go("/desk/frame")
        seen = visitor.page.evaluate(
            """() => [...document.querySelectorAll("figure.sized")].map((figure) => {
                const wide = (svg) => svg.getBoundingClientRect().width;
                const shown = [...figure.querySelectorAll(":scope > svg")].filter(wide);
                return [shown.length, wide(shown[0]) / shown[0].viewBox.baseVal.width];
            })"""
        )
        assert len(seen) == 3
        for count, scale in seen:
            assert count == 1, (width, seen)
            assert scale >= 0.99, (width, seen)


class TestKeys:
    def test_g_and_a_letter_go_to_a_place(self, desk_visitor) -> None:
        visitor = desk_visitor("fay", "finance")
        visitor.go("/desk/frame")
        visitor.page.keyboard.press("g")
        visitor.page.keyboard.press("t")
        visitor.page.wait_for_url("**/desk")

    def test_not_inside_a_field(self, desk_visitor) -> None:
        visitor = desk_visitor("fay", "finance")
        visitor.go("/desk/frame")
        visitor.page.get_by_label("Period").fill("")
        visitor.page.get_by_label("Period").press("g")
        visitor.page.keyboard.press("t")
        visitor.page.keyboard.press("/")
        assert visitor.page.get_by_label("Period").input_value() == "gt/"
        assert visitor.page.url.endswith("/desk/frame")

    def test_rows_are_gone_through_and_opened(self, desk_visitor) -> None:
        visitor = desk_visitor("fay", "finance")
        visitor.go("/desk/frame")
        page = visitor.page
        for key in ("j", "j", "k"):
            page.keyboard.press(key)
        assert page.locator("tr.here").count() == 1
        assert page.locator(":focus").inner_text() == page.locator("tr.here th").inner_text()
        visitor.check()
        page.keyboard.press("Enter")
        assert page.url.endswith("#list")

    def test_filters_are_one_key_away(self, desk_visitor) -> None:
        visitor = desk_visitor("fay", "finance")
        visitor.go("/desk/frame")
        visitor.page.keyboard.press("f")
        assert visitor.page.locator(":focus").get_attribute("name") == "state"

    def test_the_list_of_keys(self, desk_visitor) -> None:
        visitor = desk_visitor("fay", "finance")
        visitor.go("/desk")
        visitor.page.keyboard.press("?")
        visitor.page.get_by_text("Keys are not heard inside a field").wait_for()
        visitor.check()
        visitor.page.keyboard.press("Escape")
        assert visitor.page.locator("dialog[open]").count() == 0

    def test_they_can_be_switched_off(self, desk_visitor) -> None:
        visitor = desk_visitor("fay", "finance")
        visitor.go("/desk/shortcuts")
        visitor.check()
        visitor.page.get_by_role("button", name="Turn shortcuts off").click()
        visitor.page.get_by_text("Shortcuts are off.").wait_for()
        visitor.page.keyboard.press("/")
        visitor.page.keyboard.press("?")
        visitor.page.keyboard.press("g")
        visitor.page.keyboard.press("t")
        assert visitor.page.locator("dialog[open]").count() == 0
        assert visitor.page.url.endswith("/desk/shortcuts")


class TestPalette:
    @pytest.fixture
    def partners(self, database) -> None:
        with database.transaction() as session:
            for slug in ("fuel", "fuel-two", "market"):
                build_partner(session, slug=slug)

    def test_from_the_keyboard_to_the_page(self, desk_visitor, partners) -> None:
        visitor = desk_visitor("fay", "finance")
        visitor.go("/desk")
        page = visitor.page
        page.keyboard.press("/")
        field = page.get_by_role("combobox", name="Search")
        assert field.evaluate("(field) => field === document.activeElement")
        field.press_sequentially("fuel")
        page.get_by_role("option", name="Fuel-Two").wait_for()
        assert field.get_attribute("aria-expanded") == "true"
        assert page.locator("#palette-said").inner_text() == "2 results"
        visitor.check()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        chosen = page.locator('[aria-selected="true"]')
        assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
        assert "Fuel-Two" in chosen.inner_text()
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk/partners/fuel-two")

    def test_what_was_opened_before_is_offered(self, desk_visitor, partners) -> None:
        visitor = desk_visitor("fay", "finance")
        visitor.go("/desk")
        page = visitor.page
        page.keyboard.press("/")
        page.get_by_role("combobox", name="Search").press_sequentially("market")
        page.get_by_role("option", name="Market").click()
        page.wait_for_url("**/desk/partners/market")
        visitor.go("/desk")
        page.keyboard.press("/")
        assert page.get_by_role("option").all_inner_texts() == ["Market"]
        visitor.faults = [said for said in visitor.faults if "404" not in said]
        visitor.check()

    def test_enter_alone_leads_to_the_page_of_search(self, desk_visitor, partners) -> None:
        visitor = desk_visitor("fay", "finance", language="zh", screen=PHONE)
        visitor.go("/desk")
        visitor.page.get_by_role("link", name="搜索").click()
        visitor.page.get_by_role("combobox", name="搜索").fill("fuel")
        visitor.page.keyboard.press("Enter")
        visitor.page.wait_for_url("**/desk/search?q=fuel")
        visitor.check()

    def test_escape_closes_it_and_focus_returns(self, desk_visitor, partners) -> None:
        visitor = desk_visitor("fay", "finance")
        visitor.go("/desk")
        visitor.page.keyboard.press("/")
        visitor.page.keyboard.press("Escape")
        assert visitor.page.locator("dialog[open]").count() == 0


def test_without_script_search_is_a_page(desk_visitor, database) -> None:
    with database.transaction() as session:
        build_partner(session, slug="fuel")
        build_partner(session, slug="fuel-two")
    visitor = desk_visitor("fay", "finance", script=False)
    visitor.go("/desk")
    visitor.page.get_by_role("link", name="Search").click()
    visitor.page.get_by_label("What is in your hand").fill("fuel")
    visitor.page.get_by_role("button", name="Search").click()
    assert visitor.page.get_by_role("status").inner_text() == "2 results"


def test_a_phone_has_the_places_in_a_menu(desk_visitor) -> None:
    visitor = desk_visitor("fay", "finance", screen=PHONE)
    visitor.go("/desk")
    assert not visitor.page.locator("nav.side").is_visible()
    visitor.page.locator("summary", has_text="Menu").click()
    visitor.check()
    visitor.page.locator(".menu-sheet").get_by_role("link", name="Keyboard shortcuts").click()
    visitor.page.wait_for_url("**/desk/shortcuts")


def test_the_content_comes_first_for_the_keyboard(desk_visitor) -> None:
    visitor = desk_visitor("fay", "finance")
    visitor.go("/desk")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    assert visitor.page.locator(":focus").get_attribute("id") == "main"


def test_what_is_printed_says_what_was_asked_and_by_whom(desk_visitor) -> None:
    visitor = desk_visitor("fay", "finance")
    visitor.go("/desk/frame?state=pays")
    page = visitor.page
    page.emulate_media(media="print")
    printed = page.locator("p.printed").inner_text()
    assert printed.startswith("Parts of the desk · Printed ")
    assert printed.endswith(" · fay")
    assert page.get_by_text("State: pays").is_visible()
    for gone in ("nav.side", "header.top", "form.filters", "[data-csv]", "button.button"):
        assert not page.locator(gone).first.is_visible(), gone


def test_filters_are_folded_on_a_phone_until_one_is_in_force(desk_visitor) -> None:
    visitor = desk_visitor("fay", "finance", screen=PHONE)
    visitor.go("/desk/windows")
    state = visitor.page.locator("select[name=state]")
    assert not state.is_visible()
    visitor.page.locator(".fold > summary").click()
    state.select_option("settled")
    visitor.page.locator("form[data-filters] button").click()
    visitor.page.wait_for_url("**state=settled*")
    assert visitor.page.locator("select[name=state]").is_visible()
    visitor.page.set_viewport_size(DESK)
    visitor.go("/desk/windows")
    assert visitor.page.locator("select[name=state]").is_visible()
    assert not visitor.page.locator(".fold > summary").is_visible()
