"""`bin/pictures FOLDER`: every page of the wallet and of the desk, on phone and desktop, in Chinese
and English, light and dark, with the demonstration's year behind them. `--readme`: the README's.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from demo import banking, months, waiting, year
from demo.console import progress
from demo.hub import Hub, HubFailed, choose_port
from demo.member import NUMBER
from demo.operator_desk import OperatorDesk
from demo.registration import APPROVER, register

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "docs" / "pictures"
SCREENS = {"phone": (390, 844), "desktop": (1440, 900)}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
THEMES = ("light", "dark")

STRANGERS = {"sign-in": "/sign-in", "help": "/help", "not-found": "/nowhere", "frame": "/frame"}
MEMBERS = {
    "wallet": "/wallet",
    "activity": "/wallet/activity",
    "pay": "/pay",
    "exchange": "/exchange",
    "brands": "/brands",
    "freeze": "/freeze",
    "give": "/give",
    "family": "/family",
    "inbox": "/inbox",
    "trust-levels": "/trust-levels",
    "settings": "/settings",
    "settings-erase": "/settings/erase",
}
DESK = {
    "desk-today": "/desk",
    "desk-windows": "/desk/windows",
    "desk-reconciliation": "/desk/reconciliation",
    "desk-disputes": "/desk/disputes",
    "desk-partners": "/desk/partners",
    "desk-partner": "/desk/partners/harvest",
    "desk-rates": "/desk/rates",
    "desk-books": "/desk/books",
    "desk-approvals": "/desk/approvals",
    "desk-audit": "/desk/audit",
    "desk-members": "/desk/members",
    "desk-search": "/desk/search?q=northway",
    "desk-health": "/desk/health",
    "desk-people": "/desk/people",
    "desk-account": "/desk/account",
}
# Found by following the first link of its kind on another page.
FOLLOWED = {
    "receipt": ("/wallet/activity", "main a[href^='/wallet/activity/jrn_']"),
    "brand": ("/brands", "main a[href^='/brands/']"),
}
FOLLOWED_AT_DESK = {
    "desk-window": ("/desk/windows", "main tbody tr:nth-child(2) th a"),
    "desk-approval": ("/desk/approvals", "main a[href^='/desk/approvals/prp_']"),
    "desk-entry": ("/desk/audit", "main a[href^='/desk/audit/aud_']"),
}


@dataclass(frozen=True, slots=True)
class Dress:
    """How a page is looked at."""

    screen: str
    language: str
    theme: str

    def __str__(self) -> str:
        return f"{self.screen}-{self.language}-{self.theme}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("bin/pictures", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where the pictures go")
    parser.add_argument("--readme", action="store_true", help="draw those of the README alone")
    asked = parser.parse_args(arguments)
    if (asked.folder is None) != asked.readme:
        parser.error("name a folder, or say --readme")
    console = Console(stderr=True)
    try:
        with _running(console) as (hub, desk), _browser() as browser:
            if asked.readme:
                _draw_readme(browser, hub, desk)
            else:
                _draw_all(console, browser, hub, desk, asked.folder)
    except HubFailed as failure:
        console.print(f"[red]{failure}[/]")
        return 1
    return 0


@contextmanager
def _running(console: Console) -> Iterator[tuple[Hub, OperatorDesk]]:
    """A hub whose one member has lived a year; gone when the block ends."""
    home = Path(tempfile.mkdtemp(prefix="tongbao-pictures-"))
    home.chmod(0o711)  # The account that PostgreSQL runs as must pass.
    hub = Hub(home, choose_port(), workers=1)
    try:
        with closing(OperatorDesk(hub)) as desk, (home / "lock").open("w") as lock:
            console.print("Starting a hub, and living a year …")
            desk.run("migrate")
            now = datetime.now(UTC)
            year.open_books(desk, now)
            hub.serve(lock)
            register(hub, desk)
            banking.agree(desk)
            with progress(console, "Months", len(months.closed(now)) + 1) as advance:
                lived = year.live_a_year(hub, desk, now, advance, settle_last=False)
                desk.run("seal", "now")
            waiting.propose_terms(desk, f"{months.following(lived.months[-1].name)}-28")
            desk.run("worker", "--once")
            yield hub, desk
    finally:
        hub.close()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        raise HubFailed("Pictures need Chromium: apt install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()


@contextmanager
def _page(browser: Browser, hub: Hub, dress: Dress, *, scale: int = 1) -> Iterator[Page]:
    width, height = SCREENS[dress.screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=LOCALES[dress.language],
        color_scheme="dark" if dress.theme == "dark" else "light",
        base_url=hub.origin,
        device_scale_factor=scale,
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


def _sign_in(page: Page, desk: OperatorDesk) -> None:
    page.goto(desk.run("members", "sign-in-link", NUMBER, "--json")["link"])


def _sign_in_at_desk(page: Page, desk: OperatorDesk) -> None:
    page.goto(desk.run("operators", "sign-in-link", APPROVER, "--json")["link"])
    page.locator("main form button").click()


def _draw_all(
    console: Console, browser: Browser, hub: Hub, desk: OperatorDesk, folder: Path
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    dresses = [Dress(*each) for each in product(SCREENS, LOCALES, THEMES)]
    followed = {**FOLLOWED, **FOLLOWED_AT_DESK}
    total = len(dresses) * len([*STRANGERS, *MEMBERS, *DESK, *followed])
    with progress(console, "Pictures", total) as advance:
        for dress in dresses:
            with _page(browser, hub, dress) as page:
                for name, path in STRANGERS.items():
                    page.goto(path)
                    _keep(page, folder, name, dress)
                    advance(1)
                for sign_in, places, followed in (
                    (_sign_in, MEMBERS, FOLLOWED),
                    (_sign_in_at_desk, DESK, FOLLOWED_AT_DESK),
                ):
                    sign_in(page, desk)
                    for name, path in places.items():
                        page.goto(path)
                        _keep(page, folder, name, dress)
                        advance(1)
                    for name, (path, link) in followed.items():
                        page.goto(path)
                        page.locator(link).first.click()
                        _keep(page, folder, name, dress)
                        advance(1)
    console.print(f"{total} pictures in {folder}")


def _keep(page: Page, folder: Path, name: str, dress: Dress) -> None:
    page.screenshot(path=folder / f"{name}-{dress}.png", full_page=True)


def _draw_readme(browser: Browser, hub: Hub, desk: OperatorDesk) -> None:
    window = months.closed(datetime.now(UTC))[-1].name
    for name, sign_in, path, dress in (
        ("wallet", _sign_in, "/wallet", Dress("desktop", "en", "light")),
        ("pay", _sign_in, "/pay", Dress("phone", "zh", "light")),
        ("today", _sign_in_at_desk, "/desk", Dress("desktop", "en", "light")),
        ("window", _sign_in_at_desk, f"/desk/windows/{window}", Dress("desktop", "en", "light")),
    ):
        with _page(browser, hub, dress) as page:
            sign_in(page, desk)
            page.goto(path)
            page.screenshot(path=README / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
