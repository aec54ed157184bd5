"""The desk's frame in a browser."""

import pytest

from tests.browser.desk import DESK
from tests.browser.visitor import PHONE


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_frame_is_accessible(desk_visitor, screen, language, theme) -> None:
    visitor = desk_visitor("fay", "finance", language=language, screen=screen, theme=theme)
    visitor.go("/desk")
    assert visitor.page.locator("html").get_attribute("data-theme") == theme
    visitor.check()
