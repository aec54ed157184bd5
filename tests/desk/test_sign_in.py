"""Signing in at the desk: passwords and codes, passkeys, and what thieves try."""

from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest

from kit.database import Database
from staff.people import passwords, store
from staff.people.errors import HashingBusy
from staff.people.passwords import Passwords
from tests.desk.colleagues import (
    PASSWORD,
    acts,
    add_passkey,
    audit,
    by_passkey,
    colleague,
    come_in,
    type_password,
)
from tests.desk.conftest import SignIn
from tests.members.visitor import Site, sign_in_as

WRONG = "The name or the password is wrong."


class TestPassword:
    def test_signs_in_with_a_code_of_the_app(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        answer = come_in(visitor, fay)
        assert (answer.status, answer.location) == (303, "/desk")
        assert "fay" in visitor.go("/desk").words
        who, what, object_, place, after = audit(database)[0]
        assert (who, what, after) == ("fay", "signed-in", {"second": "code"})
        assert object_.startswith("ses_")
        assert place == "127.0.0.1, password"

    def test_leads_on_to_what_was_asked_for(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        asked = visitor.get("/desk/people?state=active")
        assert asked.location == "/desk/sign-in?next=/desk/people%3Fstate%3Dactive"
        visitor.go(asked.location)
        visitor.post("/desk/sign-in", name="fay", password=PASSWORD)
        answer = visitor.post("/desk/sign-in/code", on="/desk/sign-in/code", code=fay.code())
        assert answer.location == "/desk/people?state=active"

    @pytest.mark.parametrize(
        "next_", ["//evil.example", "/\\evil.example", "/wallet", "https://evil.example/desk"]
    )
    def test_leads_nowhere_else(self, site: Site, database: Database, next_: str) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        visitor.go("/desk/sign-in")
        visitor.post("/desk/sign-in", name="fay", password=PASSWORD, next=next_)
        answer = visitor.post("/desk/sign-in/code", on="/desk/sign-in/code", code=fay.code())
        assert answer.location == "/desk"

    @pytest.mark.parametrize(
        ("name", "password"), [("fay", "not the password"), ("nobody", PASSWORD)]
    )
    def test_answers_alike_whatever_is_wrong(
        self, site: Site, database: Database, name: str, password: str
    ) -> None:
        colleague(database, "fay", "finance")
        answer = type_password(site.visitor(), name, password)
        assert answer.status == 422
        assert WRONG in answer.words
        assert f'value="{name}"' in answer.text
        assert password not in answer.text

    def test_keeps_what_was_typed_for_a_name_to_itself(
        self, site: Site, database: Database
    ) -> None:
        colleague(database, "fay", "finance")
        type_password(site.visitor(), PASSWORD, "fay")
        type_password(site.visitor(), "fay", "wrong")
        assert acts(database) == [("fay", "sign-in-refused"), ("unknown", "sign-in-refused")]
        assert PASSWORD not in str(audit(database))

    def test_unknown_names_are_hashed_for_as_well(self) -> None:
        """As long as for a known one: the same hash is computed, whoever it is."""
        hashing = Passwords()
        kept = hashing.hash(PASSWORD)
        took = {}
        for hash_ in (None, kept):
            began = perf_counter()
            assert hashing.check(hash_, "not the password") is False
            took[hash_] = perf_counter() - began
        assert 0.2 < took[None] / took[kept] < 5
        assert hashing.check(kept, PASSWORD) is True

    def test_of_somebody_who_is_out_is_as_wrong_as_any(
        self, site: Site, database: Database
    ) -> None:
        fay = colleague(database, "fay", "finance")
        with database.transaction() as session:
            store.deactivate(session, fay.id)
        assert WRONG in type_password(site.visitor(), "fay").words

    def test_ends_after_ten_tries_and_says_until_when(self, site: Site, database: Database) -> None:
        site.clock.at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
        colleague(database, "fay", "finance")
        visitor = site.visitor()
        for _ in range(10):
            assert type_password(visitor, "fay", "wrong").status == 422
        answer = type_password(visitor, "fay")
        assert answer.status == 429
        assert "Too many tries. Try again after 09:06." in answer.words
        site.clock.advance(minutes=6)
        assert type_password(visitor, "fay").status == 303

    def test_unknown_names_end_alike(self, site: Site, database: Database) -> None:
        visitor = site.visitor()
        for _ in range(10):
            assert type_password(visitor, "nobody", "wrong").status == 422
        assert type_password(visitor, "nobody", "wrong").status == 429

    def test_many_names_from_one_network_end_too(self, site: Site, database: Database) -> None:
        visitor = site.visitor()
        statuses = [type_password(visitor, f"name{n}", "wrong").status for n in range(41)]
        assert statuses == [422] * 40 + [429]

    def test_is_hashed_anew_when_parameters_change(self, site: Site, database: Database) -> None:
        fay = colleague(database, "fay", "finance")
        with database.transaction() as session:
            store.set_password(session, fay.id, Passwords().hash(PASSWORD), datetime.now(UTC))
        assert type_password(site.visitor(), "fay").status == 303
        with database.transaction() as session:
            kept = store.password_of(session, fay.id)
        assert kept is not None
        assert "m=64,t=1,p=1" in kept["hash"]
        assert type_password(site.visitor(), "fay").status == 303

    def test_only_so_many_are_hashed_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(passwords, "PATIENCE", 0.05)
        hashing = Passwords(cheap=True)
        for _ in range(passwords.AT_ONCE):
            hashing._slots.acquire()
        with pytest.raises(HashingBusy):
            hashing.check(None, PASSWORD)


class TestCode:
    def test_works_once(self, site: Site, database: Database) -> None:
        fay = colleague(database, "fay", "finance")
        assert come_in(site.visitor(), fay).status == 303
        answer = come_in(site.visitor(), fay)
        assert answer.status == 422
        assert "That code is wrong, used or too old." in answer.words
        assert acts(database)[0] == ("fay", "sign-in-refused")

    @pytest.mark.parametrize(("seconds", "status"), [(-60, 422), (-30, 303), (30, 303), (60, 422)])
    def test_may_drift_by_one_step(
        self, site: Site, database: Database, seconds: int, status: int
    ) -> None:
        now = site.clock.at = datetime(2026, 11, 22, 9, 0, 10, tzinfo=UTC)
        fay = colleague(database, "fay", "finance")
        answer = come_in(site.visitor(), fay, now=now + timedelta(seconds=seconds))
        assert answer.status == status

    def test_an_older_one_is_dead_once_a_newer_was_used(
        self, site: Site, database: Database
    ) -> None:
        now = site.clock.at = datetime(2026, 11, 22, 9, 0, 10, tzinfo=UTC)
        fay = colleague(database, "fay", "finance")
        assert come_in(site.visitor(), fay, now=now + timedelta(seconds=30)).status == 303
        assert come_in(site.visitor(), fay, now=now).status == 422

    def test_needs_the_password_first(self, site: Site, database: Database) -> None:
        assert site.visitor().get("/desk/sign-in/code").location == "/desk/sign-in"

    def test_is_too_late_after_ten_minutes(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        type_password(visitor, "fay")
        visitor.go("/desk/sign-in/code")
        site.clock.advance(minutes=11)
        later = datetime.now(UTC) + timedelta(minutes=11)
        answer = visitor.post("/desk/sign-in/code", code=fay.code(later))
        assert answer.location == "/desk/sign-in"

    def test_is_void_when_the_password_changed_meanwhile(
        self, site: Site, database: Database
    ) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        type_password(visitor, "fay")
        visitor.go("/desk/sign-in/code")
        with database.transaction() as session:
            store.set_password(session, fay.id, "another", datetime.now(UTC))
        assert visitor.post("/desk/sign-in/code", code=fay.code()).location == "/desk/sign-in"

    def test_ends_after_six_tries(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        type_password(visitor, "fay")
        for _ in range(6):
            assert (
                visitor.post("/desk/sign-in/code", on="/desk/sign-in/code", code="000000").status
                == 422
            )
        answer = visitor.post("/desk/sign-in/code", on="/desk/sign-in/code", code=fay.code())
        assert answer.status == 429
        assert "Too many tries." in answer.words

    def test_may_be_typed_with_a_gap(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        type_password(visitor, "fay")
        code = fay.code()
        answer = visitor.post(
            "/desk/sign-in/code", on="/desk/sign-in/code", code=f"{code[:3]} {code[3:]}"
        )
        assert answer.status == 303


class TestRecoveryCode:
    def test_takes_the_place_of_the_app_once(self, site: Site, database: Database) -> None:
        fay = colleague(database, "fay", "finance")
        for status in (303, 422):
            visitor = site.visitor()
            type_password(visitor, "fay")
            visitor.go("/desk/sign-in/recovery")
            answer = visitor.post("/desk/sign-in/recovery", recovery=fay.codes[0].upper())
            assert answer.status == status
            if status == 303:
                assert "9 recovery codes are left." in visitor.go("/desk").words
        assert ("fay", "recovery-code-used") in acts(database)

    def test_is_nobody_elses(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        colleague(database, "gus", "finance")
        type_password(visitor, "gus")
        visitor.go("/desk/sign-in/recovery")
        assert visitor.post("/desk/sign-in/recovery", recovery=fay.codes[0]).status == 422


class TestPasskey:
    def test_signs_in(self, site: Site, sign_in: SignIn, database: Database) -> None:
        device = add_passkey(sign_in("fay", "finance"), site)
        visitor = site.visitor()
        answer = by_passkey(visitor, device)
        assert (answer.status, answer.location) == (303, "/desk")
        assert visitor.get("/desk").status == 200
        assert acts(database) == [("fay", "signed-in"), ("fay", "passkey-added")]

    @pytest.mark.parametrize(
        "changed",
        [
            {"origin": "https://evil.example"},
            {"host": "evil.example"},
            {"challenge": "AAAA"},
            {"user": b"somebody else"},
        ],
        ids=["origin", "host", "challenge", "user"],
    )
    def test_refuses_what_was_not_asked_for(
        self, site: Site, sign_in: SignIn, database: Database, changed: dict[str, object]
    ) -> None:
        device = add_passkey(sign_in("fay", "finance"), site)
        answer = by_passkey(site.visitor(), device, **changed)
        assert answer.status == 422
        assert "That passkey was not accepted." in answer.words

    def test_refuses_one_that_did_not_look_at_who_it_is(
        self, site: Site, sign_in: SignIn, database: Database
    ) -> None:
        device = add_passkey(sign_in("fay", "finance"), site)
        device.verifies = False
        assert by_passkey(site.visitor(), device).status == 422

    def test_refuses_a_copy(self, site: Site, sign_in: SignIn, database: Database) -> None:
        device = add_passkey(sign_in("fay", "finance"), site)
        assert by_passkey(site.visitor(), device).status == 303
        device.count = 0
        assert by_passkey(site.visitor(), device).status == 422

    def test_refuses_a_challenge_twice(
        self, site: Site, sign_in: SignIn, database: Database
    ) -> None:
        device, visitor = add_passkey(sign_in("fay", "finance"), site), site.visitor()
        token = visitor.token("/desk/sign-in")
        asked = visitor.send(
            "POST", "/desk/sign-in/passkey/options", {}, headers={"X-CSRFToken": token}
        )
        said = device.get(asked.json())
        fields = {"csrf_token": token, "credential": said}
        assert visitor.send("POST", "/desk/sign-in/passkey", fields).status == 303
        other = site.visitor()
        fields["csrf_token"] = other.token("/desk/sign-in")
        assert other.send("POST", "/desk/sign-in/passkey", fields).status == 422

    def test_of_the_wallet_is_none_here(
        self, site: Site, sign_in: SignIn, database: Database
    ) -> None:
        device = add_passkey(sign_in("fay", "finance"), site)
        visitor = site.visitor()
        token = visitor.token("/sign-in")
        asked = visitor.send("POST", "/sign-in/passkey/options", {}, headers={"X-CSRFToken": token})
        answer = visitor.send(
            "POST",
            "/sign-in/passkey",
            {"csrf_token": token, "credential": device.get(asked.json())},
        )
        assert answer.status == 422


class TestSession:
    def test_ends_after_an_hour_without_a_visit(self, site: Site, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance")
        site.clock.advance(minutes=59)
        assert visitor.get("/desk").status == 200
        site.clock.advance(minutes=61)
        assert visitor.get("/desk").status == 303

    def test_ends_after_twelve_hours_in_any_case(self, site: Site, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance")
        for _ in range(15):
            site.clock.advance(minutes=48)
            last = visitor.get("/desk").status
        assert last == 303

    def test_is_another_after_signing_in(self, site: Site, database: Database) -> None:
        """Whoever planted a cookie, or a token of a form, has nothing of who signs in with it."""
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        visitor.cookies["desk"] = "planted-by-somebody-else"
        before = visitor.token("/desk/sign-in")
        come_in(visitor, fay)
        assert visitor.cookies["desk"] != "planted-by-somebody-else"
        answer = visitor.send("POST", "/desk/sign-out", {"csrf_token": before})
        assert answer.status == 403
        assert visitor.get("/desk").status == 200

    def test_ends_for_a_stolen_cookie_too(self, site: Site, sign_in: SignIn) -> None:
        visitor, thief = sign_in("fay", "finance"), site.visitor()
        thief.cookies = dict(visitor.cookies)
        assert thief.get("/desk").status == 200
        visitor.post("/desk/sign-out", on="/desk")
        assert thief.get("/desk").status == 303
        assert "desk" not in visitor.cookies

    def test_takes_the_place_of_the_one_before(self, site: Site, sign_in: SignIn) -> None:
        visitor, other = sign_in("fay", "finance"), site.visitor()
        device = add_passkey(visitor, site)
        other.cookies = dict(visitor.cookies)
        assert by_passkey(visitor, device, on="/desk").status == 303
        assert other.get("/desk").status == 303
        assert visitor.get("/desk").status == 200

    def test_of_the_wallet_opens_no_desk(self, site: Site, database: Database) -> None:
        visitor = site.visitor()
        sign_in_as(visitor, database)
        visitor.cookies["desk"] = visitor.cookies["wallet"]
        assert visitor.get("/desk").status == 303


class TestWeakness:
    @pytest.mark.parametrize(
        ("password", "why"),
        [
            ("short words", "short"),
            ("x" * 201, "long"),
            ("anneliese wades far", "name"),
            ("ANNELIESE wades far", "name"),
            ("passwordpassword", "common"),
            ("qwertyuiop123", "common"),
            ("111111111111111", "common"),
            ("summerholiday", "common"),
            (PASSWORD, None),
            ("七只白鹭静静涉水而过江面上", None),
        ],
    )
    def test_by_why_somebody_would_guess_it(self, password: str, why: str | None) -> None:
        assert passwords.weakness(password, "anneliese", "anneliese@example.com") == why
