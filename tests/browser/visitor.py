"""A person with a browser: what they see must be accessible, and come from the hub alone."""

import json
import re
import time
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests.server import Server

NUMBER = "13800138000"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
# What ends right of its card, unless it scrolls in a region of its own.
SPILT = """() => [...document.querySelectorAll("main .card, aside .card")].flatMap((card) => {
    const end = card.getBoundingClientRect().right + 1;
    return [...card.querySelectorAll("*")]
        .filter((part) => part.getBoundingClientRect().right > end && part.getClientRects().length)
        .filter((part) => !part.closest(".region, .hidden, pre, svg"))
        .map((part) => part.outerHTML.slice(0, 200));
})"""


class Visitor:
    """`page` is Playwright's own."""

    def __init__(
        self,
        browser: Browser,
        site: Server,
        axe: str,
        *,
        outbox: Path,
        language: Literal["zh", "en"] = "en",
        screen: dict[str, int] = PHONE,
        script: bool = True,
    ) -> None:
        self.site = site
        self.outbox = outbox
        self.axe = axe
        self.faults: list[str] = []
        self._context = browser.new_context(
            viewport=screen,  # type: ignore[arg-type]
            locale={"zh": "zh-CN", "en": "en-GB"}[language],
            java_script_enabled=script,
            base_url=site.origin,
        )
        self._context.set_default_timeout(10_000)
        self.page: Page = self._context.new_page()
        self.page.on("request", self._requested)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))

    def carry(self, name: str, value: str) -> None:
        """Carry a cookie of the hub from now on."""
        self._context.add_cookies([{"name": name, "value": value, "url": self.site.origin}])

    def go(self, path: str) -> None:
        self.page.goto(path)

    def check(self) -> None:
        """What is on the screen can be used by everybody, and nothing went wrong on the way."""
        self.page.wait_for_load_state()  # A click may still be leading to the next page.
        width = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 0, f"{self.page.url} scrolls sideways by {width} pixels"
        assert self.page.evaluate(SPILT) == [], f"{self.page.url}: what is wider than its card"
        self.page.evaluate(self.axe)
        found = self.page.evaluate(
            """async () => (await axe.run(document, {
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
                rules: {"target-size": {enabled: true}},
            })).violations.map(v => [v.id, v.help, v.nodes.map(n => n.html).slice(0, 3)])"""
        )
        assert found == [], f"{self.page.url}\n{json.dumps(found, indent=1, ensure_ascii=False)}"
        assert self.faults == []

    def sign_in(self, number: str = NUMBER) -> None:
        """As a person does, who reads the code off the phone."""
        self.go("/sign-in")
        self.check()
        self.page.get_by_label(re.compile("Mobile number|手机号")).fill(number)
        self.page.get_by_role("button", name=re.compile("Send me a code|发送验证码")).click()
        self.check()
        self.page.get_by_label(re.compile("6-digit code|6位验证码")).fill(self.code(number))
        self.page.get_by_role("button", name=re.compile("^(Sign in|登录)$")).click()
        self.page.wait_for_url("**/wallet")

    def menu(self, word: str) -> None:
        """Follow a link of the menu."""
        self.page.locator("summary", has_text=re.compile("Menu|菜单")).click()
        self.page.locator(".menu-sheet").get_by_role("link", name=re.compile(word)).click()

    def message(self, number: str, *, after: float = 0.0) -> str:
        """The newest message to a number."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            files = sorted(self.outbox.glob("*"), key=lambda file: file.stat().st_mtime_ns)
            for file in reversed(files):
                text = file.read_text(encoding="utf-8")
                if number in text and file.stat().st_mtime > after:
                    return text
            time.sleep(0.05)
        raise AssertionError(f"no message to {number}")

    def code(self, number: str, *, after: float = 0.0) -> str:
        """The sign-in code that was sent to a number."""
        text = self.message(number, after=after).replace(number, "")
        found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
        assert found is not None
        return found.group()

    def devtools(self) -> Any:
        """Chromium's own protocol: a virtual authenticator, the network."""
        return self._context.new_cdp_session(self.page)

    def leave(self) -> None:
        self._context.close()

    def _requested(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        if host and host != urlsplit(self.site.origin).netloc:
            self.faults.append(f"asks {host}")

    def _said(self, message: ConsoleMessage) -> None:
        # A refused form is answered 422, which Chromium calls an error.
        if message.type == "error" and "422" not in message.text:
            self.faults.append(message.text)
