"""Settings over HTTP: the name, the devices, alerts of new ones."""

import psycopg
import pytest

from kit import ids
from kit.database import Database
from members.people import persons
from tests.members.visitor import SECRETS, Site, Visitor, next_number, sign_in_as

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"


def by_code(site: Site, visitor: Visitor, number: str) -> None:
    visitor.submit("/sign-in", on="/sign-in", phone=number)
    assert visitor.post("/sign-in/code", code=site.code(number)).status == 303


class TestName:
    def test_is_given_and_taken_back(
        self, visitor: Visitor, database: Database, owner: psycopg.Connection
    ) -> None:
        who = sign_in_as(visitor, database)
        page = visitor.submit("/settings/name", name="Li Mei 李梅")
        assert "Li Mei 李梅" in page.words
        with database.transaction() as session:
            assert persons.face(session, SECRETS, who.person) == "Li Mei 李梅"
        assert "Li Mei" not in str(owner.execute("SELECT p::text FROM members.person p").fetchall())
        visitor.submit("/settings/name", name="")
        with database.transaction() as session:
            face = persons.face(session, SECRETS, who.person)
        assert face == f"138****{who.number[-4:]}"

    @pytest.mark.parametrize("name", ["x" * 61, "a\nb", "a\u202eb"])
    def test_is_refused_when_it_is_none(
        self, visitor: Visitor, database: Database, name: str
    ) -> None:
        sign_in_as(visitor, database)
        answer = visitor.post("/settings/name", name=name)
        assert answer.status == 422
        assert "Enter a name of up to 60 letters." in answer.words

    def test_is_no_markup(self, visitor: Visitor, database: Database) -> None:
        sign_in_as(visitor, database)
        assert "<b>x" not in visitor.submit("/settings/name", name="<b>x").text


class TestDevices:
    def test_are_listed_with_this_one_first(
        self, site: Site, visitor: Visitor, database: Database
    ) -> None:
        who = sign_in_as(visitor, database)
        other = site.visitor(agent=CHROME)
        by_code(site, other, who.number)
        words = visitor.go("/settings/devices").words
        assert words.index("This device") < words.index("Chrome, Windows")
        assert "2 signed in" in visitor.go("/settings").words

    def test_are_ended_one_by_one(self, site: Site, visitor: Visitor, database: Database) -> None:
        who, other = sign_in_as(visitor, database), site.visitor()
        gone = sign_in_as(other, database, number=who.number)
        path = f"/settings/devices/{ids.to_text('ses', gone.session)}"
        visitor.get(path)
        page = visitor.submit(f"{path}/end")
        assert "That device is signed out." in page.words
        assert other.get("/settings").status == 303
        assert visitor.get("/settings").status == 200

    def test_are_ended_all_but_this(self, site: Site, visitor: Visitor, database: Database) -> None:
        who = sign_in_as(visitor, database)
        others = [site.visitor() for _ in range(2)]
        for other in others:
            sign_in_as(other, database, number=who.number)
        page = visitor.submit("/settings/devices/end-others", on="/settings/devices")
        assert "2 other devices are signed out." in page.words
        assert [other.get("/settings").status for other in others] == [303, 303]
        assert visitor.get("/settings").status == 200

    def test_of_somebody_else_are_nowhere(
        self, site: Site, visitor: Visitor, database: Database
    ) -> None:
        sign_in_as(visitor, database)
        other = site.visitor()
        theirs = sign_in_as(other, database)
        path = f"/settings/devices/{ids.to_text('ses', theirs.session)}"
        token = visitor.token("/settings")
        missing = visitor.get("/settings/devices/ses_00000000000000000000000000")
        for answer in (
            visitor.get(path),
            visitor.get("/settings/devices/nothing"),
            visitor.send("POST", f"{path}/end", {"csrf_token": token}),
        ):
            assert (answer.status, answer.words) == (404, missing.words)
        assert other.get("/settings").status == 200


class TestAlert:
    def test_comes_with_another_device(self, site: Site, visitor: Visitor) -> None:
        number = next_number()
        by_code(site, visitor, number)
        thief = site.visitor(agent=CHROME)
        by_code(site, thief, number)
        page = visitor.go("/inbox")
        assert "New device signed in: Chrome, Windows." in page.words
        path = next(
            piece.split('"')[0]
            for piece in page.text.split('href="')
            if piece.startswith("/settings/devices/ses_")
        )
        assert "Sign this device out?" in visitor.get(path).words
        visitor.submit(f"{path}/end")
        assert thief.get("/settings").status == 303

    def test_does_not_come_with_the_first_nor_with_a_known_one(
        self, site: Site, visitor: Visitor, owner: psycopg.Connection
    ) -> None:
        number = next_number()
        by_code(site, visitor, number)
        visitor.submit("/sign-out", on="/settings")
        by_code(site, visitor, number)
        assert owner.execute("SELECT * FROM members.notice").fetchall() == []


class TestLanguage:
    def test_follows_the_person_to_other_devices(
        self, site: Site, visitor: Visitor, database: Database
    ) -> None:
        who = sign_in_as(visitor, database)
        visitor.submit("/language", on="/settings", language="zh")
        visitor.submit("/theme", on="/settings", theme="dark")
        other = site.visitor()
        sign_in_as(other, database, number=who.number)
        page = other.get("/settings")
        assert "注销并删除我的资料" in page.words
        assert 'data-theme="dark"' in page.text

    @pytest.mark.parametrize("value", ["", "fr", "zh'--"])
    def test_is_one_of_two(self, visitor: Visitor, database: Database, value: str) -> None:
        sign_in_as(visitor, database)
        assert visitor.post("/language", on="/settings", language=value).status == 303
        assert "Settings" in visitor.go("/settings").words
