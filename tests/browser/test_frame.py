"""The page of parts, in every dress."""

import pytest

from tests.browser.visitor import DESKTOP, PHONE


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_parts_are_accessible(visit, coalition, screen, language) -> None:
    visitor = visit(language=language, screen=screen)
    visitor.go("/frame")
    visitor.check()
