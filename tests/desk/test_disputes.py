"""Disputes at the desk: the work list, both sides, and decisions that wait for a second person."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.ids import from_text, to_text
from settlement.disputes import evidence, overdue, store
from tests.books import Books
from tests.desk.cases import Month, month
from tests.desk.conftest import SignIn
from tests.members.visitor import Site, Visitor


@pytest.fixture
def scene(books: Books) -> Month:
    made = month(books)
    made.hub.close("2026-11")
    return made


@pytest.fixture
def fay(sign_in: SignIn) -> Visitor:
    return sign_in("fay", "finance")


def page(dispute: str) -> str:
    return f"/desk/disputes/{dispute}"


def propose(visitor: Visitor, dispute: str, decision: str, reason: str = "one basket") -> str:
    """The proposal's page."""
    answer = visitor.post(page(dispute), on=page(dispute), decision=decision, reason=reason)
    assert answer.status == 303, answer.words
    return answer.location


def approve(visitor: Visitor, proposal: str) -> str:
    return visitor.submit(f"{proposal}/approve", on=proposal).words


class TestList:
    def test_without_any_says_so(self, fay: Visitor, scene: Month) -> None:
        assert "No disputes" in fay.get("/desk/disputes").words

    def test_shows_what_is_frozen_and_both_sides(self, fay: Visitor, scene: Month) -> None:
        scene.contest(scene.first)
        words = fay.get("/desk/disputes").words
        assert "Market v Fuel" in words
        assert "¥6.00 For the hub to decide" in words
        assert "Window 2026-10 still counts what is contested" in words

    def test_filters_sorts_and_is_a_csv(self, fay: Visitor, scene: Month) -> None:
        first, second = scene.contest(scene.first), scene.contest(scene.second, escalate=False)
        lines = fay.get("/desk/disputes?format=csv&sort=points").text.splitlines()
        assert [line.split(",")[0] for line in lines[1:]] == [second, first]
        assert ",Market,Fuel,Market,duplicate,400,400,CNY,opened," in lines[1]
        found = fay.get("/desk/disputes?state=escalated&window=2026-10&partner=fuel&format=csv")
        assert len(found.text.splitlines()) == 2
        assert "Nothing matches" in fay.get("/desk/disputes?window=1999-01").words
        assert "Nothing matches" in fay.get("/desk/disputes?state=resolved").words

    def test_an_auditor_reads_it_without_buttons(self, sign_in: SignIn, scene: Month) -> None:
        dispute = scene.contest(scene.first)
        ida = sign_in("ida", "auditor")
        answer = ida.get("/desk/disputes")
        assert "Proposed by: operations, finance, risk" in answer.words
        assert "Decide selected" not in answer.words
        assert "Propose " not in ida.get(page(dispute)).words
        token = ida.token("/desk")
        sent = {"csrf_token": token, "decision": "reject", "reason": "x"}
        assert ida.send("POST", page(dispute), sent).status == 403


class TestOne:
    def test_sets_both_sides_beside_each_other(self, fay: Visitor, scene: Month) -> None:
        dispute = scene.contest(scene.first)
        scene.record("reference,kind,points\n", slug="market")
        words = fay.get(page(dispute)).words
        assert "Points 0 600 differs" in words
        assert "Words Rung up twice. Two meals." in words
        assert "600 points of Market at Fuel are frozen, the rest settles." in words
        assert "Decide by" in words
        assert "If undecided: carried over into 2026-11." in words

    def test_before_the_hub_is_asked_it_may_only_be_carried_over(
        self, fay: Visitor, scene: Month
    ) -> None:
        dispute = scene.contest(scene.first, escalate=False)
        answer = fay.get(page(dispute))
        assert "If nobody answers: the hub decides." in answer.words
        assert 'value="carry"' in answer.text
        assert 'value="uphold"' not in answer.text

    def test_of_another_name_is_not_found(self, fay: Visitor, scene: Month) -> None:
        for name in ("14", "dsp_01m81rhhxmem8s4jz1ampnyhaf"):
            assert fay.get(page(name)).status == 404


class TestDeciding:
    def test_asks_for_a_decision_and_a_reason(self, fay: Visitor, scene: Month) -> None:
        dispute = scene.contest(scene.first)
        answer = fay.post(page(dispute), on=page(dispute), decision="uphold", points="601")
        assert answer.status == 422
        assert "Reason Both sides read it once it is approved. Error: Fill this in" in answer.words
        answer = fay.post(page(dispute), decision="uphold", points="601", reason="so")
        assert answer.status == 422
        assert "Not so many points of this line can be given back." in answer.words
        answer = fay.post(page(dispute), decision="both", reason="so")
        assert "Choose one of these" in answer.words

    def test_upheld_by_two_the_points_go_back(
        self, fay: Visitor, sign_in: SignIn, scene: Month
    ) -> None:
        dispute = scene.contest(scene.first)
        proposal = propose(fay, dispute, "uphold")
        assert "A proposal about this dispute waits already." in fay.get(page(dispute)).words
        assert "approve" not in [form.action.rpartition("/")[2] for form in fay.get(proposal).forms]
        approve(sign_in("amy", "approver"), proposal)
        words = fay.get(page(dispute)).words
        assert "Upheld" in words
        assert "600 points given back" in words
        assert "The hub, two people upheld it one basket" in words

    def test_a_second_proposal_about_it_is_refused(self, fay: Visitor, scene: Month) -> None:
        dispute = scene.contest(scene.first)
        form = fay.get(page(dispute)).form(page(dispute)).fields
        propose(fay, dispute, "reject")
        answer = fay.send("POST", page(dispute), {**form, "decision": "carry", "reason": "again"})
        assert answer.status == 422
        assert "A proposal about this dispute waits already." in answer.words

    def test_carried_over_it_is_in_the_next_window(
        self, fay: Visitor, sign_in: SignIn, scene: Month
    ) -> None:
        dispute = scene.contest(scene.first)
        approve(sign_in("amy", "approver"), propose(fay, dispute, "carry", "receipt is missing"))
        words = fay.get("/desk/disputes?window=2026-11").words
        assert "carried into 2026-11" in words
        words = fay.get(page(dispute)).words
        assert "The hub, two people carried it over receipt is missing" in words
        assert "If undecided: it stays out of the net and waits on." in words
        assert "Carry over into" not in words

    def test_many_are_a_proposal_each(self, fay: Visitor, scene: Month, books: Books) -> None:
        one, two = scene.contest(scene.first), scene.contest(scene.second)
        there = f"/desk/disputes/decide?dispute={one}&dispute={two}"
        asked = fay.get(there)
        assert "Decide 2 disputes ¥10.00" in asked.words
        fields = asked.form("/desk/disputes/decide").fields
        fields |= {f"{one}.decision": "uphold", f"{two}.decision": "carry", f"{one}.reason": "two"}
        del fields["dispute"]
        chosen = [("dispute", one), ("dispute", two)]

        def send(**more: str) -> int:
            sent = [*(fields | more).items(), *chosen]
            return fay.send("POST", "/desk/disputes/decide", sent).status  # type: ignore[arg-type]

        made = "SELECT content->>'carry' AS carry FROM staff.proposal ORDER BY id"
        assert send() == 422
        assert send(**{f"{two}.reason": "later", f"{one}.points": "900"}) == 422
        assert books.rows(made) == []
        assert send(**{f"{two}.reason": "later"}) == 303
        assert [row.carry for row in books.rows(made)] == [None, "2026-11"]

    def test_what_a_window_opened_since_is_not_carried_into_it(
        self, fay: Visitor, sign_in: SignIn, scene: Month
    ) -> None:
        dispute = scene.contest(scene.first)
        proposal = propose(fay, dispute, "carry")
        scene.hub.close("2026-12")
        assert "Approved and carried out." not in approve(sign_in("amy", "approver"), proposal)
        assert "carried into" not in fay.get(page(dispute)).words


class TestSilence:
    def test_of_the_hub_carries_it_over_once_for_each_window(
        self, fay: Visitor, scene: Month, books: Books
    ) -> None:
        dispute = scene.contest(scene.first)
        now = datetime.now(UTC) + timedelta(days=8)
        assert overdue.lapse_overdue(scene.database, now) == 1
        words = fay.get(page(dispute)).words
        assert "Carried over" in words
        assert "Time its day passed in silence Not decided in time: it was carried over." in words
        assert overdue.lapse_overdue(scene.database, now + timedelta(days=40)) == 0
        row = books.rows("SELECT carried_into, due_at FROM settlement.dispute")[0]
        assert row.due_at > now + timedelta(days=40)
        scene.hub.close("2026-12")
        assert overdue.lapse_overdue(scene.database, now + timedelta(days=90)) == 1

    def test_past_its_day_it_says_so(self, site: Site, fay: Visitor, scene: Month) -> None:
        dispute = scene.contest(scene.first)
        with scene.database.transaction() as session:
            session.connection().exec_driver_sql(
                "UPDATE settlement.dispute SET due_at = now() - interval '1 hour'"
            )
            assert len(store.overdue(session, datetime.now(UTC), 10)) == 1
        assert "past its day" in fay.get("/desk/disputes?state=overdue").words
        assert "the rule acts within five minutes" in fay.get(page(dispute)).words


class TestEvidence:
    def test_is_kept_byte_for_byte(self, fay: Visitor, scene: Month, books: Books) -> None:

        dispute = scene.contest(scene.first)
        id_ = from_text("dsp", dispute)
        assert id_ is not None
        with scene.database.transaction() as session:
            file = evidence.put(
                session, party=scene.hub.parties["fuel"], dispute=id_, name="slip.txt",
                media_type="text/plain", content=b"<b>600</b>", now=datetime.now(UTC),
            )  # fmt: skip
        assert "slip.txt Fuel" in fay.get(page(dispute)).words
        got = fay.get(f"{page(dispute)}/evidence/{to_text('evd', file)}")
        assert got.body == b"<b>600</b>"
        assert got.headers["Content-Disposition"] == 'attachment; filename="slip.txt"'
        assert got.headers["X-Content-Type-Options"] == "nosniff"
