"""The page of parts, in every dress."""

import pytest

from tests.browser.visitor import DESKTOP, PHONE


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_parts_are_accessible(visit, coalition, screen, language, theme) -> None:
    visitor = visit(language=language, screen=screen)
    visitor.go("/frame")
    visitor.page.locator(f"main button[name=theme][value={theme}]").click()
    assert visitor.page.locator("html").get_attribute("data-theme") == theme
    for closed in visitor.page.locator("main details").all():
        closed.locator("summary").click()
    visitor.check()


@pytest.mark.parametrize("path", ["/frame/confirm", "/help", "/nowhere"])
def test_pages_of_the_frame_are_accessible(visit, coalition, path) -> None:
    visitor = visit()
    visitor.go(path)
    visitor.faults = [said for said in visitor.faults if "404" not in said]
    visitor.check()


def test_nothing_scrolls_sideways_on_the_narrowest_screen(visit, coalition) -> None:
    visitor = visit(screen={"width": 320, "height": 640})
    visitor.go("/frame")
    visitor.check()


def test_a_form_goes_once_and_says_so(visit, coalition) -> None:
    visitor = visit()
    visitor.go("/frame/confirm")
    page = visitor.page
    page.evaluate(
        """() => {
            window.gone = 0;
            // Held back, so that the page is still there for the second click and what it says.
            document.addEventListener("submit", (event) => {
                if (!event.defaultPrevented) { window.gone += 1; event.preventDefault(); }
            });
        }"""
    )
    page.get_by_role("button", name="Give 800 points").click()
    page.get_by_role("button", name="Confirming…").dispatch_event("click")
    assert page.evaluate("window.gone") == 1
    page.get_by_text("We cannot confirm the result yet.").wait_for(timeout=12_000)


def test_without_script_it_is_all_there(visit, coalition) -> None:
    visitor = visit(script=False)
    visitor.go("/frame/confirm")
    visitor.page.get_by_role("button", name="Give 800 points").click()
    assert visitor.page.get_by_role("status").first.inner_text().startswith("Done")
    assert visitor.page.locator("progress:visible").count() == 0


def test_the_keyboard_reaches_the_content_first(visit, coalition) -> None:
    visitor = visit()
    visitor.go("/frame")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.locator(":focus").inner_text() == "Skip to the content"
    visitor.page.keyboard.press("Enter")
    assert visitor.page.locator(":focus").get_attribute("id") == "main"


def test_what_is_hidden_is_hidden(visit, coalition) -> None:
    visitor = visit()
    visitor.go("/frame")
    assert visitor.page.locator("[hidden]:visible").count() == 0
