"""By an OpenID provider: a real one over HTTP, as it should be and as it should not."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from kit import json_over_http
from kit.database import Database
from staff.people import invitations, store
from tests.cluster import Address
from tests.desk.colleagues import acts, audit
from tests.desk.conftest import SignIn
from tests.desk.provider_process import CLIENT, SECRET
from tests.factories import build_operator
from tests.members.visitor import SECRETS, Answer, Site, Visitor, site_at
from tests.server import free_port

REFUSED = "That did not work."


@dataclass
class Provider:
    port: int

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, content: Any = None) -> tuple[int, str]:
        """The status, and where it leads."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Location", "")
        finally:
            connection.close()

    def say(self, **what: Any) -> None:
        self.ask("POST", "/says", what)


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    made = Provider(free_port())
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("provider_process.py")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PROVIDER_PORT": str(made.port)},
    )
    for _ in range(200):
        try:
            made.ask("GET", "/keys")
            break
        except OSError:
            time.sleep(0.05)
    yield made
    process.terminate()
    process.wait()


@pytest.fixture
def provider(_provider: Provider) -> Provider:
    _provider.say()
    return _provider


@pytest.fixture(scope="module")
def _site(
    address: Address, _provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with site_at(
        address,
        tmp_path_factory.mktemp("desk"),
        HUB_OIDC_ISSUER=_provider.issuer,
        HUB_OIDC_CLIENT_ID=CLIENT,
        HUB_OIDC_CLIENT_SECRET=SECRET,
        HUB_OIDC_NAME="Example ID",
    ) as site:
        yield site


@pytest.fixture
def fay(database: Database, provider: Provider) -> int:
    """Somebody whom the provider knows as subject-1."""
    with database.transaction() as session:
        operator = build_operator(session, name="fay", roles=["finance"])
        operator.email, operator.issuer = "fay@example.com", provider.issuer
        operator.subject = "subject-1"
        session.flush()
        return operator.id


def leave(visitor: Visitor, provider: Provider, page: str = "/desk/sign-in/provider") -> str:
    """Off to the provider, who signs somebody in; where that leads back to."""
    asked = visitor.get(page)
    assert asked.location.startswith(f"{provider.issuer}/authorize?"), asked.location
    there = urlsplit(asked.location)
    status, back = provider.ask("GET", f"{there.path}?{there.query}")
    assert status == 302
    found = urlsplit(back)
    return f"{found.path}?{found.query}"


def go(visitor: Visitor, provider: Provider, page: str = "/desk/sign-in/provider") -> Answer:
    """There and back."""
    return visitor.get(leave(visitor, provider, page))


class TestSigningIn:
    def test_by_the_subject(
        self, site: Site, provider: Provider, database: Database, fay: int
    ) -> None:
        visitor = site.visitor()
        assert "Sign in by Example ID" in visitor.go("/desk/sign-in").words
        answer = go(visitor, provider, "/desk/sign-in/provider?next=/desk/people")
        assert (answer.status, answer.location) == (303, "/desk/people")
        assert visitor.get("/desk").status == 200
        who, what, _, place, after = audit(database)[0]
        assert (who, what, place) == ("fay", "signed-in", "127.0.0.1, provider")
        assert after == {"methods": ["pwd", "otp"], "level": "urn:example:two"}

    def test_asks_for_little_and_binds_the_answer(
        self, site: Site, provider: Provider, fay: int
    ) -> None:
        asked = parse_qs(urlsplit(site.visitor().get("/desk/sign-in/provider").location).query)
        assert asked["scope"] == ["openid email"]
        assert asked["code_challenge_method"] == ["S256"]
        assert len(asked["state"][0]) >= 32
        assert len(asked["nonce"][0]) >= 32
        assert asked["redirect_uri"] == [f"{site.origin}/desk/sign-in/provider/return"]

    def test_after_its_keys_were_changed(
        self, site: Site, provider: Provider, database: Database, fay: int
    ) -> None:
        assert go(site.visitor(), provider).location == "/desk"
        provider.ask("POST", "/rotate")
        assert go(site.visitor(), provider).location == "/desk"

    @pytest.mark.parametrize("shift", [-45, 45])
    def test_when_its_clock_is_a_little_off(
        self, site: Site, provider: Provider, fay: int, shift: int
    ) -> None:
        provider.say(shifted={"iat": shift, "exp": shift - 300 if shift < 0 else shift})
        assert go(site.visitor(), provider).location == "/desk"

    @pytest.mark.parametrize(
        "says",
        [
            {"claims": {"nonce": "another"}},
            {"claims": {"nonce": None}},
            {"claims": {"aud": "somebody-else"}},
            {"claims": {"aud": [CLIENT, "somebody-else"], "azp": CLIENT}},
            {"claims": {"azp": "somebody-else"}},
            {"claims": {"iss": "https://evil.example"}},
            {"claims": {"sub": None}},
            {"claims": {"exp": None}},
            {"shifted": {"iat": -900, "exp": -900}},
            {"shifted": {"iat": 900, "exp": 900}},
            {"claims": {"at_hash": "AAAA"}},
            {"signed": "none"},
            {"signed": "secret"},
            {"signed": "stranger"},
            {"sub": "subject-2"},
        ],
        ids=[
            "nonce", "no nonce", "audience", "audiences", "party", "issuer", "no subject",
            "never ends", "ended", "from the future", "access token", "alg none",
            "public key as secret", "another key", "unknown subject",
        ],
    )  # fmt: skip
    def test_refuses(
        self, site: Site, provider: Provider, database: Database, fay: int, says: dict[str, Any]
    ) -> None:
        provider.say(**says)
        visitor = site.visitor()
        answer = go(visitor, provider)
        assert answer.location == "/desk/sign-in"
        assert REFUSED in visitor.go("/desk/sign-in").words
        assert "desk" not in visitor.cookies
        assert acts(database) == [("unknown", "sign-in-refused")]

    def test_an_address_alone_binds_nobody(
        self, site: Site, provider: Provider, database: Database
    ) -> None:
        """Whoever gets an address at the provider gets nobody's account here."""
        with database.transaction() as session:
            build_operator(session, name="fay").email = "fay@example.com"
        assert go(site.visitor(), provider).location == "/desk/sign-in"

    def test_refuses_somebody_who_is_out(
        self, site: Site, provider: Provider, database: Database, fay: int
    ) -> None:
        with database.transaction() as session:
            session.execute(text("UPDATE staff.operator SET active = false"))
        assert go(site.visitor(), provider).location == "/desk/sign-in"

    def test_refuses_another_browsers_answer(
        self, site: Site, provider: Provider, fay: int
    ) -> None:
        """Nobody is signed in by a link that somebody else made."""
        back = leave(site.visitor(), provider)
        victim = site.visitor()
        assert victim.get(back).location == "/desk/sign-in"
        leave(victim, provider)
        assert victim.get(back).location == "/desk/sign-in"
        assert "desk" not in victim.cookies

    def test_refuses_an_answer_twice(self, site: Site, provider: Provider, fay: int) -> None:
        visitor = site.visitor()
        visitor.get("/desk/sign-in")
        before = dict(visitor.cookies)
        back = leave(visitor, provider)
        kept = dict(visitor.cookies)
        assert visitor.get(back).location == "/desk"
        other = site.visitor()
        other.cookies = before | kept
        assert other.get(back).location == "/desk/sign-in"

    def test_refuses_an_answer_after_ten_minutes(
        self, site: Site, provider: Provider, fay: int
    ) -> None:
        visitor = site.visitor()
        back = leave(visitor, provider)
        site.clock.advance(minutes=11)
        assert visitor.get(back).location == "/desk/sign-in"

    def test_says_when_it_is_down(
        self, site: Site, provider: Provider, fay: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        visitor = site.visitor()
        back = leave(visitor, provider)
        monkeypatch.setattr(json_over_http, "SECONDS", 0.5)
        provider.say(slow=2)
        assert visitor.get(back).location == "/desk/sign-in"
        assert "Example ID does not answer." in visitor.go("/desk/sign-in").words


class TestAccepting:
    def invite(self, database: Database, email: str) -> str:
        now = datetime.now(UTC)
        with database.transaction() as session:
            operator = invitations.approve(session, "gus", ["risk"], email, by="ann", now=now)
            return invitations.make_link(session, SECRETS, operator, now)

    def test_binds_the_subject_by_the_invited_address(
        self, site: Site, provider: Provider, database: Database
    ) -> None:
        token = self.invite(database, "Fay@Example.com")
        visitor = site.visitor()
        answer = go(visitor, provider, f"/desk/invitation/{token}/provider")
        assert answer.location == "/desk"
        assert set(acts(database)[:2]) == {("gus", "signed-in"), ("gus", "operator-joined")}
        # From now on by the subject, whatever the address is.
        provider.say(claims={"email": "new@example.com"})
        assert go(site.visitor(), provider).location == "/desk"

    @pytest.mark.parametrize(
        "claims",
        [{"email_verified": False}, {"email_verified": "true"}, {"email_verified": None},
         {"email": "other@example.com"}, {"email": None}],
        ids=["unverified", "a word", "unsaid", "other", "none"],
    )  # fmt: skip
    def test_refuses_an_address_that_is_not_verified_or_not_the_one(
        self, site: Site, provider: Provider, database: Database, claims: dict[str, Any]
    ) -> None:
        token = self.invite(database, "fay@example.com")
        provider.say(claims=claims)
        visitor = site.visitor()
        page = f"/desk/invitation/{token}"
        assert go(visitor, provider, f"{page}/provider").location == page
        assert "desk" not in visitor.cookies
        assert visitor.get(page).status == 200  # The invitation is not used up.


class TestProving:
    def test_signing_in_there_is_none(
        self, site: Site, provider: Provider, database: Database, fay: int
    ) -> None:
        visitor = site.visitor()  # The provider may know whoever sat here before.
        assert go(visitor, provider).location == "/desk"
        asked = visitor.get("/desk/account/password").location
        assert asked == "/desk/prove?next=/desk/account/password"

    def test_by_a_new_proof_there(
        self, site: Site, provider: Provider, database: Database, sign_in: SignIn
    ) -> None:
        visitor = sign_in("fay", "finance", proved=False, how="provider")
        self.bind(database, provider)
        asked = parse_qs(urlsplit(visitor.get("/desk/prove/provider").location).query)
        assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
        back = leave(visitor, provider, "/desk/prove/provider?next=/desk/account/password")
        assert visitor.get(back).location == "/desk/account/password"
        assert visitor.get("/desk/account/password").status == 200

    @pytest.mark.parametrize(
        "says",
        [{"shifted": {"auth_time": -900}}, {"claims": {"auth_time": None}}, {"sub": "subject-2"}],
        ids=["old", "unsaid", "somebody else"],
    )
    def test_refuses_an_old_one_and_another_person(
        self,
        site: Site,
        provider: Provider,
        database: Database,
        sign_in: SignIn,
        says: dict[str, Any],
    ) -> None:
        visitor = sign_in("fay", "finance", proved=False, how="provider")
        self.bind(database, provider)
        provider.say(**says)
        assert go(visitor, provider, "/desk/prove/provider").location == "/desk/prove"
        assert visitor.get("/desk/account/password").status == 303

    def bind(self, database: Database, provider: Provider) -> None:
        with database.transaction() as session:
            row = store.operator_named(session, "fay")
            assert row is not None
            store.bind_subject(session, row["id"], provider.issuer, "subject-1")
