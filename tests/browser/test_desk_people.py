"""People of the hub in a browser: an invitation, a passkey, a password with its app, every page."""

import re
from datetime import UTC, datetime

import pyotp
import pytest
from playwright.sync_api import expect

from kit.database import Database
from staff.people import invitations, store
from tests.browser.desk import DESK
from tests.browser.visitor import PHONE
from tests.desk.colleagues import PASSWORD, colleague
from tests.members.visitor import SECRETS

SCREENS = [("zh", PHONE), ("en", PHONE), ("zh", DESK), ("en", DESK)]
each_way = pytest.mark.parametrize(
    ("language", "screen"), SCREENS, ids=["zh-phone", "en-phone", "zh-desk", "en-desk"]
)
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def invited(database: Database) -> str:
    """The path of a link for Li Mei."""
    now = datetime.now(UTC)
    with database.transaction() as session:
        operator = invitations.approve(
            session, "Li Mei", ["finance"], "li.mei@example.com", by="ben", now=now
        )
        return f"/desk/invitation/{invitations.make_link(session, SECRETS, operator, now)}"


@pytest.mark.parametrize(("language", "screen"), [("zh", PHONE), ("en", DESK)], ids=["zh", "en"])
def test_an_invitation_and_a_passkey(visit, invited, language, screen) -> None:
    visitor = visit(language=language, screen=screen)
    page, devtools = visitor.page, visitor.devtools()
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    visitor.go(invited)
    visitor.check()
    page.get_by_role("button", name=re.compile("Make a passkey|创建通行密钥")).click()
    page.wait_for_url("**/desk")

    visitor.go("/desk/account")
    visitor.check()
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name=re.compile("Sign out|退出登录")).click()
    page.wait_for_url("**/desk/sign-in")
    visitor.check()
    page.get_by_role("button", name=re.compile("Use a passkey|使用通行密钥")).click()
    page.wait_for_url("**/desk")

    visitor.go("/desk/prove?next=/desk/account/password")
    visitor.check()
    page.get_by_role("button", name=re.compile("Use a passkey|使用通行密钥")).click()
    expect(page.locator("#password")).to_be_visible()
    visitor.check()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_invitation_with_a_password_without_script(visit, invited, language) -> None:
    visitor = visit(language=language, script=False)
    page = visitor.page
    visitor.go(invited)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("Set up the app|设置验证应用")).click()
    page.locator("summary", has_text=re.compile("by hand|手动输入")).click()
    secret = page.locator(".secret").inner_text()
    page.locator("#code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name=re.compile("Use this app|使用此应用")).click()
    expect(page.locator("ol li")).to_have_count(10)
    page.get_by_role("link", name=re.compile("I have kept them|已保存")).click()
    page.wait_for_url("**/desk")


@each_way
def test_signing_in_with_a_password(visit, database, language, screen) -> None:
    fay = colleague(database, "fay", "finance")
    visitor = visit(language=language, screen=screen)
    page = visitor.page
    visitor.go("/desk/sign-in")
    page.locator("#name").fill("fay")
    page.locator("#password").fill("not the password")
    page.locator("form[action='/desk/sign-in'] button").click()
    expect(page.locator("[data-focus]")).to_be_focused()
    visitor.check()
    page.locator("#password").fill(PASSWORD)
    page.locator("form[action='/desk/sign-in'] button").click()
    page.wait_for_url("**/desk/sign-in/code")
    visitor.check()
    visitor.go("/desk/sign-in/recovery")
    visitor.check()
    visitor.go("/desk/sign-in/code")
    page.locator("#code").fill(fay.code())
    page.locator("form[action='/desk/sign-in/code'] button").click()
    page.wait_for_url("**/desk")
    visitor.go("/desk/account/app")
    visitor.check()
    visitor.go("/desk/account")
    visitor.check()


@each_way
def test_every_page_of_people(desk_visitor, database, language, screen) -> None:
    colleague(database, "fay", "finance", "approver", email="fay@example.com")
    gone = colleague(database, "gus", "risk")
    now = datetime.now(UTC)
    with database.transaction() as session:
        store.deactivate(session, gone.id)
        invitations.approve(session, "Li Mei", ["auditor"], "li.mei@example.com", by="ann", now=now)
    visitor = desk_visitor("ann", "administrator", language=language, screen=screen)
    for path in (
        "/desk/people",
        "/desk/people?state=ended",
        "/desk/people?role=auditor&state=ended",
        "/desk/people/fay",
        "/desk/people/gus",
        "/desk/people/Li%20Mei",
        "/desk/people/ann",
        "/desk/people/fay/deactivate",
        "/desk/invite",
        "/desk/account",
        "/desk/prove",
    ):
        visitor.go(path)
        visitor.check()
        expect(visitor.page.locator("h1")).to_have_count(1)
    visitor.go("/desk/invite")
    visitor.page.locator("form[action='/desk/invite'] button").click()
    expect(visitor.page.locator("[data-focus]")).to_be_focused()
    visitor.check()
    visitor.go("/desk/people/Li%20Mei")
    visitor.page.locator("form[action$='/link'] button").click()
    expect(visitor.page.locator(".secret")).to_contain_text("/desk/invitation/")
    visitor.check()
