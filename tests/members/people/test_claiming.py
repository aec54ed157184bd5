"""Claiming a wallet that a brand opened, by its link token, over HTTP."""

import psycopg
import pytest

from kit.database import Database
from members.enrolment import Consent, enrol, link_token
from tests.books import Books
from tests.members.visitor import SECRETS, Site, Visitor, sign_in_as

REFUSED = "This token is unknown, used or expired."


@pytest.fixture
def party(books: Books) -> int:
    return books.party()


@pytest.fixture
def token(site: Site, database: Database, books: Books, party: int) -> str:
    """Of a member whom a brand enrolled and gave 70 points."""
    with database.transaction() as session:
        now = site.clock()
        link = enrol(session, party=party, reference="C-1", consent=Consent(), now=now)
        made, _ = link_token(session, party=party, member=link.id, secrets_=SECRETS, now=now)
    books.post("accrual", party=party, link=str(link.id), points=70).unwrap()
    return made


class TestClaim:
    def test_makes_that_wallet_mine(self, visitor: Visitor, database: Database, token: str) -> None:
        who = sign_in_as(visitor, database)
        assert "Claim a wallet" in visitor.go("/settings").words
        answer = visitor.post("/wallet/claim", token=f" {token} ")
        assert (answer.status, answer.location) == (303, "/wallet")
        words = visitor.go("/settings").words
        assert "Points left: 70." in words
        assert "Claim a wallet" not in words
        again = sign_in_as(visitor, database, number=who.number)
        assert again.person == who.person
        assert again.member != who.member

    def test_works_once(self, site: Site, visitor: Visitor, database: Database, token: str) -> None:
        sign_in_as(visitor, database)
        visitor.post("/wallet/claim", token=token)
        other = site.visitor()
        sign_in_as(other, database)
        answer = other.post("/wallet/claim", token=token)
        assert answer.status == 422
        assert REFUSED in answer.words

    def test_is_refused_when_somebody_signs_in_to_it(
        self, site: Site, visitor: Visitor, database: Database, token: str, party: int,
        owner: psycopg.Connection,
    ) -> None:  # fmt: skip
        sign_in_as(visitor, database)
        visitor.post("/wallet/claim", token=token)
        row = owner.execute("SELECT id FROM exchange.link").fetchone()
        assert row is not None
        with database.transaction() as session:
            another, _ = link_token(
                session, party=party, member=row[0], secrets_=SECRETS, now=site.clock()
            )
        thief = site.visitor()
        sign_in_as(thief, database)
        assert thief.post("/wallet/claim", token=another).status == 422
        assert "Points left: 70." in visitor.go("/settings").words

    def test_is_refused_for_a_wallet_in_use(
        self, visitor: Visitor, database: Database, token: str, books: Books
    ) -> None:
        who = sign_in_as(visitor, database)
        visitor.get("/wallet/claim")
        books.issue(books.party(), who.wallet, 5)
        answer = visitor.post("/wallet/claim", token=token)
        assert answer.status == 409
        assert "Your wallet is in use already." in answer.words
        assert "Points left: 5." in visitor.go("/settings").words

    @pytest.mark.parametrize("typed", ["", "x", "x" * 5000, "中文"])
    def test_is_refused_for_an_unknown_token(
        self, visitor: Visitor, database: Database, typed: str
    ) -> None:
        sign_in_as(visitor, database)
        answer = visitor.post("/wallet/claim", token=typed)
        assert answer.status == 422
        assert REFUSED in answer.words

    def test_is_refused_after_ten_minutes(
        self, site: Site, visitor: Visitor, database: Database, token: str
    ) -> None:
        sign_in_as(visitor, database)
        site.clock.advance(minutes=10, seconds=5)
        assert visitor.post("/wallet/claim", token=token).status == 422

    def test_is_limited(self, site: Site, visitor: Visitor, database: Database, token: str) -> None:
        site.clock.at = site.clock()
        sign_in_as(visitor, database)
        for _ in range(10):
            visitor.post("/wallet/claim", token="wrong")
        answer = visitor.post("/wallet/claim", token=token)
        assert answer.status == 429
        assert "Too many tries." in answer.words
