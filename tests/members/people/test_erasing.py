"""Erasing over HTTP: what goes, what stays, and the number that comes back."""

from datetime import UTC, datetime

import psycopg
import pytest

from exchange import links
from exchange.errors import MemberNotFound
from kit.database import Database
from members.people import erasing, persons
from tests.books import Books
from tests.members.people.authenticator import Authenticator
from tests.members.people.test_passkeys import add
from tests.members.people.test_passkeys import sign_in as by_passkey
from tests.members.people.test_settings import by_code
from tests.members.visitor import SECRETS, SignedIn, Site, Visitor, sign_in_as


@pytest.fixture
def party(books: Books) -> int:
    return books.party()


@pytest.fixture
def rich(visitor: Visitor, database: Database, books: Books, party: int) -> SignedIn:
    """Somebody with 500 points of one brand, of which another holds 100."""
    who = sign_in_as(visitor, database, name="Somebody")
    books.issue(party, who.wallet, 500)
    other = books.party()
    books.post(
        "authorisation", party=other, link=books.link(other, who.wallet), points=100
    ).unwrap()
    return who


def erase(visitor: Visitor) -> None:
    answer = visitor.post("/settings/erase", word="erase")
    assert (answer.status, answer.location) == (303, "/erased")
    assert "Your account is erased" in visitor.follow(answer).words


class TestErase:
    def test_repeats_what_is_lost(self, visitor: Visitor, rich: SignedIn) -> None:
        words = visitor.get("/settings/erase").words
        assert "You lose 500 points" in words
        assert "Available 400 points" in words
        assert "Held 100 points" in words
        assert "Erase my account and 500 points" in words

    @pytest.mark.parametrize("word", ["", "yes", "erase me"])
    def test_needs_the_word(self, visitor: Visitor, rich: SignedIn, word: str) -> None:
        answer = visitor.post("/settings/erase", word=word)
        assert answer.status == 422
        assert visitor.get("/settings").status == 200

    def test_takes_the_word_in_chinese(self, site: Site, database: Database) -> None:
        visitor = site.visitor(language="zh-CN")
        sign_in_as(visitor, database)
        assert visitor.post("/settings/erase", word="注销").status == 303

    def test_needs_a_fresh_proof(self, visitor: Visitor, database: Database) -> None:
        sign_in_as(visitor, database, proved=False)
        fields = {"csrf_token": visitor.token("/settings"), "word": "erase"}
        answer = visitor.send("POST", "/settings/erase", fields)
        assert answer.location == "/prove?next=/settings/erase"
        assert visitor.get("/settings").status == 200

    def test_destroys_the_key_and_every_way_in(
        self, site: Site, visitor: Visitor, rich: SignedIn, owner: psycopg.Connection
    ) -> None:
        authenticator, other = Authenticator(site.origin), site.visitor()
        add(visitor, authenticator)
        by_code(site, other, rich.number)
        erase(visitor)
        assert "wallet" not in visitor.cookies
        assert other.get("/settings").status == 303
        assert by_passkey(site.visitor(), authenticator).status == 422
        row = owner.execute(
            "SELECT phone_index, sealed, wrapped_key, erased_at IS NOT NULL FROM members.person"
        ).fetchone()
        assert row == (None, None, None, True)
        for table in ("session", "passkey", "device", "notice", "standing", "sign_in_code"):
            assert owner.execute(f"SELECT * FROM members.{table}").fetchall() == [], table

    def test_leaves_the_books_whole(
        self, visitor: Visitor, rich: SignedIn, books: Books, party: int, database: Database
    ) -> None:
        link = books.link(party, rich.wallet)
        erase(visitor)
        row = books.rows("SELECT * FROM exchange.wallet WHERE id = %s", rich.wallet)[0]
        assert (row.available, row.held, row.frozen) == (500, 0, True)
        with database.transaction() as session:
            assert links.of_wallet(session, rich.wallet) == []
        with pytest.raises(MemberNotFound):
            books.post("redemption", party=party, link=link, points=1).unwrap()

    def test_is_confirmed_by_a_page_that_still_answers(self, site: Site) -> None:
        assert "Your account is erased" in site.visitor().get("/erased").words

    def test_lets_the_number_begin_anew(
        self, site: Site, visitor: Visitor, rich: SignedIn, owner: psycopg.Connection
    ) -> None:
        erase(visitor)
        again = site.visitor()
        by_code(site, again, rich.number)
        words = again.go("/settings").words
        assert "Points left" not in words
        assert "not given" in words
        rows = owner.execute(
            "SELECT p.member_id, w.available, w.frozen FROM members.person p"
            " JOIN members.member m ON m.id = p.member_id"
            " JOIN exchange.wallet w ON w.id = m.wallet_id WHERE p.erased_at IS NULL"
        ).fetchall()
        assert [(row[1], row[2]) for row in rows] == [(0, False)]
        assert rows[0][0] != rich.member
        assert again.go("/inbox").status == 200

    def test_twice_is_once(self, rich: SignedIn, database: Database) -> None:
        for _ in range(2):
            with database.transaction() as session:
                erasing.erase(session, rich.person, datetime.now(UTC))
        with database.transaction() as session:
            assert persons.face(session, SECRETS, rich.person) == ""
            assert persons.phone_of(session, SECRETS, rich.person) is None
