"""People of the hub: two let somebody in, one alone sends somebody out."""

import json
from datetime import UTC, datetime
from unittest import mock

import pyotp
import pytest
from click.testing import CliRunner

from kit.clock import system_clock
from kit.database import Database
from kit.ids import from_text
from members.notices.senders import Smtp
from staff.people import invitations, operators, store
from staff.people.errors import LastAdministrator, NameTaken, OwnRoles
from tests.books import Books
from tests.desk.colleagues import PASSWORD, acts, audit, colleague, come_in
from tests.desk.conftest import SignIn
from tests.factories import build_operator
from tests.members.notices.mail_server import mail_server
from tests.members.people.authenticator import Authenticator
from tests.members.visitor import SECRETS, Answer, Site, Visitor
from web import enactments, jobs
from web.cli import hub
from web.commands.context import Context


def approve(site: Site, database: Database, proposed: Answer, by: str) -> None:
    """As `by` does who approves what a page proposed."""
    text = proposed.location.rpartition("/")[2]
    proposal = from_text("prp", text)
    assert proposal is not None, proposed.words
    enactments.decide(
        database,
        proposal=proposal,
        by=by,
        approve=True,
        clock=system_clock,
        signer=None,  # type: ignore[arg-type] # These acts sign nothing.
    )


def invite(visitor: Visitor, **changed: str) -> Answer:
    fields = {
        "name": "Li Mei",
        "email": "Li.Mei@example.com",
        "roles": "finance",
        "reason": "Joins the month's end",
    }
    visitor.go("/desk/invite")
    return visitor.post("/desk/invite", **(fields | changed))


def link_of(visitor: Visitor, name: str = "Li Mei") -> str:
    """The link that whoever approved is shown, as a path."""
    page = "/desk/people/" + name.replace(" ", "%20")
    answer = visitor.post(f"{page}/link", on=page)
    assert answer.status == 200, answer.words
    return "/desk/invitation/" + answer.text.partition("/desk/invitation/")[2].partition("<")[0]


@pytest.fixture
def ann(sign_in: SignIn) -> Visitor:
    """An administrator."""
    return sign_in("ann", "administrator")


@pytest.fixture
def ben(sign_in: SignIn) -> Visitor:
    """An approver."""
    return sign_in("ben", "approver")


class TestInvitation:
    def test_by_two_then_by_a_passkey(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor
    ) -> None:
        approve(site, database, invite(ann), "ben")
        assert "Invited" in ann.go("/desk/people/Li%20Mei").words
        newcomer = site.visitor()
        page = link_of(ben)
        assert "Welcome to the desk, Li Mei" in newcomer.go(page).words
        device = Authenticator(site.origin)
        asked = newcomer.ask(f"{page}/passkey/options", on=page)
        answer = newcomer.send(
            "POST",
            f"{page}/passkey",
            {"csrf_token": newcomer.token(page), "credential": device.create(asked.json())},
        )
        assert (answer.status, answer.location) == (303, "/desk")
        assert newcomer.get("/desk").status == 200
        assert site.visitor().get(page).location == "/desk/sign-in"
        assert ("ben", "operator-invited") in acts(database)
        assert ("Li Mei", "operator-joined") in acts(database)

    def test_by_password_app_and_codes(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor
    ) -> None:
        approve(site, database, invite(ann), "ben")
        newcomer, page = site.visitor(), link_of(ben)
        assert newcomer.post(f"{page}/password", on=page, password="short").status == 422
        answer = newcomer.post(f"{page}/password", on=page, password=PASSWORD)
        assert answer.location == f"{page}/app"
        # Until the app is confirmed, the password opens nothing.
        assert site.visitor().get("/desk").status == 303
        text = newcomer.go(f"{page}/app").text
        secret = text.partition('<p class="code secret">')[2].partition("<")[0]
        answer = newcomer.post(f"{page}/app", code=pyotp.TOTP(secret).now())
        assert "Keep these recovery codes" in answer.words
        assert answer.text.count("<li>") >= 10
        assert newcomer.get("/desk").status == 200
        assert site.visitor().get(f"{page}/app").location == "/desk/sign-in"

    def test_ends_after_two_days(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor
    ) -> None:
        approve(site, database, invite(ann), "ben")
        page = link_of(ben)
        assert site.visitor().get(page).status == 200
        site.clock.advance(hours=48)
        assert site.visitor().get(page).location == "/desk/sign-in"

    def test_a_new_link_ends_the_one_before(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor
    ) -> None:
        approve(site, database, invite(ann), "ben")
        first, second = link_of(ben), link_of(ben)
        assert site.visitor().get(first).location == "/desk/sign-in"
        assert site.visitor().get(second).status == 200

    def test_a_new_link_ends_what_was_begun_with_the_one_before(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor, books: Books
    ) -> None:
        approve(site, database, invite(ann), "ben")
        first, chosen = link_of(ben), "long since known to others"
        site.visitor().post(f"{first}/password", on=first, password=chosen)
        assert books.rows("SELECT FROM staff.password")
        link_of(ben)
        assert not books.rows("SELECT FROM staff.password")

    def test_goes_where_the_latest_invitation_says(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor
    ) -> None:
        approve(site, database, invite(ann), "ben")
        with database.transaction() as session:
            stale = store.unmade_links(session)
            row = store.operator_named(session, "Li Mei")
            assert row is not None
            store.invite_anew(session, row["id"], ["finance"], "another@example.com")
        went: list[str] = []
        with mock.patch.object(store, "unmade_links", return_value=stale):
            invitations.send(
                database,
                SECRETS,
                lambda address, _subject, _text: went.append(address),
                lambda _name, _token: ("", ""),
                datetime.now(UTC),
            )
        assert went == ["another@example.com"]

    def test_the_link_is_never_shown_to_whoever_proposed(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor, sign_in: SignIn
    ) -> None:
        approve(site, database, invite(ann), "ben")
        for visitor in (ann, sign_in("cy", "administrator", "approver")):
            page = visitor.go("/desk/people/Li%20Mei")
            assert "Show the link once" not in page.words
            token = visitor.token("/desk/people/Li%20Mei")
            answer = visitor.send("POST", "/desk/people/Li%20Mei/link", {"csrf_token": token})
            assert answer.status == 403
        with database.transaction() as session:
            row = store.operator_named(session, "Li Mei")
            assert row is not None
            kept = store.lock_invitation(session, row["id"])
        assert kept is not None
        assert kept["digest"] is None

    def test_goes_by_mail_where_there_is_a_server(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor
    ) -> None:
        approve(site, database, invite(ann), "ben")
        settings = _Settings(site.origin)
        with mail_server() as server:
            url = f"smtp://127.0.0.1:{server.port}/?from=hub@hub.example&to={{digits}}@sms.example"
            settings.sender = Smtp(url)
            server.answer = "451 not now"
            assert jobs.send_invitations(database, datetime.now(UTC), settings) == 0  # type: ignore[arg-type]
            server.answer = "250 taken"
            assert jobs.send_invitations(database, datetime.now(UTC), settings) == 1  # type: ignore[arg-type]
            assert jobs.send_invitations(database, datetime.now(UTC), settings) == 0  # type: ignore[arg-type]
        (mail,) = server.mails
        assert mail["To"] == "li.mei@example.com"
        text = mail.get_content()
        path = "/desk/invitation/" + text.partition("/desk/invitation/")[2].split()[0]
        assert "通宝工作台邀请" in mail["Subject"]
        assert "Welcome to the desk, Li Mei" in site.visitor().go(path).words
        assert "The link was sent to li.mei@example.com" in ann.go("/desk/people/Li%20Mei").words

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"name": "x"}, "Enter a name of 2 to 40 letters"),
            ({"name": "<b>bold</b>"}, "Enter a name of 2 to 40 letters"),
            ({"name": "Command line"}, "Enter a name of 2 to 40 letters"),
            ({"name": "partner:market"}, "Enter a name of 2 to 40 letters"),
            ({"name": "ann"}, "Somebody has this name already."),
            ({"email": "nowhere"}, "Enter an e-mail address"),
            ({"email": "known@example.com"}, "Somebody has this address already."),
            ({"roles": "emperor"}, "Choose at least one role."),
            ({"reason": ""}, "Say why"),
        ],
    )
    def test_says_what_is_wrong(
        self, database: Database, ann: Visitor, changed: dict[str, str], said: str
    ) -> None:
        with database.transaction() as session:
            build_operator(session, name="kim").email = "known@example.com"
        answer = invite(ann, **changed)
        assert answer.status == 422
        assert said in answer.words

    def test_a_second_one_leads_to_the_first(self, ann: Visitor) -> None:
        first, second = invite(ann), invite(ann, roles="risk")
        assert second.location == first.location
        page = ann.go(first.location)
        assert page.status == 200
        assert "Li Mei" in page.words

    def test_needs_an_administrator(self, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance", "approver")
        assert visitor.get("/desk/invite").status == 403
        assert (
            "Only these roles may change people: administrator." in visitor.go("/desk/people").words
        )

    def test_a_stranger_has_none(self, site: Site, database: Database) -> None:
        assert site.visitor().get("/desk/invitation/anything").location == "/desk/sign-in"


class TestRoles:
    def test_change_by_two_and_count_at_once(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor, sign_in: SignIn
    ) -> None:
        fay = sign_in("fay", "administrator")
        assert fay.get("/desk/invite").status == 200
        ann.go("/desk/people/fay")
        answer = ann.post("/desk/people/fay/roles", roles="auditor", reason="Moves to audit")
        assert fay.get("/desk/invite").status == 200
        approve(site, database, answer, "ben")
        assert fay.get("/desk/invite").status == 403
        assert fay.get("/desk").status == 200
        who, _what, object_, _place, after = next(
            one for one in audit(database) if one[1] == "roles-changed"
        )
        assert (who, object_, after) == ("ben", "operator fay", {"roles": ["auditor"]})

    def test_nobody_changes_their_own(
        self, site: Site, database: Database, ann: Visitor, sign_in: SignIn
    ) -> None:
        assert "Propose these roles" not in ann.go("/desk/people/ann").words
        token = ann.token("/desk/account")
        fields = {"csrf_token": token, "roles": "approver", "reason": "More"}
        assert ann.send("POST", "/desk/people/ann/roles", fields).status == 422
        # Nor approves what another proposed of them.
        sign_in("cy", "approver")
        ann.go("/desk/people/cy")
        answer = ann.post("/desk/people/cy/roles", roles="finance", reason="Less")
        with pytest.raises(OwnRoles):
            approve(site, database, answer, "cy")

    def test_the_last_administrator_stays_one(
        self, database: Database, ann: Visitor, sign_in: SignIn
    ) -> None:
        sign_in("cy", "finance")
        now = datetime.now(UTC)
        with database.transaction() as session, pytest.raises(LastAdministrator):
            operators.change_roles(session, "ann", ["finance"], by=("cy",))
        with database.transaction() as session, pytest.raises(LastAdministrator):
            operators.deactivate(session, "ann", by="cy")
        with database.transaction() as session, pytest.raises(NameTaken):
            invitations.approve(session, "ann", ["risk"], "a@example.com", by="cy", now=now)
        assert "There is only one administrator." in ann.go("/desk/people").words


class TestDeactivation:
    def test_acts_at_once_and_ends_every_way_in(
        self, site: Site, database: Database, ann: Visitor
    ) -> None:
        fay, visitor = colleague(database, "fay", "finance"), site.visitor()
        come_in(visitor, fay)
        page = "/desk/people/fay/deactivate"
        assert ann.post(page, on=page, reason="").status == 422
        answer = ann.post(page, on=page, reason="Left the company")
        assert answer.location == "/desk/people/fay"
        assert visitor.get("/desk").status == 303
        with database.transaction() as session:
            assert operators.ways_in(session, fay.id) == 0
        assert acts(database)[0] == ("ann", "operator-deactivated")
        assert "Deactivated" in ann.go("/desk/people/fay").words

    def test_not_of_oneself(self, ann: Visitor, sign_in: SignIn) -> None:
        sign_in("cy", "administrator")
        page = "/desk/people/ann/deactivate"
        answer = ann.post(page, on=page, reason="Enough")
        assert answer.status == 422
        assert ann.get("/desk").status == 200

    def test_is_taken_back_by_two_with_a_new_invitation(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor
    ) -> None:
        fay = colleague(database, "fay", "finance", email="fay@example.com")
        page = "/desk/people/fay"
        ann.post(f"{page}/deactivate", on=f"{page}/deactivate", reason="By mistake")
        answer = ann.post(f"{page}/restore", on=page, reason="It was one")
        approve(site, database, answer, "ben")
        with database.transaction() as session:
            row = store.operator(session, fay.id)
            assert row is not None
            assert not row["active"]
        newcomer, link = site.visitor(), link_of(ben, "fay")
        assert "Welcome to the desk, fay" in newcomer.go(link).words
        assert ("ben", "operator-restored") in acts(database)

    def test_withdraws_an_invitation(
        self, site: Site, database: Database, ann: Visitor, ben: Visitor
    ) -> None:
        approve(site, database, invite(ann), "ben")
        link = link_of(ben)
        page = "/desk/people/Li%20Mei/deactivate"
        ann.post(page, on=page, reason="Took another post")
        assert site.visitor().get(link).location == "/desk/sign-in"


class TestPages:
    def test_ends_all_sessions_of_somebody(
        self, database: Database, ann: Visitor, sign_in: SignIn
    ) -> None:
        fay = sign_in("fay", "finance")
        ann.post("/desk/people/fay/end-sessions", on="/desk/people/fay")
        assert fay.get("/desk").status == 303
        assert acts(database)[0] == ("ann", "session-ended")

    def test_lists_filters_and_sorts(self, ann: Visitor, sign_in: SignIn) -> None:
        sign_in("fay", "finance")
        assert ann.go("/desk/people").words.index("ann") < ann.go("/desk/people").words.index("fay")
        words = ann.go("/desk/people?role=finance").text
        assert '/desk/people/fay"' in words
        assert '/desk/people/ann"' not in words
        assert "Nothing matches these filters." in ann.go("/desk/people?state=ended").words

    def test_has_a_csv(self, ann: Visitor) -> None:
        answer = ann.get("/desk/people?format=csv")
        assert answer.headers.get_content_type() == "text/csv"
        assert (
            answer.text.lstrip("\ufeff").splitlines()[0] == "name,roles,state,signs_in_by,last_seen"
        )

    def test_the_auditor_sees_it_without_buttons(self, sign_in: SignIn) -> None:
        visitor = sign_in("aud", "auditor")
        sign_in("fay", "finance")
        assert "Invite a colleague" not in visitor.go("/desk/people").words
        page = visitor.go("/desk/people/fay")
        assert "Propose these roles" not in page.words
        assert "End all sessions" not in page.words
        for path in ("roles", "deactivate", "restore", "end-sessions"):
            token = visitor.token("/desk/account")
            answer = visitor.send("POST", f"/desk/people/fay/{path}", {"csrf_token": token})
            assert answer.status == 403

    def test_nobody_is_nowhere(self, ann: Visitor) -> None:
        assert ann.get("/desk/people/nobody").status == 404


class TestCommands:
    def run(self, site: Site, database: Database, *words: str) -> str:
        context = Context()
        context.__dict__["database"] = database
        context.__dict__["settings"] = _Settings(site.origin)
        result = CliRunner().invoke(hub, ("operators", *words), obj=context)
        assert result.exit_code == 0, result.output
        return result.stdout

    def test_make_the_first_administrator(self, site: Site, database: Database) -> None:
        self.run(site, database, "add", "root", "--role", "administrator", "--email", "R@ex.am")
        link = json.loads(self.run(site, database, "invitation-link", "root", "--json"))["link"]
        newcomer = site.visitor()
        assert "Welcome to the desk, root" in newcomer.go(link.removeprefix(site.origin)).words

    def test_adding_somebody_is_recorded_and_changes_nobody_who_is_there(
        self, site: Site, database: Database, books: Books
    ) -> None:
        self.run(site, database, "add", "root", "--role", "administrator")
        (entry,) = books.rows("SELECT who, object, after FROM staff.audit"
                              " WHERE what = 'operator-added'")  # fmt: skip
        assert (entry.who, entry.object) == ("command line", "operator root")
        assert entry.after == {"roles": ["administrator"], "email": None}
        with pytest.raises(AssertionError, match="somebody is called root already"):
            self.run(site, database, "add", "root", "--email", "eve@example.com")
        assert books.rows("SELECT FROM staff.operator WHERE email IS NOT NULL") == []

    def test_make_no_link_for_who_can_sign_in(self, site: Site, database: Database) -> None:
        colleague(database, "fay", "finance")
        with pytest.raises(AssertionError, match="can sign in already"):
            self.run(site, database, "invitation-link", "fay")


class _Settings:
    """What the command and the job read of the hub's."""

    production = False
    secret = SECRETS.key
    sender: object = None

    def __init__(self, origin: str) -> None:
        self.origin = origin
