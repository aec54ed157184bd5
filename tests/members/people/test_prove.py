"""A fresh proof, over HTTP: by a code to one's own number, or by one's own passkey."""

import pytest

from kit.database import Database
from tests.members.people.authenticator import Authenticator
from tests.members.people.test_passkeys import add, options
from tests.members.visitor import Answer, SignedIn, Site, Visitor, sign_in_as


@pytest.fixture
def signed_in(visitor: Visitor, database: Database) -> SignedIn:
    """Somebody who has not proved anything lately."""
    return sign_in_as(visitor, database, proved=False)


def ask(visitor: Visitor, back: str = "/settings/erase") -> Answer:
    visitor.get(f"/prove?next={back}")
    return visitor.submit("/prove")


class TestCode:
    def test_goes_to_ones_own_number_and_leads_back(
        self, site: Site, visitor: Visitor, signed_in: SignedIn
    ) -> None:
        first = visitor.get("/settings/erase")
        assert first.location == "/prove?next=/settings/erase"
        visitor.follow(first)
        visitor.submit("/prove")
        answer = visitor.post("/prove/code", code=site.code(signed_in.number))
        assert (answer.status, answer.location) == (303, "/settings/erase")
        assert visitor.get("/settings/erase").status == 200

    def test_counts_for_five_minutes(
        self, site: Site, visitor: Visitor, signed_in: SignedIn
    ) -> None:
        ask(visitor)
        visitor.post("/prove/code", code=site.code(signed_in.number))
        site.clock.advance(minutes=4, seconds=50)
        assert visitor.get("/settings/erase").status == 200
        site.clock.advance(seconds=15)
        assert visitor.get("/settings/erase").status == 303

    def test_is_refused_when_wrong(self, site: Site, visitor: Visitor, signed_in: SignedIn) -> None:
        ask(visitor)
        code = f"{(int(site.code(signed_in.number)) + 1) % 10**6:06d}"
        answer = visitor.post("/prove/code", code=code)
        assert answer.status == 422
        assert "That code is wrong or has expired." in answer.words
        assert visitor.get("/settings/erase").status == 303

    def test_to_sign_in_proves_nothing_here_nor_the_other_way(
        self, site: Site, visitor: Visitor, signed_in: SignedIn
    ) -> None:
        stranger = site.visitor()
        stranger.submit("/sign-in", on="/sign-in", phone=signed_in.number)
        for_sign_in = site.code(signed_in.number)
        ask(visitor)
        assert visitor.post("/prove/code", code=for_sign_in).status == 422
        for_proof = site.code(signed_in.number)
        if for_proof != for_sign_in:
            assert stranger.post("/sign-in/code", code=for_proof).status == 422

    def test_another_one_comes_after_a_minute(
        self, site: Site, visitor: Visitor, signed_in: SignedIn
    ) -> None:
        ask(visitor)
        assert visitor.post("/prove/code/new").status == 429
        site.clock.advance(seconds=61)
        visitor.submit("/prove/code/new")
        assert visitor.post("/prove/code", code=site.code(signed_in.number)).status == 303

    def test_is_limited(self, site: Site, visitor: Visitor, signed_in: SignedIn) -> None:
        for _ in range(5):
            assert ask(visitor).status == 200
        answer = ask(visitor)
        assert answer.status == 429
        assert "Too many tries." in answer.words

    def test_leads_nowhere_else(self, site: Site, visitor: Visitor, signed_in: SignedIn) -> None:
        ask(visitor, "//evil.example")
        answer = visitor.post("/prove/code", code=site.code(signed_in.number))
        assert answer.location == "/wallet"

    @pytest.mark.parametrize("path", ["/prove", "/prove/code"])
    def test_is_for_the_signed_in(self, visitor: Visitor, path: str) -> None:
        assert visitor.get(path).location.startswith("/sign-in?next=")


class TestPasskey:
    def test_of_ones_own(self, site: Site, visitor: Visitor, database: Database) -> None:
        authenticator = Authenticator(site.origin)
        sign_in_as(visitor, database)
        add(visitor, authenticator)
        site.clock.advance(minutes=6)
        page = visitor.go("/settings/erase")
        assert "Say again who you are" in page.words
        made = authenticator.get(options(visitor, "/prove/passkey/options", "/prove"))
        answer = visitor.post("/prove/passkey", on="/prove", credential=made)
        assert (answer.status, answer.location) == (303, "/settings/erase")

    def test_of_somebody_else(self, site: Site, visitor: Visitor, database: Database) -> None:
        """Else a thief with a session would prove it with a passkey of their own."""
        theirs = Authenticator(site.origin)
        thief = site.visitor()
        sign_in_as(thief, database)
        add(thief, theirs)
        mine = Authenticator(site.origin)
        sign_in_as(visitor, database)
        add(visitor, mine)
        site.clock.advance(minutes=6)
        made = theirs.get(options(visitor, "/prove/passkey/options", "/prove"))
        assert visitor.post("/prove/passkey", on="/prove", credential=made).status == 422
        assert visitor.get("/settings/erase").status == 303
