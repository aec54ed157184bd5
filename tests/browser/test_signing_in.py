"""Coming in: with a code, then with a passkey that a virtual authenticator keeps."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import DESKTOP, NUMBER, PHONE


@pytest.mark.parametrize(
    ("language", "screen"), [("zh", PHONE), ("en", DESKTOP)], ids=["zh-phone", "en-desktop"]
)
def test_with_a_code_and_then_with_a_passkey(visit, coalition, language, screen) -> None:
    visitor = visit(language=language, screen=screen)
    page = visitor.page
    devtools = visitor.devtools()
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    visitor.sign_in()
    visitor.check()

    visitor.go("/settings/passkeys")
    visitor.check()
    page.get_by_role("button", name=re.compile("Add a passkey|添加通行密钥")).click()
    expect(page.get_by_role("status").first).to_be_visible()
    visitor.check()

    visitor.go("/settings")
    page.locator("summary", has_text=re.compile("Menu|菜单")).click()
    page.get_by_role("button", name=re.compile("Sign out|退出登录")).click()
    page.wait_for_url("**/sign-in")
    page.get_by_role("button", name=re.compile("Use a passkey|使用通行密钥")).click()
    page.wait_for_url("**/wallet")


def test_a_wrong_code_says_so_beside_its_field(visit, coalition) -> None:
    visitor = visit()
    page = visitor.page
    visitor.go("/sign-in")
    page.get_by_label("Mobile number").fill(NUMBER)
    page.get_by_role("button", name="Send me a code").click()
    wrong = "000000" if visitor.code(NUMBER) != "000000" else "000001"
    page.get_by_label("6-digit code").fill(wrong)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("[data-focus]")).to_be_focused()
    expect(page.get_by_label("6-digit code")).to_have_attribute("aria-invalid", "true")
    visitor.check()


def test_everything_but_passkeys_works_without_script(visit, coalition) -> None:
    visitor = visit(script=False)
    page = visitor.page
    visitor.go("/sign-in")
    page.get_by_label("Mobile number").fill(NUMBER)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("6-digit code").fill(visitor.code(NUMBER))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/wallet")
    for path in ("/wallet", "/settings", "/inbox", "/give", "/family"):
        visitor.go(path)
        expect(page.locator("h1")).to_be_visible()
