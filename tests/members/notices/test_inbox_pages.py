"""The inbox as a member reads it over HTTP; the outbox, for whoever develops."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from kit import ids
from kit.database import Database
from members.notices import notify
from tests.books import Books
from tests.cluster import Address
from tests.members.visitor import SignedIn, Site, Visitor, sign_in_as
from tests.server import environment, free_port
from web import config
from web.app import create_app

HOUR = timedelta(hours=1)


@pytest.fixture
def me(visitor: Visitor, database: Database, books: Books) -> SignedIn:
    return sign_in_as(visitor, database, language="en")


def tell(
    database: Database, me: SignedIn, kind: str, *, ago: timedelta = HOUR, **facts: Any
) -> None:
    with database.transaction() as session:
        notify(session, me.person, kind, now=datetime.now(UTC) - ago, **facts)


def order(text: str, *words: str) -> list[int]:
    places = [text.index(word) for word in words]
    assert places == sorted(places), words
    return places


class TestInbox:
    def test_strangers_sign_in_first(self, visitor: Visitor) -> None:
        for path in ("/inbox", "/inbox/settings"):
            answer = visitor.get(path)
            assert answer.status == 303
            assert answer.location.startswith("/sign-in?next=")

    def test_says_when_there_is_nothing(self, visitor: Visitor, me: SignedIn) -> None:
        assert "Nothing new" in visitor.get("/inbox").words

    def test_unread_first_then_days_and_read_once_shown(
        self, visitor: Visitor, me: SignedIn, database: Database
    ) -> None:
        tell(database, me, "gift-accepted", ago=30 * HOUR, points=800, gift=uuid4())
        assert "Inbox, 1 new" in visitor.get("/trust-levels").words
        first = visitor.get("/inbox").words
        assert "New Your gift of 800 points" not in first  # Each says when, first.
        assert "Your gift of 800 points was accepted." in first
        tell(database, me, "frozen", holds=2)
        words = visitor.get("/inbox").words
        order(words, "2 holds were cancelled.", "Your gift of 800 points was accepted.")
        assert "Inbox Menu" in visitor.get("/trust-levels").words
        assert "Nothing new" in visitor.get("/inbox").words

    def test_asking_what_is_there_reads_nothing(
        self, visitor: Visitor, me: SignedIn, database: Database
    ) -> None:
        tell(database, me, "frozen")
        assert visitor.send("HEAD", "/inbox").status == 200
        assert "Inbox, 1 new" in visitor.get("/trust-levels").words

    def test_leads_to_what_it_tells_of_and_to_the_freeze(
        self, visitor: Visitor, me: SignedIn, database: Database, books: Books
    ) -> None:
        gift = uuid4()
        tell(database, me, "gift-accepted", points=800, gift=gift)
        tell(database, me, "new-device", device="Chrome, Windows")
        text = visitor.get("/inbox").text
        assert f'href="/give/{ids.to_text("gft", gift)}"' in text
        assert re.search(r'href="/freeze">\s*That was not me', text)

    def test_says_what_did_not_reach_the_phone(
        self, visitor: Visitor, me: SignedIn, database: Database, books: Books
    ) -> None:
        tell(database, me, "frozen")
        assert "We could not send" not in visitor.get("/inbox").words
        books.owner.execute(
            "UPDATE members.notice SET state = 'undelivered', due_at = NULL, tries = 9"
        )
        assert "We could not send this to your phone." in visitor.get("/inbox").words

    def test_is_in_the_readers_language(
        self, visitor: Visitor, database: Database, books: Books
    ) -> None:
        me = sign_in_as(visitor, database, language="zh")
        tell(database, me, "frozen", holds=2)
        words = visitor.get("/inbox").words
        assert "钱包已冻结：任何人都不能使用您的积分。2笔预扣已撤销。" in words

    def test_goes_on_page_by_page_to_the_end(
        self, visitor: Visitor, me: SignedIn, database: Database, books: Books
    ) -> None:
        for number in range(1, 66):
            tell(
                database,
                me,
                "gift-returned",
                ago=number * HOUR,
                points=1_000 + number,
                gift=uuid4(),
            )
        visitor.get("/inbox")  # Fifty new ones at once,
        visitor.get("/inbox")  # then the rest.
        seen: list[str] = []
        path: str | None = "/inbox"
        while path:
            text = visitor.get(path).text
            seen += re.findall(r"gift of (1,\d+) points", text)
            older = re.search(r'href="(/inbox\?before=[^"]+)"', text)
            path = older.group(1) if older else None
        assert seen == [f"{1_000 + number:,}" for number in range(1, 66)]

    @pytest.mark.parametrize("cursor", ["", "ntc_", "x", "jrn_00000000000000000000000000"])
    def test_a_dead_cursor_leads_to_the_newest(
        self, visitor: Visitor, me: SignedIn, cursor: str
    ) -> None:
        assert visitor.get(f"/inbox?before={cursor}").location == "/inbox"
        assert "Here is the newest." in visitor.get("/inbox").words

    def test_somebody_elses_place_is_none(
        self, site: Site, visitor: Visitor, me: SignedIn, database: Database, books: Books
    ) -> None:
        other = sign_in_as(site.visitor(), database)
        tell(database, other, "frozen")
        (row,) = books.rows("SELECT id FROM members.notice")
        foreign = visitor.get(f"/inbox?before={ids.to_text('ntc', row.id)}")
        missing = visitor.get(f"/inbox?before={ids.to_text('ntc', uuid4())}")
        assert (foreign.status, foreign.location, foreign.body) == (
            missing.status,
            missing.location,
            missing.body,
        )
        assert "frozen" not in visitor.get("/inbox").words


class TestSettings:
    def test_everything_is_on_to_begin_with(self, visitor: Visitor, me: SignedIn) -> None:
        visitor.get("/inbox/settings")
        assert visitor.last
        fields = visitor.last.form("/inbox/settings").fields
        assert fields["large_spend"] == "1,000"
        assert sum(name.startswith("message-") for name in fields) == 12
        # Four stand in the inbox always, and have no switch.
        assert sum(name.startswith("inbox-") for name in fields) == 8

    def test_what_is_not_ticked_is_told_no_more(
        self, visitor: Visitor, me: SignedIn, database: Database, books: Books
    ) -> None:
        page = visitor.get("/inbox/settings").form("/inbox/settings")
        for name in ("inbox-gifts", "message-gifts", "message-freezing"):
            del page.fields[name]
        answer = visitor.send(
            "POST", "/inbox/settings", page.fields | {"large_spend": "２，０００"}
        )
        assert (answer.status, answer.location) == (303, "/inbox/settings")
        shown = visitor.get("/inbox/settings")
        assert "Saved." in shown.words
        fields = shown.form("/inbox/settings").fields
        assert fields["large_spend"] == "2,000"
        assert "inbox-gifts" not in fields
        tell(database, me, "gift-accepted", points=1, gift=uuid4())
        tell(database, me, "frozen")
        told = books.rows("SELECT kind, inbox, state FROM members.notice")
        assert [tuple(row) for row in told] == [("frozen", True, "none")]

    def test_security_cannot_be_hidden_from_the_inbox(
        self, visitor: Visitor, me: SignedIn, database: Database, books: Books
    ) -> None:
        token = visitor.get("/inbox/settings").form("/inbox/settings").fields["csrf_token"]
        sent = {"csrf_token": token, "large_spend": "5"}
        assert visitor.send("POST", "/inbox/settings", sent).status == 303
        tell(database, me, "new-device", device="Chrome, Windows")
        assert "New device signed in" in visitor.get("/inbox").words

    @pytest.mark.parametrize("typed", ["", "0", "-5", "many", "1.5", "1000000001"])
    def test_a_wrong_amount_is_said_and_nothing_typed_is_lost(
        self, visitor: Visitor, me: SignedIn, books: Books, typed: str
    ) -> None:
        page = visitor.get("/inbox/settings").form("/inbox/settings")
        del page.fields["message-gifts"]
        answer = visitor.send("POST", "/inbox/settings", page.fields | {"large_spend": typed})
        assert answer.status == 422
        assert answer.words.count("Enter a whole number from 1 to 1,000,000,000.") == 2
        fields = answer.form("/inbox/settings").fields
        assert fields["large_spend"] == typed
        assert "message-gifts" not in fields
        assert books.rows("SELECT FROM members.notice_choice") == []

    def test_needs_the_forms_token(self, visitor: Visitor, me: SignedIn, books: Books) -> None:
        assert visitor.send("POST", "/inbox/settings", {"large_spend": "5"}).status == 403
        assert books.rows("SELECT FROM members.notice_choice") == []


class TestOutbox:
    def test_shows_what_would_have_been_sent_newest_first(
        self, site: Site, visitor: Visitor
    ) -> None:
        site.outbox.send("+8613800138000", "First", "one <b>")
        site.outbox.send("+8613800138000", "Second", "two")
        answer = visitor.get("/outbox")
        assert answer.status == 200
        order(answer.words, "Second", "two", "First", "one <b>")
        assert answer.headers["Cache-Control"] == "no-store"

    def test_is_not_there_in_production(
        self, address: Address, database: Database, books: Books, tmp_path: Path, site: Site
    ) -> None:
        key = tmp_path / "hub-key.pem"
        key.write_bytes((site.home / "hub-key.pem").read_bytes())
        settings = config.load(
            environment(address, free_port(), key)
            | {
                "HUB_ENV": "production",
                "HUB_ORIGIN": "https://hub.example",
                "HUB_SENDER": "smtp",
                "HUB_SMTP_URL": "smtps://mail.example/?from=a@b.example&to={number}@c.example",
                "HUB_CHEAP_PASSWORDS": "",
            }
        )
        app = create_app(settings)
        try:
            answer = app.test_client().get("/outbox", headers={"Accept": "text/html"})
            missing = app.test_client().get("/nowhere", headers={"Accept": "text/html"})
        finally:
            app.extensions["database"].close()
        assert answer.status_code == 404
        token = re.compile(rb'name="csrf_token" value="[^"]+"|value="/[a-z]+"')
        assert token.sub(b"", answer.data) == token.sub(b"", missing.data)


class TestTrustLevels:
    def test_anybody_may_read_the_rule(self, visitor: Visitor, books: Books) -> None:
        answer = visitor.get("/trust-levels")
        assert answer.status == 200
        order(answer.words, "New member", "500", "3 stars", "3,000", "5 stars", "50,000")
        assert "You have" not in answer.words

    def test_members_see_where_they_stand_and_what_is_missing(
        self, visitor: Visitor, me: SignedIn
    ) -> None:
        words = visitor.get("/trust-levels").words
        assert "You have: New member" in words
        assert "Still missing for 1 star: 7 more days" in words
