"""One's own account at the desk, and the proof that its changes ask for."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from kit.database import Database
from staff.people import store
from tests.desk.colleagues import (
    PASSWORD,
    Colleague,
    acts,
    add_passkey,
    by_passkey,
    colleague,
    come_in,
    type_password,
)
from tests.desk.conftest import SignIn
from tests.members.visitor import Answer, Site, Visitor

NEXT = "sixteen pale lanterns hum"


def passkey_id(visitor: Visitor) -> str:
    text = visitor.go("/desk/account").text
    return text.partition("/desk/account/passkeys/psk_")[2].partition('"')[0]


def prove(visitor: Visitor, who: Colleague, *, ahead: float = 0.0) -> Answer:
    visitor.go("/desk/prove?next=/desk/account")
    later = datetime.now(UTC) + timedelta(seconds=ahead)
    return visitor.post("/desk/prove", code=who.code(later))


class TestProof:
    @pytest.mark.parametrize(
        "path", ["/desk/account/password", "/desk/account/app"], ids=["password", "app"]
    )
    def test_is_asked_for_after_five_minutes(self, site: Site, sign_in: SignIn, path: str) -> None:
        visitor = sign_in("fay", "finance")
        assert visitor.get(path).status == 200
        site.clock.advance(minutes=5)
        assert visitor.get(path).location == f"/desk/prove?next={path}"

    def test_by_a_code_of_the_app(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        come_in(visitor, fay)
        site.clock.advance(minutes=6)
        answer = prove(visitor, fay, ahead=360)
        assert (answer.status, answer.location) == (303, "/desk/account")
        assert visitor.get("/desk/account/password").status == 200
        assert acts(database)[0] == ("fay", "proved")

    def test_not_by_the_code_that_signed_in(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        come_in(visitor, fay)
        assert prove(visitor, fay).status == 422

    def test_by_ones_own_passkey_alone(
        self, site: Site, sign_in: SignIn, database: Database
    ) -> None:
        fay, gus = sign_in("fay", "finance"), sign_in("gus", "finance")
        mine, other = add_passkey(fay, site), add_passkey(gus, site)
        site.clock.advance(minutes=6)
        for device, status in ((other, 422), (mine, 303)):
            token = fay.token("/desk/prove")
            asked = fay.ask("/desk/prove/passkey/options", on="/desk/prove")
            answer = fay.send(
                "POST",
                "/desk/prove/passkey",
                {"csrf_token": token, "credential": device.get(asked.json()), "next": "/desk"},
            )
            assert answer.status == status
        assert fay.get("/desk/account/password").status == 200

    def test_by_a_press_for_a_link_of_development_alone(self, site: Site, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance", proved=False, how="link")
        assert visitor.get("/desk/account/password").status == 303
        visitor.post("/desk/prove/here", on="/desk/prove")
        assert visitor.get("/desk/account/password").status == 200
        other = sign_in("gus", "finance", proved=False)
        token = other.token("/desk/prove")
        assert other.send("POST", "/desk/prove/here", {"csrf_token": token}).status == 404

    def test_leads_to_no_other_place(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        come_in(visitor, fay)
        site.clock.advance(minutes=6)
        visitor.go("/desk/prove?next=//evil.example")
        later = datetime.now(UTC) + timedelta(minutes=6)
        assert visitor.post("/desk/prove", code=fay.code(later)).location == "/desk"


class TestPassword:
    def test_is_changed_and_ends_other_sessions(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        come_in(visitor, fay)
        other = site.visitor()
        site.clock.advance(seconds=60)
        come_in(other, fay, now=datetime.now(UTC) + timedelta(seconds=60))
        answer = visitor.post("/desk/account/password", password=NEXT)
        assert (answer.status, answer.location) == (303, "/desk/account")
        assert other.get("/desk").status == 303
        assert visitor.get("/desk").status == 200
        assert type_password(site.visitor(), "fay", PASSWORD).status == 422
        assert type_password(site.visitor(), "fay", NEXT).status == 303
        assert ("fay", "password-changed") in acts(database)

    def test_says_what_is_wrong_with_it(self, sign_in: SignIn) -> None:
        visitor = sign_in("anneliese", "finance")
        answer = visitor.post("/desk/account/password", password="passwordpassword")
        assert answer.status == 422
        assert "Many would guess this one." in answer.words
        assert "passwordpassword" not in answer.text
        answer = visitor.post("/desk/account/password", password="anneliese wades far")
        assert "Leave your own name out of it." in answer.words

    def test_is_set_up_with_an_app_and_codes(
        self, site: Site, sign_in: SignIn, database: Database
    ) -> None:
        visitor = sign_in("fay", "finance")
        answer = visitor.post("/desk/account/password", password=NEXT)
        assert answer.location == "/desk/account/app"
        page = visitor.go("/desk/account/app")
        secret = page.text.partition('<p class="code secret">')[2].partition("<")[0]
        assert len(secret) == 32
        assert page.text.count("<svg")
        assert visitor.post("/desk/account/app", code="000000").status == 422
        answer = visitor.post("/desk/account/app", code=pyotp.TOTP(secret).now())
        assert "Keep these recovery codes" in answer.words
        assert "fay" in visitor.go("/desk/account").words
        assert secret not in visitor.go("/desk/account/app").text
        with database.transaction() as session:
            row = store.operator_named(session, "fay")
            assert row is not None
            kept = store.totp_of(session, row["id"])
            assert store.recovery_codes_left(session, row["id"]) == 10
        assert kept is not None
        assert secret not in kept["sealed"]

    def test_new_codes_end_the_old(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        come_in(visitor, fay)
        answer = visitor.post("/desk/account/recovery-codes", on="/desk/account")
        assert "Keep these recovery codes" in answer.words
        other = site.visitor()
        type_password(other, "fay")
        other.go("/desk/sign-in/recovery")
        assert other.post("/desk/sign-in/recovery", recovery=fay.codes[0]).status == 422


class TestPasskeys:
    def test_are_renamed_and_removed(self, site: Site, database: Database) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        come_in(visitor, fay)
        device = add_passkey(visitor, site)
        page = f"/desk/account/passkeys/psk_{passkey_id(visitor)}"
        visitor.submit(page, name="Blue key")
        assert "Blue key" in visitor.go("/desk/account").words
        visitor.post(f"{page}/remove", on=page)
        assert "Blue key" not in visitor.go("/desk/account").words
        assert by_passkey(site.visitor(), device).status == 422
        assert acts(database)[1] == ("fay", "passkey-removed")

    def test_the_last_way_in_stays(self, site: Site, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance")
        device = add_passkey(visitor, site)
        page = f"/desk/account/passkeys/psk_{passkey_id(visitor)}"
        visitor.post(f"{page}/remove", on=page)
        assert "Without this you could not sign in any more." in visitor.go("/desk/account").words
        assert by_passkey(site.visitor(), device).status == 303

    def test_of_others_are_nowhere(self, site: Site, sign_in: SignIn) -> None:
        fay, gus = sign_in("fay", "finance"), sign_in("gus", "finance")
        add_passkey(fay, site)
        assert gus.get(f"/desk/account/passkeys/psk_{passkey_id(fay)}").status == 404

    def test_are_not_added_without_a_fresh_proof(self, site: Site, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance", proved=False)
        assert visitor.ask("/desk/account/passkeys/options", on="/desk/account").status == 403


class TestSessions:
    def test_one_is_ended(self, site: Site, database: Database) -> None:
        fay, visitor, other = colleague(database, "fay", "finance"), site.visitor(), site.visitor()
        come_in(visitor, fay)
        site.clock.advance(seconds=60)
        come_in(other, fay, now=datetime.now(UTC) + timedelta(seconds=60))
        page = visitor.go("/desk/account")
        assert "From 127.0.0.1" in page.words
        text = page.text.partition("/desk/account/sessions/ses_")[2].partition('"')[0]
        where = f"/desk/account/sessions/ses_{text}"
        assert "Firefox, Linux" in visitor.go(where).words
        visitor.post(f"{where}/end")
        assert other.get("/desk").status == 303
        assert visitor.get("/desk").status == 200

    def test_of_others_are_nowhere(self, site: Site, database: Database, sign_in: SignIn) -> None:
        gus = sign_in("gus", "finance")
        fay, first, second = colleague(database, "fay"), site.visitor(), site.visitor()
        come_in(first, fay)
        site.clock.advance(seconds=60)
        come_in(second, fay, now=datetime.now(UTC) + timedelta(seconds=60))
        text = first.go("/desk/account").text.partition("/sessions/ses_")[2].partition('"')[0]
        where = f"/desk/account/sessions/ses_{text}"
        assert gus.get(where).status == 404
        token = gus.token("/desk/account")
        assert gus.send("POST", f"{where}/end", {"csrf_token": token}).status == 404
        assert second.get("/desk").status == 200
