"""Giving over HTTP: what a browser sees of it, and what it cannot do."""

import re
from datetime import timedelta

import pytest

from kit.ids import from_text, to_text, uuid7
from members.giving import gifts
from tests.factories import build_partner
from tests.members.giving.people import SECRETS, People
from tests.members.visitor import Visitor, next_number, sign_in_as


@pytest.fixture
def brand(people, database):
    """The issuer of everybody's points, by the name that pages give it."""
    with database.transaction() as session:
        build_partner(session, slug="market", name="Market", party=people.issuer)


class Someone:
    """A person with a browser."""

    def __init__(self, site, database, people: People, points: int = 0, **who) -> None:
        self.visitor: Visitor = site.visitor()
        self.people, self.database = people, database
        self.me = sign_in_as(self.visitor, database, **who)
        if points:
            people.books.issue(people.issuer, self.me.wallet, points)

    @property
    def available(self) -> int:
        return self.people.books.balance(self.me.wallet)[0]

    def give(self, number: str, points: str = "100", note: str = ""):
        """Up to the check page."""
        return self.visitor.post("/give", on="/give", number=number, points=points, note=note)

    def confirm(self):
        """The form of the check page, sent; where it leads."""
        return self.visitor.post("/give/confirm")


@pytest.fixture
def someone(site, database, people, brand):
    return lambda points=0, **who: Someone(site, database, people, points, **who)


class TestGive:
    def test_check_says_all_and_confirming_gives_once(self, someone):
        giver, recipient = someone(1000, name="Aunt Mei"), someone()
        number = recipient.me.number
        checked = giver.give(number, "1 50", note="For tea")
        assert checked.status == 200
        assert f"Give 150 points to {number[3:6]}****{number[-4:]}?" in checked.words
        assert "Nothing has happened yet." in checked.words
        assert "Market" in checked.words
        assert "they come back" in checked.words
        assert giver.available == 1000
        form = checked.form("/give/confirm")
        first = giver.confirm()
        second = giver.visitor.send("POST", "/give/confirm", form.fields)
        assert first.status == second.status == 303
        assert first.location == second.location
        assert giver.available == 850

        state = giver.visitor.follow(first)
        assert "Waiting" in state.words
        assert "“For tea”" in state.words

        waiting = recipient.visitor.get("/give")
        assert "150 points from Aunt Mei" in waiting.words
        recipient.visitor.submit(f"{first.location}/accept")
        assert recipient.available == 150
        assert "Accepted" in giver.visitor.get(first.location).words
        again = recipient.visitor.send(
            "POST", f"{first.location}/accept", {"csrf_token": recipient.visitor.token("/give")}
        )
        assert again.status == 303
        assert recipient.available == 150

    def test_full_width_digits_and_commas_are_digits(self, someone):
        giver = someone(5000, name="Mei")
        assert "Give 400 points" in giver.give(next_number(), "４００").words

    def test_known_and_unknown_numbers_are_answered_alike(self, someone):
        giver, known = someone(1000), someone()
        pages = []
        for number in (known.me.number, next_number()):
            checked = giver.give(number)
            state = giver.visitor.follow(giver.confirm())
            assert (checked.status, state.status) == (200, 200)
            words = checked.words + state.words
            words = re.sub(r"\d{3}\*{4}\d{4}|gft_\w+|\d\d:\d\d", "…", words)
            pages.append(words)
        assert pages[0] == pages[1]

    def test_keeps_what_was_typed_when_it_refuses(self, someone):
        giver = someone(100)
        for typed, said in (
            ({"number": "12"}, "Enter a mobile number"),
            ({"number": giver.me.number}, "This is your own number."),
            ({"points": "0"}, "Enter a whole number, such as 800."),
            ({"points": "1.5"}, "Enter a whole number, such as 800."),
            ({"points": "501"}, "Enter a whole number from 1 to 500"),
            ({"points": "101"}, "Not enough points: this needs 101 and 100 are available."),
            ({"note": "x" * 81}, "Write at most 80 characters."),
            ({"note": "two\x1b[2Jlines"}, "Write at most 80 characters."),
        ):
            fields = {"number": next_number(), "points": "50", "note": "hello"} | typed
            answer = giver.visitor.post("/give", on="/give", **fields)
            assert answer.status == 422, typed
            assert said in answer.words
            sent = answer.form("/give").fields
            assert {name: sent[name] for name in fields} == fields
            assert "<title>Error: " in answer.text
        assert giver.available == 100

    def test_change_brings_the_form_back_as_it_was(self, someone):
        giver = someone(1000)
        number = next_number()
        giver.give(number, "120", note="For tea")
        back = giver.visitor.post("/give")  # The check page's own form to it.
        assert back.status == 200
        fields = back.form("/give").fields
        assert (fields["number"], fields["points"], fields["note"]) == (number, "120", "For tea")
        assert giver.available == 1000

    def test_refuses_at_last_what_became_wrong_since_the_check(self, someone):
        giver = someone(400)
        giver.give(next_number(), "300")
        other = giver.visitor.last
        giver.give(next_number(), "300")
        assert giver.confirm().status == 303
        answer = giver.visitor.send("POST", "/give/confirm", other.form("/give/confirm").fields)
        assert answer.status == 422
        assert "you can give 200 more today" in answer.words
        assert giver.available == 100

    def test_a_check_page_is_good_for_an_hour_and_for_its_person(self, site, someone):
        giver, thief = someone(400), someone(400)
        form = giver.give(next_number()).form("/give/confirm")
        stolen = {**form.fields, "csrf_token": thief.visitor.token("/give")}
        assert thief.visitor.send("POST", "/give/confirm", stolen).location == "/give"
        site.clock.advance(hours=1, seconds=1)
        again = {**form.fields, "csrf_token": giver.visitor.token("/give")}
        assert giver.visitor.send("POST", "/give/confirm", again).location == "/give"
        nonsense = {**again, "draft": "nonsense"}
        assert giver.visitor.send("POST", "/give/confirm", nonsense).location == "/give"
        assert giver.available == thief.available == 400

    def test_a_frozen_wallet_gives_nothing(self, someone, books):
        giver = someone(400)
        form = giver.give(next_number()).form("/give/confirm")
        books.freeze(giver.me.wallet)
        answer = giver.visitor.send("POST", "/give/confirm", form.fields)
        assert answer.status == 422
        assert 'action="/give"' not in giver.visitor.get("/give").text
        assert giver.available == 400

    def test_needs_the_forms_token_and_somebody_signed_in(self, site, someone):
        giver = someone(400)
        fields = {**giver.give(next_number()).form("/give/confirm").fields, "csrf_token": "no"}
        assert giver.visitor.send("POST", "/give/confirm", fields).status == 403
        stranger = site.visitor()
        for path in ("/give", "/family"):
            answer = stranger.get(path)
            assert answer.status == 303
            assert answer.location.startswith("/sign-in")
        assert giver.available == 400


class TestAnswering:
    def test_takes_back_declines_and_shows_what_came_back(self, someone):
        giver, recipient = someone(1000), someone()
        places = []
        for _ in range(2):
            giver.give(recipient.me.number)
            places.append(giver.confirm().location)
        taken = giver.visitor.submit(f"{places[0]}/take-back", on=places[0])
        assert "100 points are back in your wallet." in taken.words
        recipient.visitor.submit(f"{places[1]}/decline", on="/give")
        assert "Came back" in giver.visitor.get(places[1]).words
        assert giver.available == 1000

    def test_too_late_is_said_and_moves_nothing(self, site, someone, database):
        giver, recipient = someone(1000), someone()
        giver.give(recipient.me.number)
        place = giver.confirm().location
        form = recipient.visitor.get("/give").form(f"{place}/accept")
        gifts.bring_back(database, site.clock() + gifts.WAITS + timedelta(seconds=1))
        assert recipient.visitor.send("POST", f"{place}/accept", form.fields).status == 404
        assert "It was not accepted" in giver.visitor.get(place).words
        assert (giver.available, recipient.available) == (1000, 0)

    def test_an_unknown_number_that_signs_up_finds_its_gift(self, someone):
        giver, number = someone(1000), next_number()
        giver.give(number)
        place = giver.confirm().location
        late = someone(number=number)
        assert late.visitor.submit(f"{place}/accept", on="/give").status == 200
        assert late.available == 100

    def test_foreign_and_missing_gifts_answer_alike(self, someone):
        giver, recipient, stranger = someone(1000), someone(), someone()
        giver.give(recipient.me.number)
        place = giver.confirm().location
        missing = f"/give/{to_text('gft', uuid7())}"
        token = {"csrf_token": stranger.visitor.token("/give")}
        answers = [stranger.visitor.get(path) for path in (place, missing, "/give/gft_1")]
        for act in ("accept", "decline", "take-back"):
            answers += [
                stranger.visitor.send("POST", f"{path}/{act}", token) for path in (place, missing)
            ]
        assert {answer.status for answer in answers} == {404}
        assert len({answer.words for answer in answers}) == 1
        assert recipient.visitor.get(place).status == 200

    def test_says_nothing_of_the_recipient_but_what_was_typed(self, someone):
        giver, recipient = someone(1000), someone(name="Uncle Bo")
        giver.give(recipient.me.number)
        place = giver.confirm().location
        recipient.visitor.submit(f"{place}/accept", on="/give")
        for page in (giver.visitor.get("/give"), giver.visitor.get(place)):
            assert "Uncle Bo" not in page.text
            assert recipient.me.number not in page.text
            assert recipient.me.number[3:] not in page.text


class TestFamily:
    def purse(self, opener, name: str = "Home") -> str:
        answer = opener.visitor.post("/family", name=name)
        assert answer.status == 303
        return answer.location

    def invite(self, opener, place: str, number: str, limit: str = "200"):
        return opener.visitor.submit(f"{place}/invite", on=place, number=number, limit=limit)

    def join(self, guest) -> None:
        [form] = [
            form for form in guest.visitor.get("/family").forms if form.action.endswith("/join")
        ]
        assert guest.visitor.submit(form.action).status == 200

    def put_in(self, person, place: str, points: str):
        purse = place.removeprefix("/family/")
        person.visitor.post("/give", on=f"/give?purse={purse}", purse=purse, points=points)
        return person.visitor.submit("/give/confirm")

    def test_from_opening_to_closing(self, someone):
        opener, child = someone(1000, name="Mother"), someone(300, name="Child")
        place = self.purse(opener)
        assert "Invited" in self.invite(opener, place, child.me.number).words
        assert "Mother invites you to the family purse “Home”" in child.visitor.get("/give").words
        self.join(child)
        assert "500 points" in self.put_in(opener, place, "500").words
        assert "550 points" in self.put_in(child, place, "50").words

        seen = child.visitor.get(place).words
        assert "You may pay 200 points more today, of 200 a day." in seen
        assert "Mother" in seen
        assert "Invite somebody" not in seen
        member = f"{place}/members/{to_text('per', child.me.person)}"
        assert "50 points a day" in opener.visitor.submit(member, on=member, limit="50").words
        assert "of 50 a day" in child.visitor.get(place).words

        asked = opener.visitor.get(f"{place}/close")
        assert "550 points" in asked.words
        assert "also what others put in" in asked.words
        opener.visitor.submit(f"{place}/close")
        assert opener.available == 1050
        assert child.visitor.get(place).status == 404

    def test_leaving_and_removing(self, someone):
        opener, one, two = someone(), someone(), someone()
        place = self.purse(opener)
        for guest in (one, two):
            self.invite(opener, place, guest.me.number)
            self.join(guest)
        one.visitor.submit(f"{place}/leave", on=f"{place}/leave")
        member = f"{place}/members/{to_text('per', two.me.person)}"
        opener.visitor.submit(f"{member}/remove", on=member)
        for guest in (one, two):
            assert guest.visitor.get(place).status == 404

    def test_inviting_is_answered_alike_for_every_number(self, someone):
        opener, known = someone(), someone()
        place = self.purse(opener)
        words = [
            re.sub(r"\d{3}\*{4}\d{4}|\d\d:\d\d", "…", self.invite(opener, place, number).words)
            for number in (known.me.number, next_number())
        ]
        assert words[0].count("Invited until") == 1
        assert words[1].count("Invited until") == 2
        assert words[0].split("Who is in it")[0] == words[1].split("Who is in it")[0]

    def test_refuses_beside_the_field_with_what_was_typed(self, someone):
        opener = someone()
        place = self.purse(opener)
        for typed, said in (
            ({"number": "12"}, "Enter a mobile number"),
            ({"number": opener.me.number}, "This is your own number."),
            ({"limit": "many"}, "Enter a whole number of points a day"),
        ):
            fields = {"number": next_number(), "limit": "100"} | typed
            answer = opener.visitor.post(f"{place}/invite", on=place, **fields)
            assert answer.status == 422
            assert said in answer.words
            sent = answer.form(f"{place}/invite").fields
            assert {name: sent[name] for name in fields} == fields
        answer = opener.visitor.post("/family", on="/family", name="")
        assert (answer.status, "Enter a name" in answer.words) == (422, True)

    def test_foreign_and_missing_purses_answer_alike(self, someone):
        opener, guest, stranger = someone(1000), someone(), someone(1000)
        place = self.purse(opener)
        self.invite(opener, place, guest.me.number)
        [join] = [
            form.action
            for form in guest.visitor.get("/family").forms
            if form.action.endswith("/join")
        ]
        token = {"csrf_token": stranger.visitor.token("/give")}
        missing = f"/family/{to_text('prs', uuid7())}"
        member = to_text("per", opener.me.person)
        fields = {**token, "number": next_number(), "limit": "1"}
        answers = []
        for purse in (place, missing, "/family/prs_1"):
            answers += [
                stranger.visitor.get(f"{purse}{path}")
                for path in ("", "/leave", "/close", f"/members/{member}", "/other")
            ]
            answers += [
                stranger.visitor.send("POST", f"{purse}{path}", fields)
                for path in (
                    "/invite",
                    "/leave",
                    "/close",
                    f"/members/{member}",
                    f"/members/{member}/remove",
                    f"/invitations/{to_text('inv', uuid7())}/withdraw",
                )
            ]
            give = {**fields, "purse": purse.removeprefix("/family/"), "points": "10"}
            if from_text("prs", give["purse"]):
                answers.append(stranger.visitor.send("POST", "/give", give))
        for act in (join, join.replace("/join", "/decline")):
            answers.append(stranger.visitor.send("POST", act, token))
        assert {answer.status for answer in answers} == {404}
        assert stranger.available == 1000

    def test_a_member_may_not_do_what_the_opener_does(self, someone):
        opener, child, other = someone(), someone(), someone()
        place = self.purse(opener)
        for guest in (child, other):
            self.invite(opener, place, guest.me.number)
            self.join(guest)
        token = child.visitor.token("/give")
        fields = {"csrf_token": token, "number": next_number(), "limit": "1"}
        member = f"{place}/members/{to_text('per', other.me.person)}"
        assert child.visitor.get(member).status == 404
        for path in (f"{place}/invite", member, f"{member}/remove", f"{place}/close"):
            assert child.visitor.send("POST", path, fields).status == 403
        assert child.visitor.get(place).status == other.visitor.get(place).status == 200


def test_nothing_of_names_numbers_and_notes_is_in_the_database(someone, owner):
    """What is planted here must not be found in any column of any table of theirs."""
    giver, recipient = someone(1000, name="Zhuge Plantedname"), someone()
    giver.give(recipient.me.number, note="a planted note")
    giver.confirm()
    answer = giver.visitor.post("/family", name="Planted purse")
    place = answer.location
    giver.visitor.submit(f"{place}/invite", on=place, number=recipient.me.number, limit="5")
    dump = "".join(
        str(owner.execute(f"SELECT string_agg(t::text, '') FROM members.{table} t").fetchone())
        for table in ("gift", "purse", "purse_member", "purse_invitation", "purse_move", "notice")
    )
    assert len(dump) > 500
    for planted in ("lanted", recipient.me.number[3:], giver.me.number[3:], "****"):
        assert planted not in dump
    assert SECRETS.key not in dump.encode()
