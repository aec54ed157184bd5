"""One person who wants to do what takes two: a credit by hand, over HTTP and with SQL.

Fay proposes; Amy may approve; whatever else is tried, no point moves.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from exchange.invariants import check
from kit.database import Database
from kit.ids import from_text, to_text
from staff import approvals
from staff.invariants import AS_RECORDED
from staff.people import sessions
from tests.books import Books
from tests.cluster import Address
from tests.factories import build_operator
from tests.members.visitor import SECRETS, Answer, Visitor
from tests.server import Server
from tests.settlement.coalition import Coalition

ROLES = ("finance", "approver")


@dataclass
class Hub:
    """A shop, a wallet, and the hub's people with their browsers."""

    server: Server
    database: Database
    owner: psycopg.Connection
    party: int
    wallet: int
    numbers: dict[str, int] = field(default_factory=dict)

    def comes(self, name: str, *roles: str, proved: bool = True) -> Visitor:
        """A browser in which somebody is signed in: anew each time."""
        visitor = Visitor(self.server.origin)
        with self.database.transaction() as session:
            if name not in self.numbers:
                self.numbers[name] = build_operator(session, name=name, roles=roles or ROLES).id
            opened = sessions.begin(
                session,
                SECRETS,
                self.numbers[name],
                how="password",
                device="Firefox, Linux",
                address="127.0.0.1",
                now=datetime.now(UTC),
                proved=proved,
            )
        visitor.cookies["desk"] = opened.token
        return visitor

    def proposes(self, points: int = 120, *, by: str = "fay") -> str:
        """A credit by hand; its page."""
        with self.database.transaction() as session:
            proposal = approvals.propose(
                session,
                kind="adjustment",
                content=self.content(points),
                reason="a receipt was lost",
                by=by,
                now=datetime.now(UTC),
            )
        return f"/desk/approvals/{to_text('prp', proposal)}"

    def content(self, points: int) -> dict[str, Any]:
        return {
            "party": self.party, "wallet": self.wallet, "points": points, "direction": "credit",
        }  # fmt: skip

    def edit(self, page: str, content: Mapping[str, Any], *, with_hash: bool = False) -> None:
        """As a superuser of the database."""
        self.owner.execute(
            "UPDATE staff.proposal SET content = %s WHERE id = %s", (Jsonb(content), id_of(page))
        )
        if with_hash:
            self.owner.execute(
                "UPDATE staff.proposal SET content_hash = %s WHERE id = %s",
                (approvals.content_hash("adjustment", content), id_of(page)),
            )

    @property
    def credited(self) -> list[int]:
        """The points of every adjustment in the books."""
        rows = self.owner.execute(
            "SELECT points FROM exchange.journal WHERE kind = 'adjustment' ORDER BY id"
        ).fetchall()
        return [points for (points,) in rows]

    def state(self, page: str) -> str:
        row = self.owner.execute(
            "SELECT state FROM staff.proposal WHERE id = %s", (id_of(page),)
        ).fetchone()
        assert row is not None
        return str(row[0])


def id_of(page: str) -> Any:
    return from_text("prp", page.rpartition("/")[2])


@pytest.fixture
def hub(server: Server, database: Database, owner: psycopg.Connection, books: Books) -> Hub:
    coalition = Coalition(books)
    party, wallet = coalition.partner("market"), coalition.wallet()
    hub = Hub(server, database, owner, party, wallet)
    hub.comes("fay")
    return hub


@pytest.fixture
def amy(hub: Hub) -> Visitor:
    return hub.comes("amy", "approver")


def approve(visitor: Visitor, page: str, **fields: str) -> Answer:
    """The page's own form, with these fields instead."""
    return visitor.post(page + "/approve", on=page, **fields)


def opened(visitor: Visitor, page: str) -> dict[str, str]:
    """The form as it lies open in a browser."""
    return dict(visitor.get(page).form(page + "/approve").fields)


def test_a_second_person_approves(hub: Hub, amy: Visitor) -> None:
    page = hub.proposes()
    assert approve(amy, page).status == 303
    assert hub.credited == [120]


class TestTheMaker:
    def test_does_not_approve_their_own(self, hub: Hub, amy: Visitor) -> None:
        page, fay = hub.proposes(), hub.comes("fay")
        form = opened(amy, page)
        answer = fay.send("POST", page + "/approve", {**form, "csrf_token": fay.token(page)})
        assert answer.status == 403
        assert "You proposed this, so someone else must approve it." in answer.words
        assert hub.credited == []

    def test_does_not_in_another_session_either(self, hub: Hub, amy: Visitor) -> None:
        page, form = hub.proposes(), {}
        form = opened(amy, page)
        for _ in range(2):
            other = hub.comes("fay")
            token = other.token(page)
            answer = other.send("POST", page + "/approve", {**form, "csrf_token": token})
            assert answer.status == 403
        assert hub.credited == []

    def test_does_not_under_another_name(self, hub: Hub, amy: Visitor) -> None:
        page, fay = hub.proposes(), hub.comes("fay")
        hub.owner.execute("UPDATE staff.operator SET name = 'faye' WHERE name = 'fay'")
        assert approve(fay, page).status == 403
        assert hub.credited == []

    def test_rejects_nothing_of_their_own(self, hub: Hub) -> None:
        page, fay = hub.proposes(), hub.comes("fay")
        answer = fay.send("POST", page + "/reject", {"reason": "oh", "csrf_token": fay.token(page)})
        assert answer.status == 403
        assert hub.state(page) == "waiting"


class TestTheContent:
    @pytest.mark.parametrize("with_hash", [False, True])
    def test_edited_while_it_is_open(self, hub: Hub, amy: Visitor, with_hash: bool) -> None:
        page = hub.proposes(120)
        form = opened(amy, page)
        hub.edit(page, hub.content(9_120), with_hash=with_hash)
        answer = amy.send("POST", page + "/approve", form)
        assert answer.status == 409
        assert "This changed after you opened it. Review it again." in answer.words
        assert "Points: was 120, now 9,120" in answer.words
        assert hub.credited == []

    @pytest.mark.parametrize("with_hash", [False, True])
    def test_edited_before_it_was_opened(self, hub: Hub, amy: Visitor, with_hash: bool) -> None:
        page = hub.proposes(120)
        form = opened(amy, page)
        content = hub.content(9_120)
        hub.edit(page, content, with_hash=with_hash)
        shown = amy.get(page)
        assert "The content is no longer what was proposed" in shown.words
        assert page + "/approve" not in shown.text
        digest = approvals.content_hash("adjustment", content).hex()
        assert amy.send("POST", page + "/approve", {**form, "seen": digest}).status == 409
        assert hub.credited == []

    @pytest.mark.corrupts_books
    def test_edited_after_it_was_approved(self, hub: Hub, amy: Visitor) -> None:
        page = hub.proposes(120)
        form = opened(amy, page)
        assert amy.send("POST", page + "/approve", form).status == 303
        with pytest.raises(psycopg.errors.CheckViolation, match="decided_on_same_content"):
            hub.edit(page, hub.content(9_120), with_hash=True)
        assert amy.send("POST", page + "/approve", form).status == 409
        assert hub.credited == [120]
        with hub.database.engine.connect() as connection:
            (result,) = check(connection, [AS_RECORDED])
        assert result.count == 1

    def test_the_hash_of_another_proposal(self, hub: Hub, amy: Visitor) -> None:
        small, large = hub.proposes(120), hub.proposes(9_120)
        form = opened(amy, small)
        answer = amy.send("POST", large + "/approve", form)
        assert answer.status == 409
        assert hub.credited == []

    @pytest.mark.parametrize("seen", ["", "00", "x" * 64, "0" * 64])
    def test_no_hash_that_anybody_saw(self, hub: Hub, amy: Visitor, seen: str) -> None:
        page = hub.proposes()
        assert approve(amy, page, seen=seen).status == 409
        assert hub.credited == []


class TestTheApproval:
    def test_sent_again_is_refused(self, hub: Hub, amy: Visitor) -> None:
        page = hub.proposes()
        form = opened(amy, page)
        answers = [amy.send("POST", page + "/approve", form).status for _ in range(3)]
        assert answers == [303, 409, 409]
        assert hub.credited == [120]

    def test_of_an_expired_proposal(self, hub: Hub, amy: Visitor) -> None:
        page = hub.proposes()
        form = opened(amy, page)
        hub.owner.execute(
            "UPDATE staff.proposal SET proposed_at = proposed_at - %(d)s, expires_at = expires_at"
            " - %(d)s",
            {"d": timedelta(hours=48)},
        )
        assert amy.send("POST", page + "/approve", form).status == 409
        assert hub.credited == []

    def test_of_a_withdrawn_and_of_a_rejected_one(self, hub: Hub, amy: Visitor) -> None:
        withdrawn, rejected = hub.proposes(1), hub.proposes(2)
        forms = [opened(amy, page) for page in (withdrawn, rejected)]
        assert hub.comes("fay").post(withdrawn + "/withdraw", on=withdrawn).status == 303
        assert amy.post(rejected + "/reject", on=rejected, reason="no").status == 303
        for page, form in zip((withdrawn, rejected), forms, strict=True):
            assert amy.send("POST", page + "/approve", form).status == 409
        assert hub.credited == []

    def test_without_the_forms_token(self, hub: Hub, amy: Visitor) -> None:
        page = hub.proposes()
        form = opened(amy, page)
        for token in ("", "x", hub.comes("ben", "approver").token(page)):
            answer = amy.send("POST", page + "/approve", {**form, "csrf_token": token})
            assert answer.status == 403
        assert hub.credited == []

    def test_without_a_fresh_proof(self, hub: Hub) -> None:
        page = hub.proposes()
        answer = approve(hub.comes("ben", "approver", proved=False), page)
        assert (answer.status, answer.location.partition("?")[0]) == (303, "/desk/prove")
        assert hub.credited == []

    def test_without_the_role(self, hub: Hub, amy: Visitor) -> None:
        page, eve = hub.proposes(), hub.comes("eve", "finance", "risk", "administrator")
        form = opened(amy, page) | {"csrf_token": eve.token(page)}
        assert eve.send("POST", page + "/approve", form).status == 403
        assert hub.credited == []

    def test_with_a_role_that_was_taken_away_meanwhile(self, hub: Hub, amy: Visitor) -> None:
        page = hub.proposes()
        form = opened(amy, page)
        hub.owner.execute("UPDATE staff.operator SET roles = '{finance}' WHERE name = 'amy'")
        assert amy.send("POST", page + "/approve", form).status == 403
        assert hub.credited == []

    def test_by_somebody_who_left_meanwhile(self, hub: Hub, amy: Visitor) -> None:
        page = hub.proposes()
        form = opened(amy, page)
        hub.owner.execute("UPDATE staff.operator SET active = false WHERE name = 'amy'")
        answer = amy.send("POST", page + "/approve", form)
        assert answer.status in (303, 403)  # To the page where one signs in, or refused outright.
        assert hub.credited == []

    def test_by_two_at_once_has_one_effect(self, hub: Hub, amy: Visitor) -> None:
        page = hub.proposes()
        people = [amy, hub.comes("ben", "approver"), hub.comes("cai", "approver")]
        forms = [opened(each, page) for each in people]
        together, answers = threading.Barrier(len(people)), []

        def send(visitor: Visitor, form: dict[str, str]) -> None:
            together.wait()
            answers.append(visitor.send("POST", page + "/approve", form).status)

        threads = [
            threading.Thread(target=send, args=each) for each in zip(people, forms, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [303, 409, 409]
        assert hub.credited == [120]

    def test_cut_off_in_the_middle_has_none(self, hub: Hub, amy: Visitor, address: Address) -> None:
        """The database's side of it dies after the decision was written, before the points."""
        page, answers = hub.proposes(), []
        form = opened(amy, page)
        with psycopg.connect(address.owner) as holder:
            holder.execute("SELECT FROM exchange.wallet WHERE id = %s FOR UPDATE", (hub.wallet,))
            sent = threading.Thread(
                target=lambda: answers.append(amy.send("POST", page + "/approve", form).status)
            )
            sent.start()
            assert cut_off(address.application, holder.info.backend_pid)
            sent.join()
        assert answers[0] >= 500
        assert (hub.state(page), hub.credited) == ("waiting", [])
        assert approve(amy, page).status == 303
        assert hub.credited == [120]


def cut_off(application: str, holder: int) -> bool:
    """End whoever of the application waits for the holder."""
    with psycopg.connect(application, autocommit=True) as other:
        for _ in range(100):
            ended = other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE %s = ANY(pg_blocking_pids(pid)) AND datname = current_database()",
                (holder,),
            ).fetchall()
            if ended:
                return True
            time.sleep(0.05)
    return False


class TestWithTheApplicationsOwnRole:
    """Whoever has the hub's connection, by an injection or a stolen password."""

    @pytest.fixture
    def app(self, hub: Hub, address: Address) -> Any:
        with psycopg.connect(address.application, autocommit=True) as connection:
            yield connection

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE exchange.journal SET points = points + 1",
            "DELETE FROM exchange.journal",
            "TRUNCATE exchange.journal CASCADE",
            "UPDATE exchange.posting SET points = points + 1",
            "DELETE FROM exchange.posting",
            "UPDATE staff.audit SET who = 'ben'",
            "DELETE FROM staff.audit",
            "TRUNCATE staff.audit",
            "UPDATE staff.proposal SET content = '{}'",
            "UPDATE staff.proposal SET content_hash = ''",
            "UPDATE staff.proposal SET proposed_by = 'ben', proposer = NULL",
            "UPDATE staff.proposal SET expires_at = now() + interval '1 year'",
            "DELETE FROM staff.proposal",
        ],
    )
    def test_what_happened_cannot_be_changed(
        self, hub: Hub, amy: Visitor, app: psycopg.Connection, statement: str
    ) -> None:
        assert approve(amy, hub.proposes()).status == 303
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)

    def test_nobody_approves_their_own(self, hub: Hub, app: psycopg.Connection) -> None:
        hub.proposes()
        with pytest.raises(psycopg.errors.CheckViolation, match="decided_by_another"):
            app.execute(
                "UPDATE staff.proposal SET state = 'approved', decided_by = 'somebody',"
                " decider = proposer, decided_at = now(), decided_hash = content_hash"
            )

    def test_what_forbids_it_stays(self, app: psycopg.Connection) -> None:
        for statement in (
            "ALTER TABLE staff.proposal DROP CONSTRAINT proposal_decided_by_another",
            "CREATE TABLE staff.mine ()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
