"""A real browser before a running hub; skipped where there is no Chromium."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from kit.database import Database
from tests.books import Books
from tests.browser.desk import DESK, sign_in_at_desk
from tests.browser.visitor import Visitor
from tests.cluster import Address
from tests.server import Coalition, Server, serving

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("needs Chromium: apt install chromium")
    # Root has no sandbox; nothing but our own pages is opened.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=arguments)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker that is injected into pages."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def site(address: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A hub that calls itself localhost: passkeys belong to a name, never to a number."""
    with serving(address, tmp_path_factory.mktemp("site"), "localhost") as running:
        yield running


@pytest.fixture
def coalition(site: Server, database: Database, books: Books) -> Iterator[Coalition]:
    """Partners on the hub that the browser sees."""
    made = Coalition(site, database, books)
    yield made
    made.close()


@pytest.fixture
def visit(browser: Browser, site: Server, axe: str) -> Iterator[type[Visitor]]:
    """Makes visitors: people with a browser of their own, whom nothing loaded from elsewhere."""
    made: list[Visitor] = []

    def make(**settings: object) -> Visitor:
        visitor = Visitor(browser, site, axe, outbox=Path(site.log).parent / "outbox", **settings)
        made.append(visitor)
        return visitor

    yield make  # type: ignore[misc]
    for visitor in made:
        visitor.leave()


@pytest.fixture
def desk_visitor(visit: type[Visitor], database: Database) -> Callable[..., Visitor]:
    """`desk_visitor("fay", "finance", language="zh", screen=PHONE, theme="dark")` is somebody of
    these roles with a browser, signed in at the desk; the screen is a desk's unless it is given."""

    def make(
        name: str,
        *roles: str,
        proved: bool = True,
        theme: str | None = None,
        screen: dict[str, int] = DESK,
        **settings: object,
    ) -> Visitor:
        visitor = visit(screen=screen, **settings)  # type: ignore[arg-type]
        return sign_in_at_desk(visitor, database, name, *roles, proved=proved, theme=theme)

    return make
