"""Signing in by a code, over HTTP: what is refused, how often, and what an answer gives away."""

import random
import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import quote

import psycopg
import pytest

from kit.database import Database
from members.people import erasing, forgetting, persons
from tests.members.visitor import SECRETS, Answer, Site, Visitor, next_number, sign_in_as

WRONG = "That code is wrong or has expired. Check it, or get a new one."
SENT = "If this number can sign in, a code is on its way. It works for 10 minutes."


@pytest.fixture
def number() -> str:
    return next_number()


def ask(visitor: Visitor, number: str) -> Answer:
    """Ask for a code; the page on which it is typed."""
    return visitor.submit("/sign-in", on="/sign-in", phone=number)


def sign_in(site: Site, visitor: Visitor, number: str) -> Answer:
    ask(visitor, number)
    return visitor.post("/sign-in/code", code=site.code(number))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def sessions(owner: psycopg.Connection) -> int:
    row = owner.execute("SELECT count(*) FROM members.session").fetchone()
    assert row is not None
    return int(row[0])


class TestNumber:
    def test_asks_for_a_number(self, visitor: Visitor) -> None:
        page = visitor.get("/sign-in")
        assert page.status == 200
        assert "Mobile number" in page.words
        assert "No account? The same steps open one." in page.words

    @pytest.mark.parametrize(
        "typed",
        ["138 0013 8000", "+86 138-0013-8000", "１３８００１３８０００", "0086 13800138000"],
    )
    def test_takes_it_as_people_type_it(self, site: Site, visitor: Visitor, typed: str) -> None:
        assert SENT in ask(visitor, typed).words
        assert site.code("+8613800138000")

    @pytest.mark.parametrize(
        "typed", ["", "12", "010 6552 9988", "+86 138", "hello", "1" * 400, "138001380001380"]
    )
    def test_refuses_what_no_phone_has(self, site: Site, visitor: Visitor, typed: str) -> None:
        answer = visitor.post("/sign-in", on="/sign-in", phone=typed)
        assert answer.status == 422
        assert "Enter a mobile number, such as 138 0013 8000." in answer.words
        assert answer.form("/sign-in").fields["phone"] == typed
        assert site.messages() == []

    def test_needs_a_token(self, visitor: Visitor, number: str) -> None:
        visitor.get("/sign-in")
        assert visitor.send("POST", "/sign-in", {"phone": number}).status == 403

    def test_speaks_chinese(self, site: Site, number: str) -> None:
        visitor = site.visitor(language="zh-CN")
        page = ask(visitor, number)
        assert "如果这个号码可以登录，验证码已发出，10分钟内有效。" in page.words
        assert "您的通宝验证码是" in site.messages(number)[0].text


class TestCode:
    def test_opens_an_empty_wallet_to_whoever_is_new(
        self, site: Site, visitor: Visitor, number: str, owner: psycopg.Connection
    ) -> None:
        answer = sign_in(site, visitor, number)
        assert (answer.status, answer.location) == (303, "/wallet")
        row = owner.execute(
            "SELECT w.available, w.unapproved_limit IS NOT NULL FROM members.person p"
            " JOIN members.member m ON m.id = p.member_id"
            " JOIN exchange.wallet w ON w.id = m.wallet_id WHERE p.phone_index = %s",
            (SECRETS.digest("phone", number),),
        ).fetchone()
        assert row == (0, True)

    def test_finds_whoever_was_here(
        self, site: Site, visitor: Visitor, number: str, database: Database
    ) -> None:
        known = sign_in_as(site.visitor(), database, number=number)
        sign_in(site, visitor, number)
        assert visitor.get("/settings").status == 200
        with database.transaction() as session:
            assert persons.find(session, SECRETS, number) == known.person

    def test_may_be_pasted_with_spaces(self, site: Site, visitor: Visitor, number: str) -> None:
        ask(visitor, number)
        code = site.code(number)
        assert visitor.post("/sign-in/code", code=f" {code[:3]} {code[3:]} ").status == 303

    def test_is_refused_when_wrong(self, site: Site, visitor: Visitor, number: str) -> None:
        ask(visitor, number)
        answer = visitor.post("/sign-in/code", code=wrong(site.code(number)))
        assert answer.status == 422
        assert WRONG in answer.words
        assert visitor.get("/settings").status == 303

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "４８２９１７" * 30, "\0"])
    def test_is_refused_when_it_is_none(self, visitor: Visitor, number: str, typed: str) -> None:
        ask(visitor, number)
        assert visitor.post("/sign-in/code", code=typed).status == 422

    def test_lives_ten_minutes(self, site: Site, visitor: Visitor, number: str) -> None:
        site.clock.at = datetime.fromisoformat("2026-11-22T17:05:00+00:00")
        ask(visitor, number)
        site.clock.advance(minutes=10)
        assert visitor.post("/sign-in/code", code=site.code(number)).status == 422
        site.clock.advance(seconds=-1)
        assert visitor.post("/sign-in/code", code=site.code(number)).status == 303

    def test_is_dead_after_five_tries(self, site: Site, visitor: Visitor, number: str) -> None:
        ask(visitor, number)
        code = site.code(number)
        said = [visitor.post("/sign-in/code", code=wrong(code)).words for _ in range(5)]
        assert [re.findall(r"\d tr(?:y|ies) left", words) for words in said] == [
            [], ["3 tries left"], ["2 tries left"], ["1 try left"], [],
        ]  # fmt: skip
        assert visitor.post("/sign-in/code", code=code).status == 422

    def test_is_used_once(self, site: Site, visitor: Visitor, number: str) -> None:
        ask(visitor, number)
        other = site.visitor()
        other.cookies = dict(visitor.cookies)
        other.get("/sign-in/code")
        code = site.code(number)
        assert visitor.post("/sign-in/code", code=code).status == 303
        assert other.post("/sign-in/code", code=code).status == 422
        assert "wallet" not in other.cookies

    def test_used_twice_at_once_opens_one_session(
        self, site: Site, number: str, owner: psycopg.Connection
    ) -> None:
        for _ in range(10):
            visitor = site.visitor()
            owner.execute("DELETE FROM members.bucket")
            ask(visitor, number)
            token = visitor.get("/sign-in/code").form("/sign-in/code").fields["csrf_token"]
            code, before = site.code(number), sessions(owner)

            def use(
                _: int, visitor: Visitor = visitor, token: str = token, code: str = code
            ) -> int:
                twin = site.visitor()
                twin.cookies = dict(visitor.cookies)
                fields = {"csrf_token": token, "code": code}
                return twin.send("POST", "/sign-in/code", fields).status

            with ThreadPoolExecutor(4) as pool:
                statuses = sorted(pool.map(use, range(4)))
            assert statuses == [303, 422, 422, 422]
            assert sessions(owner) == before + 1

    def test_two_who_come_first_at_once_are_one_person(
        self, site: Site, number: str, owner: psycopg.Connection
    ) -> None:
        visitors = [site.visitor(), site.visitor()]
        asked = []
        for visitor in visitors:
            ask(visitor, number)
            token = visitor.get("/sign-in/code").form("/sign-in/code").fields["csrf_token"]
            asked.append((visitor, {"csrf_token": token, "code": site.code(number)}))
        with ThreadPoolExecutor(2) as pool:
            statuses = list(
                pool.map(lambda one: one[0].send("POST", "/sign-in/code", one[1]).status, asked)
            )
        assert statuses == [303, 303]
        row = owner.execute("SELECT count(*) FROM members.person").fetchone()
        assert row == (1,)

    def test_of_another_browser_is_of_no_use(
        self, site: Site, visitor: Visitor, number: str
    ) -> None:
        """Else whoever saw a code on a screen could use it before its owner."""
        thief = site.visitor()
        ask(visitor, number)
        code = site.code(number)
        ask(thief, next_number())
        assert thief.post("/sign-in/code", code=code).status == 422

    def test_without_an_attempt_leads_to_the_beginning(self, visitor: Visitor) -> None:
        assert visitor.get("/sign-in/code").location == "/sign-in"
        token = visitor.token()
        answer = visitor.send("POST", "/sign-in/code", {"csrf_token": token, "code": "123456"})
        assert answer.location == "/sign-in"

    def test_is_nowhere_in_the_database(
        self, site: Site, visitor: Visitor, number: str, owner: psycopg.Connection
    ) -> None:
        ask(visitor, number)
        rows = owner.execute("SELECT c::text FROM members.sign_in_code c").fetchall()
        assert rows
        assert site.code(number) not in str(rows).replace(" ", "")


class TestAnotherCode:
    def test_keeps_the_page_and_replaces_the_code(
        self, site: Site, visitor: Visitor, number: str
    ) -> None:
        ask(visitor, number)
        first = site.code(number)
        site.clock.advance(seconds=61)
        assert SENT in visitor.submit("/sign-in/code/new").words
        second = site.code(number)
        if first != second:
            assert visitor.post("/sign-in/code", code=first).status == 422
        assert visitor.post("/sign-in/code", code=second).status == 303

    def test_comes_after_a_minute(self, site: Site, visitor: Visitor, number: str) -> None:
        site.clock.at = datetime.fromisoformat("2026-11-22T17:05:00+00:00")
        page = ask(visitor, number)
        assert "Get a new code (from 17:06)" in page.words
        answer = visitor.post("/sign-in/code/new")
        assert answer.status == 429
        assert "Too many tries. Try again after 17:06." in answer.words
        assert len(site.messages(number)) == 1


class TestLimits:
    def test_of_codes_to_a_number(self, site: Site, number: str) -> None:
        site.clock.at = datetime.fromisoformat("2026-11-22T17:05:00+00:00")
        for _ in range(5):
            assert ask(site.visitor(), number).status == 200
        visitor = site.visitor()
        answer = visitor.post("/sign-in", on="/sign-in", phone=number)
        assert answer.status == 429
        assert "Too many tries. Try again after 17:17." in answer.words
        assert len(site.messages(number)) == 5
        assert ask(visitor, next_number()).status == 200
        site.clock.advance(minutes=12)
        assert ask(visitor, number).status == 200

    def test_of_codes_from_an_address(self, site: Site) -> None:
        site.clock.at = datetime.fromisoformat("2026-11-22T17:05:00+00:00")
        visitor = site.visitor()
        for _ in range(30):
            assert visitor.post("/sign-in", on="/sign-in", phone=next_number()).status == 303
        answer = visitor.post("/sign-in", on="/sign-in", phone=next_number())
        assert answer.status == 429
        assert "Too many tries. Try again after 17:06." in answer.words

    def test_of_guesses_at_a_number(self, site: Site, number: str) -> None:
        """Ten, over all browsers: then not even the right code is looked at."""
        site.clock.at = datetime.fromisoformat("2026-11-22T17:05:00+00:00")
        for _ in range(2):
            visitor = site.visitor()
            ask(visitor, number)
            for _ in range(5):
                assert visitor.post("/sign-in/code", code=wrong(site.code(number))).status == 422
        ask(visitor, number)
        answer = visitor.post("/sign-in/code", code=site.code(number))
        assert answer.status == 429
        assert "Too many tries. Try again after 18:05." in answer.words
        assert "wallet" not in visitor.cookies

    def test_who_signs_in_is_forgiven(self, site: Site, number: str) -> None:
        site.clock.at = datetime.fromisoformat("2026-11-22T17:05:00+00:00")
        for _ in range(4):
            visitor = site.visitor()
            ask(visitor, number)
            for _ in range(4):
                visitor.post("/sign-in/code", code=wrong(site.code(number)))
            assert visitor.post("/sign-in/code", code=site.code(number)).status == 303

    def test_say_nothing_of_who_it_was(
        self, site: Site, number: str, owner: psycopg.Connection
    ) -> None:
        ask(site.visitor(), number)
        rows = owner.execute("SELECT b::text FROM members.bucket b").fetchall()
        assert len(rows) == 2
        assert number.removeprefix("+86") not in str(rows)
        assert "127.0.0.1" not in str(rows)


class TestEnumeration:
    """A known, an unknown and an erased number are answered alike (T25)."""

    @pytest.fixture
    def numbers(self, site: Site, database: Database) -> dict[str, str]:
        numbers = {kind: next_number() for kind in ("known", "unknown", "erased")}
        sign_in_as(site.visitor(), database, number=numbers["known"])
        gone = sign_in_as(site.visitor(), database, number=numbers["erased"])
        with database.transaction() as session:
            erasing.erase(session, gone.person, site.clock())
        return numbers

    def test_letter_by_letter(self, site: Site, numbers: dict[str, str]) -> None:
        site.clock.at = datetime.fromisoformat("2026-11-22T17:05:00+00:00")
        told = {}
        for kind, number in numbers.items():
            visitor = site.visitor()
            answers = [visitor.post("/sign-in", on="/sign-in", phone=number)]
            answers.append(visitor.follow(answers[0]))
            answers += [
                visitor.post("/sign-in/code", code=wrong(site.code(number))) for _ in range(6)
            ]
            for _ in range(6):
                answers.append(visitor.post("/sign-in", on="/sign-in", phone=number))
            told[kind] = [_plain(answer, number) for answer in answers]
        assert told["known"] == told["unknown"] == told["erased"]

    def test_in_the_same_time(
        self, site: Site, numbers: dict[str, str], owner: psycopg.Connection
    ) -> None:
        """Roughly: what most take at least, of many taken in turns, is nearly the same."""
        taken: dict[str, list[float]] = {kind: [] for kind in numbers}
        visitor = site.visitor()
        token = visitor.token()
        for _ in range(40):
            owner.execute("DELETE FROM members.bucket")
            for kind, number in random.sample(sorted(numbers.items()), 3):
                begun = time.perf_counter()
                answer = visitor.send(
                    "POST", "/sign-in", {"csrf_token": token, "phone": number, "next": "/wallet"}
                )
                taken[kind].append(time.perf_counter() - begun)
                assert answer.status == 303
        quartiles = sorted(statistics.quantiles(times)[0] for times in taken.values())
        assert quartiles[-1] < quartiles[0] * 1.5


def _plain(answer: Answer, number: str) -> tuple[int, str, str]:
    """An answer without what differs for any two: tokens, and the number itself."""
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    text = re.sub(r'value="[0-9]{6}"', "", text)  # the code that was typed
    text = text.replace(number, "NUMBER").replace(number.removeprefix("+86"), "NUMBER")
    headers = sorted(
        (name, value)
        for name, value in answer.headers.items()
        if name not in ("Date", "Set-Cookie", "Content-Length")
    )
    return answer.status, text, str(headers)


class TestBack:
    @pytest.mark.parametrize("path", ["/settings", "/pay/approve/apv_1?x=1", "/wallet?from=a,b"])
    def test_leads_to_what_was_wanted(
        self, site: Site, visitor: Visitor, number: str, path: str
    ) -> None:
        visitor.submit("/sign-in", on=f"/sign-in?next={quote(path)}", phone=number)
        assert visitor.post("/sign-in/code", code=site.code(number)).location == path

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "/%0d%0aSet-Cookie:x=1\r\nLocation: //evil",
            "javascript:alert(1)",
            "\\\\evil.example",
            "/\tevil.example",
            "http:evil.example",
        ],
    )
    def test_leads_nowhere_else(
        self, site: Site, visitor: Visitor, number: str, elsewhere: str
    ) -> None:
        visitor.submit("/sign-in", on="/sign-in", phone=number, next=elsewhere)
        assert visitor.post("/sign-in/code", code=site.code(number)).location == "/wallet"


class TestSession:
    def test_has_a_cookie_that_scripts_do_not_see(
        self, site: Site, visitor: Visitor, number: str
    ) -> None:
        answer = sign_in(site, visitor, number)
        cookies = answer.headers.get_all("Set-Cookie") or []
        cookie = next(one for one in cookies if one.startswith("wallet="))
        assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert len(visitor.cookies["wallet"]) == 43  # 32 random bytes

    def test_is_new_at_every_sign_in(
        self, site: Site, visitor: Visitor, number: str, owner: psycopg.Connection
    ) -> None:
        """Whoever planted a cookie into this browser has nothing (session fixation)."""
        visitor.cookies["wallet"] = planted = "planted" * 6
        sign_in(site, visitor, number)
        first = visitor.cookies["wallet"]
        assert first != planted
        thief = site.visitor()
        thief.cookies["wallet"] = planted
        assert thief.get("/settings").status == 303
        thief.cookies["wallet"] = first
        assert thief.get("/settings").status == 200

    def test_takes_the_place_of_the_one_before(
        self, site: Site, visitor: Visitor, number: str, database: Database
    ) -> None:
        attempt = site.visitor()
        ask(attempt, number)
        sign_in_as(visitor, database, number=number)
        old = visitor.cookies["wallet"]
        attempt.cookies["wallet"] = old
        attempt.last = None
        attempt.post("/sign-in/code", on="/sign-in/code", code=site.code(number))
        assert attempt.cookies["wallet"] != old
        visitor.last = None
        assert visitor.get("/settings").status == 303

    def test_ends_after_thirty_idle_days(self, site: Site, visitor: Visitor, number: str) -> None:
        sign_in(site, visitor, number)
        site.clock.advance(days=29)
        assert visitor.get("/settings").status == 200
        site.clock.advance(days=29)
        assert visitor.get("/settings").status == 200
        site.clock.advance(days=30, minutes=6)
        assert visitor.get("/settings").status == 303

    def test_ends_after_ninety_days_in_any_case(
        self, site: Site, visitor: Visitor, number: str
    ) -> None:
        sign_in(site, visitor, number)
        for _ in range(4):
            site.clock.advance(days=22)
            assert visitor.get("/settings").status == 200
        site.clock.advance(days=2)
        assert visitor.get("/settings").status == 303

    def test_ends_when_signed_out(self, site: Site, visitor: Visitor, number: str) -> None:
        sign_in(site, visitor, number)
        kept = dict(visitor.cookies)
        page = visitor.submit("/sign-out", on="/settings")
        assert "You are signed out." in page.words
        assert "wallet" not in visitor.cookies
        visitor.cookies = kept
        assert visitor.get("/settings").status == 303

    def test_is_no_business_of_forms_shown_before(
        self, site: Site, visitor: Visitor, number: str
    ) -> None:
        """Who signs in gets tokens of their own."""
        before = visitor.token()
        sign_in(site, visitor, number)
        fields = {"csrf_token": before, "name": "x"}
        assert visitor.send("POST", "/settings/name", fields).status == 403


class TestForgetting:
    def test_drops_what_is_dead(
        self, site: Site, visitor: Visitor, number: str, database: Database,
        owner: psycopg.Connection,
    ) -> None:  # fmt: skip
        ask(visitor, number)
        sign_in(site, site.visitor(), next_number())
        visitor.ask("/sign-in/passkey/options")
        with database.transaction() as session:
            forgetting.forget(session, site.clock() + timedelta(days=500))
        for table in ("sign_in_code", "session", "device", "challenge", "bucket"):
            assert owner.execute(f"SELECT * FROM members.{table}").fetchall() == [], table
