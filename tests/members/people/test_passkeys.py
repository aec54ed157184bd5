"""Passkeys over HTTP, with an authenticator made of software."""

import json
import secrets
from typing import Any

import psycopg
import pytest

from kit.database import Database
from members.people import passkeys
from tests.members.people.authenticator import Authenticator
from tests.members.visitor import Answer, Site, Visitor, sign_in_as

LIST = "/settings/passkeys"


@pytest.fixture
def authenticator(site: Site) -> Authenticator:
    return Authenticator(site.origin)


def options(visitor: Visitor, path: str, on: str) -> dict[str, Any]:
    answer = visitor.ask(path, on=on)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def add(visitor: Visitor, authenticator: Authenticator, **changed: Any) -> Answer:
    made = authenticator.create(options(visitor, f"{LIST}/options", LIST), **changed)
    return visitor.post(LIST, on=LIST, credential=made)


def sign_in(visitor: Visitor, authenticator: Authenticator, **changed: Any) -> Answer:
    asked = options(visitor, "/sign-in/passkey/options", "/sign-in")
    made = authenticator.get(asked, **changed)
    return visitor.post("/sign-in/passkey", on="/sign-in?next=/settings", credential=made)


@pytest.fixture
def owner_of_one(site: Site, database: Database, authenticator: Authenticator) -> Visitor:
    """Somebody with a passkey, on the device that it is on."""
    visitor = site.visitor()
    sign_in_as(visitor, database)
    assert add(visitor, authenticator).status == 303
    return visitor


class TestAdd:
    def test_asks_for_one_that_is_found_by_itself(
        self, visitor: Visitor, database: Database
    ) -> None:
        sign_in_as(visitor, database)
        asked = options(visitor, f"{LIST}/options", LIST)
        assert asked["authenticatorSelection"] == {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        }
        assert asked["rp"]["id"] == "localhost"
        assert "****" in asked["user"]["name"]

    def test_shows_it_by_the_name_of_the_device(self, owner_of_one: Visitor) -> None:
        page = owner_of_one.go(LIST)
        assert "The passkey is added." in page.words
        assert "Firefox, Linux" in page.words
        assert "Never used" in page.words

    def test_tells_its_owner(self, owner_of_one: Visitor) -> None:
        assert "A passkey was added to your account." in owner_of_one.go("/inbox").words

    def test_needs_a_fresh_proof(
        self, visitor: Visitor, database: Database, authenticator: Authenticator
    ) -> None:
        sign_in_as(visitor, database, proved=False)
        assert visitor.ask(f"{LIST}/options", on="/settings").status == 403
        token = visitor.token("/settings")
        answer = visitor.send("POST", LIST, {"csrf_token": token, "credential": "{}"})
        assert answer.location == f"/prove?next={LIST}"

    @pytest.mark.parametrize(
        "changed",
        [
            {"origin": "https://evil.example"},
            {"host": "evil.example"},
            {"challenge": "AAAA"},
        ],
    )
    def test_refuses_what_was_not_asked_for(
        self,
        visitor: Visitor,
        database: Database,
        authenticator: Authenticator,
        changed: dict[str, str],
    ) -> None:
        sign_in_as(visitor, database)
        answer = add(visitor, authenticator, **changed)
        assert answer.status == 422
        assert "The passkey was not added." in answer.words

    def test_refuses_one_that_verified_nobody(
        self, site: Site, visitor: Visitor, database: Database
    ) -> None:
        sign_in_as(visitor, database)
        assert add(visitor, Authenticator(site.origin, verifies=False)).status == 422

    def test_refuses_the_same_answer_twice(
        self, visitor: Visitor, database: Database, authenticator: Authenticator
    ) -> None:
        sign_in_as(visitor, database)
        made = authenticator.create(options(visitor, f"{LIST}/options", LIST))
        assert visitor.post(LIST, on=LIST, credential=made).status == 303
        assert visitor.post(LIST, on=LIST, credential=made).status == 422

    def test_refuses_a_challenge_of_another_session(
        self, site: Site, visitor: Visitor, database: Database, authenticator: Authenticator
    ) -> None:
        sign_in_as(visitor, database)
        thief = site.visitor()
        sign_in_as(thief, database)
        made = authenticator.create(options(thief, f"{LIST}/options", LIST))
        assert visitor.post(LIST, on=LIST, credential=made).status == 422

    def test_refuses_one_that_somebody_has(
        self, site: Site, owner_of_one: Visitor, authenticator: Authenticator, database: Database
    ) -> None:
        other = site.visitor()
        sign_in_as(other, database)
        assert add(other, authenticator).status == 422

    def test_stops_at_ten(self, site: Site, visitor: Visitor, database: Database) -> None:
        sign_in_as(visitor, database)
        for _ in range(passkeys.MOST):
            assert add(visitor, Authenticator(site.origin)).status == 303
        assert "There is room for ten." in visitor.go(LIST).words
        assert visitor.ask(f"{LIST}/options", on="/settings").status == 200
        asked = options(visitor, f"{LIST}/options", "/settings")
        fields = {
            "csrf_token": visitor.token("/settings"),
            "credential": Authenticator(site.origin).create(asked),
        }
        assert visitor.send("POST", LIST, fields).status == 422


class TestSignIn:
    def test_knows_whose_it_is(
        self, site: Site, owner_of_one: Visitor, authenticator: Authenticator
    ) -> None:
        visitor = site.visitor()
        answer = sign_in(visitor, authenticator)
        assert (answer.status, answer.location) == (303, "/settings")
        assert "Last used" in visitor.go(LIST).words

    def test_with_one_that_does_not_count(self, site: Site, database: Database) -> None:
        synchronised = Authenticator(site.origin, counts=False)
        visitor = site.visitor()
        sign_in_as(visitor, database)
        add(visitor, synchronised)
        assert sign_in(site.visitor(), synchronised).status == 303
        assert sign_in(site.visitor(), synchronised).status == 303

    def test_refuses_a_copy(
        self, site: Site, owner_of_one: Visitor, authenticator: Authenticator
    ) -> None:
        """Its count is behind that of the original."""
        sign_in(site.visitor(), authenticator)
        sign_in(site.visitor(), authenticator)
        authenticator.count = 0
        answer = sign_in(site.visitor(), authenticator)
        assert answer.status == 422
        assert "That passkey was not accepted." in answer.words

    @pytest.mark.parametrize(
        "changed",
        [
            {"origin": "https://evil.example"},
            {"host": "evil.example"},
            {"challenge": "AAAA"},
            {"user": b"somebody else 16"},
        ],
    )
    def test_refuses_what_was_not_asked_for(
        self,
        site: Site,
        owner_of_one: Visitor,
        authenticator: Authenticator,
        changed: dict[str, Any],
    ) -> None:
        assert sign_in(site.visitor(), authenticator, **changed).status == 422

    def test_refuses_one_that_nobody_has(self, site: Site, visitor: Visitor) -> None:
        assert sign_in(visitor, Authenticator(site.origin)).status == 422

    def test_refuses_another_key(
        self, site: Site, owner_of_one: Visitor, authenticator: Authenticator
    ) -> None:
        thief = Authenticator(site.origin, credential=authenticator.credential)
        thief.user, thief.count = authenticator.user, 100
        assert sign_in(site.visitor(), thief).status == 422

    def test_refuses_a_replay(
        self, site: Site, owner_of_one: Visitor, authenticator: Authenticator
    ) -> None:
        visitor = site.visitor()
        made = authenticator.get(options(visitor, "/sign-in/passkey/options", "/sign-in"))
        kept = dict(visitor.cookies)
        assert visitor.post("/sign-in/passkey", on="/sign-in", credential=made).status == 303
        visitor.cookies, visitor.last = kept, None
        assert visitor.post("/sign-in/passkey", on="/sign-in", credential=made).status == 422

    def test_refuses_a_challenge_after_five_minutes(
        self, site: Site, owner_of_one: Visitor, authenticator: Authenticator
    ) -> None:
        visitor = site.visitor()
        made = authenticator.get(options(visitor, "/sign-in/passkey/options", "/sign-in"))
        site.clock.advance(minutes=5)
        assert visitor.post("/sign-in/passkey", on="/sign-in", credential=made).status == 422

    @pytest.mark.parametrize(
        "credential",
        [
            "", "{}", "[]", "null", "1", '"x"', "{" * 5000, "x" * 20_000,
            json.dumps({"id": 1, "rawId": [], "response": {}, "type": "public-key"}),
            json.dumps(
                {
                    "id": "AA", "rawId": "AA", "type": "public-key",
                    "response": {
                        "clientDataJSON": "e30", "authenticatorData": "", "signature": "",
                    },
                }
            ),
            json.dumps(
                {
                    "id": "AA", "rawId": "AA", "type": "public-key",
                    "response": {
                        "clientDataJSON": "!!!", "authenticatorData": None, "signature": "AA",
                    },
                }
            ),
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_passkey(self, visitor: Visitor, credential: str) -> None:
        answer = visitor.post("/sign-in/passkey", on="/sign-in", credential=credential)
        assert answer.status == 422

    def test_is_limited_by_address(self, site: Site, visitor: Visitor) -> None:
        site.clock.at = site.clock()
        token = visitor.token()
        statuses = [
            visitor.send(
                "POST", "/sign-in/passkey/options", {}, headers={"X-CSRFToken": token}
            ).status
            for _ in range(61)
        ]
        assert statuses == [200] * 60 + [429]


class TestOne:
    def test_is_renamed(self, owner_of_one: Visitor, owner: psycopg.Connection) -> None:
        path = _path(owner_of_one)
        name = f"Kitchen {secrets.token_hex(4)}"
        owner_of_one.get(path)
        page = owner_of_one.submit(path, name=name)
        assert name in page.words
        rows = owner.execute("SELECT p::text FROM members.passkey p").fetchall()
        assert name not in str(rows)
        assert name.encode().hex() not in str(rows)

    @pytest.mark.parametrize("name", ["", "x" * 41, "a\x07b"])
    def test_needs_a_name(self, owner_of_one: Visitor, name: str) -> None:
        path = _path(owner_of_one)
        owner_of_one.get(path)
        answer = owner_of_one.post(path, name=name)
        assert answer.status == 422
        assert "Enter a name of 1 to 40 letters." in answer.words

    def test_is_removed(
        self, site: Site, owner_of_one: Visitor, authenticator: Authenticator
    ) -> None:
        path = _path(owner_of_one)
        owner_of_one.get(path)
        page = owner_of_one.submit(f"{path}/remove")
        assert "No passkeys yet." in page.words
        assert sign_in(site.visitor(), authenticator).status == 422

    def test_of_somebody_else_is_nowhere(
        self, site: Site, owner_of_one: Visitor, database: Database
    ) -> None:
        path = _path(owner_of_one)
        other = site.visitor()
        sign_in_as(other, database)
        token = other.token("/settings")
        missing = other.get(f"{LIST}/psk_00000000000000000000000000")
        for answer in (
            other.get(path),
            other.send("POST", path, {"csrf_token": token, "name": "mine"}),
            other.send("POST", f"{path}/remove", {"csrf_token": token}),
            other.get(f"{LIST}/nothing"),
        ):
            assert (answer.status, answer.words) == (404, missing.words)
        assert "Firefox, Linux" in owner_of_one.go(LIST).words

    @pytest.mark.parametrize("act", ["", "/remove"])
    def test_changes_after_a_fresh_proof_alone(
        self, site: Site, owner_of_one: Visitor, act: str
    ) -> None:
        path = _path(owner_of_one)
        owner_of_one.get(path)
        site.clock.advance(minutes=5, seconds=1)
        answer = owner_of_one.post(f"{path}{act}", name="x")
        assert (answer.status, answer.location) == (303, f"/prove?next={path}")


def _path(visitor: Visitor) -> str:
    text = visitor.go(LIST).text
    at = text.index(f"{LIST}/psk_")
    return text[at : text.index('"', at)]
