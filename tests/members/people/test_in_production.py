"""Stricter in production: cookies are bound to the host and to TLS, and no link signs in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.test import Client

from kit.database import Database
from members.pages.coming_in import let_in
from members.people import persons, sign_in_links
from partners.public_keys import PrivateKey
from tests.cluster import Address
from tests.members.visitor import SECRETS, next_number
from tests.server import SECRET
from web import config
from web.app import create_app

ORIGIN = "https://hub.example"


@pytest.fixture
def client(address: Address, database: Database, tmp_path: Path) -> Iterator[Client]:
    key = tmp_path / "hub.pem"
    key.write_text(PrivateKey.generate().to_pem())
    settings = config.load(
        {
            "HUB_ENV": "production",
            "HUB_HOME": str(tmp_path),
            "HUB_ORIGIN": ORIGIN,
            "HUB_SECRET": SECRET,
            "HUB_KEY_FILE": str(key),
            "DATABASE_URL": address.owner,
            "HUB_APP_DATABASE_URL": address.application,
            "HUB_SENDER": "smtp",
            "HUB_SMTP_URL": "smtps://127.0.0.1:1/?from=hub@example.com&to={number}@example.com",
            "HUB_PROXIES": "1",
        }
    )
    app = create_app(settings)
    yield Client(app)
    app.extensions["database"].close()


def test_a_link_signs_nobody_in(client: Client, database: Database) -> None:
    now = datetime.now(UTC)
    with database.transaction() as session:
        person, _ = persons.find_or_open(session, SECRETS, next_number(), language="en", now=now)
        token = sign_in_links.make(session, SECRETS, person, now)
    answer = client.get(f"/sign-in/link/{token}", base_url=ORIGIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")


def test_cookies_are_bound_to_host_and_tls(client: Client) -> None:
    cookies = client.get("/sign-in", base_url=ORIGIN).headers.getlist("Set-Cookie")
    with client.application.test_request_context(base_url=ORIGIN):
        cookies += let_in("a token", "a browser", "/wallet").headers.getlist("Set-Cookie")
    names = {cookie.partition("=")[0] for cookie in cookies}
    assert names == {"__Host-page", "__Host-wallet", "__Host-device"}
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_a_code_that_nobody_carries_is_said_so(client: Client) -> None:
    page = client.get("/sign-in", base_url=ORIGIN).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        "/sign-in",
        base_url=ORIGIN,
        data={"csrf_token": token, "phone": next_number()},
        headers={"X-Forwarded-For": "203.0.113.7"},
    )
    assert answer.status_code == 303
    assert "The code could not be sent." in client.get("/sign-in/code", base_url=ORIGIN).text
