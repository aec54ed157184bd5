"""The inbox of what waits for a second person, and the page on which they decide."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.database import Database
from kit.ids import to_text
from settlement import agreed
from settlement.reckoning import HUB
from staff import approvals
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.members.visitor import Site, Visitor
from tests.settlement.bank.agreed import agree_account
from tests.settlement.coalition import Coalition

Propose = Callable[..., str]


@pytest.fixture
def hub(books: Books) -> Coalition:
    """Market owes Fuel 300 fen for the closed `window 1`; mei closed it."""
    made = Coalition(books)
    for slug in ("market", "fuel"):
        made.partner(slug)
    wallet = made.wallet()
    made.issue("market", wallet, 500)
    made.spend("fuel", wallet, 300)
    made.close("2030-02")
    return made


@pytest.fixture
def propose(database: Database) -> Propose:
    """`propose(kind, content, by="fay")` is the public id of a proposal of somebody's."""

    def proposed(kind: str, content: Mapping[str, Any], *, by: str = "fay") -> str:
        with database.transaction() as session:
            id_ = approvals.propose(
                session, kind=kind, content=content, reason="as agreed", by=by,
                now=datetime.now(UTC),
            )  # fmt: skip
        return to_text("prp", id_)

    return proposed


@pytest.fixture
def approver(sign_in: SignIn) -> Visitor:
    return sign_in("amy", "approver")


@pytest.fixture
def finance(sign_in: SignIn) -> Visitor:
    """Fay, who proposes."""
    return sign_in("fay", "finance", "operations", "risk")


def figures(hub: Coalition, window: str = "window 1") -> dict[str, Any]:
    with hub.database.transaction() as session:
        return agreed.figures(session, window)


def page(name: str) -> str:
    return f"/desk/approvals/{name}"


class TestInbox:
    def test_lists_what_waits_for_me(
        self, hub: Coalition, finance: Visitor, approver: Visitor, propose: Propose
    ) -> None:
        name = propose("window-approval", figures(hub))
        answer = approver.get("/desk/approvals")
        assert answer.status == 200
        assert "Approve window window 1" in answer.words
        assert "¥6.00" in answer.words
        assert page(name) in answer.text
        assert "Waiting for me 1" in answer.words

    def test_what_i_proposed_does_not_wait_for_me(
        self, hub: Coalition, finance: Visitor, propose: Propose
    ) -> None:
        propose("window-approval", figures(hub))
        assert "Nothing waits" in finance.get("/desk/approvals").words
        assert "Awaiting approval" in finance.get("/desk/approvals?show=mine").words

    def test_whoever_may_not_approve_is_told_who_may(
        self, hub: Coalition, finance: Visitor, sign_in: SignIn, propose: Propose
    ) -> None:
        propose("window-approval", figures(hub))
        answer = sign_in("aud", "auditor").get("/desk/approvals")
        assert "These roles approve: approver." in answer.words
        assert "Approve window window 1" in answer.words

    def test_lists_what_was_decided(
        self, hub: Coalition, finance: Visitor, approver: Visitor, propose: Propose
    ) -> None:
        assert "will stand here" in approver.get("/desk/approvals?show=decided").words
        name = propose("window-approval", figures(hub))
        approver.submit(page(name) + "/approve", on=page(name))
        shown = approver.get("/desk/approvals?show=decided").words
        assert "Approved" in shown
        narrowed = approver.get("/desk/approvals?show=decided&state=rejected").words
        assert "Nothing matches these filters." in narrowed

    def test_pages_by_a_cursor(self, finance: Visitor, propose: Propose, approver: Visitor) -> None:
        for day in range(1, 29):
            propose("fx-rate", rate(valid_from=f"2030-01-{day:02d}"))
        first = finance.get("/desk/approvals?show=mine&rows=25")
        assert first.text.count("/desk/approvals/prp_") == 25
        (older,) = re.findall(r'href="([^"]*after=[^"]*)" rel="next"', first.text)
        second = finance.get(older.replace("&amp;", "&"))
        assert second.text.count("/desk/approvals/prp_") == 3
        (newer,) = re.findall(r'href="([^"]*before=[^"]*)" rel="prev"', second.text)
        again = finance.get(newer.replace("&amp;", "&"))
        assert again.text.count("/desk/approvals/prp_") == 25

    def test_is_a_csv_too(
        self, hub: Coalition, finance: Visitor, approver: Visitor, propose: Propose
    ) -> None:
        name = propose("window-approval", figures(hub))
        lines = approver.get("/desk/approvals?format=csv").text.splitlines()
        assert lines[0].lstrip("\ufeff").startswith("id,kind,object,state")
        assert lines[1].startswith(f"{name},window-approval,window 1,waiting,fay")


def rate(**other: Any) -> dict[str, Any]:
    return {
        "base": "CNY", "quote": "JPY", "numerator": 201, "denominator": 10,
        "valid_from": "2030-01-01", **other,
    }  # fmt: skip


class TestCard:
    def test_shows_before_and_after_who_why_and_until(
        self, hub: Coalition, finance: Visitor, approver: Visitor, propose: Propose
    ) -> None:
        name = propose("window-approval", figures(hub))
        words = approver.get(page(name)).words
        for said in ("Closed Approved", "¥6.00", "fay", "as agreed", "revision 1", "not fay"):
            assert said in words, said
        digest = approvals.content_hash("window-approval", figures(hub)).hex()
        assert digest[:8] in words
        assert digest in approver.last.text if approver.last else False

    def test_the_proposer_has_no_button_but_withdraw(
        self, hub: Coalition, finance: Visitor, propose: Propose
    ) -> None:
        name = propose("window-approval", figures(hub))
        answer = finance.get(page(name))
        assert "You proposed this, so someone else must approve it." in answer.words
        assert [form.action for form in answer.forms if name in form.action] == [
            page(name) + "/withdraw"
        ]
        assert "Withdrawn" in finance.submit(page(name) + "/withdraw", on=page(name)).words

    def test_an_auditor_has_no_button(
        self, hub: Coalition, finance: Visitor, sign_in: SignIn, propose: Propose
    ) -> None:
        name = propose("window-approval", figures(hub))
        answer = sign_in("aud", "auditor").get(page(name))
        assert not [form for form in answer.forms if name in form.action]

    def test_approving_needs_a_fresh_proof(
        self, hub: Coalition, finance: Visitor, sign_in: SignIn, propose: Propose
    ) -> None:
        name = propose("window-approval", figures(hub))
        answer = sign_in("amy", "approver", proved=False).post(
            page(name) + "/approve", on=page(name)
        )
        assert (answer.status, answer.location) == (303, f"/desk/prove?next={page(name)}")
        assert hub.state("window 1") == "closed"

    def test_approves_and_carries_out(
        self, hub: Coalition, finance: Visitor, approver: Visitor, propose: Propose, owner: Any
    ) -> None:
        name = propose("window-approval", figures(hub))
        words = approver.submit(page(name) + "/approve", on=page(name)).words
        assert "Approved and carried out." in words
        assert "Approved by amy" in words
        assert hub.state("window 1") == "approved"
        said = owner.execute(
            "SELECT who, what, place FROM staff.audit WHERE object IN (%s, 'window window 1')"
            " ORDER BY at, id",
            (name,),
        ).fetchall()
        assert [(who, what) for who, what, _ in said][-3:] == [
            ("fay", "proposed"),
            ("amy", "approved"),
            ("amy", "window-approved"),
        ]
        assert said[-1][2].startswith("127.0.0.1, passkey, ses_")

    def test_whoever_closed_the_window_is_told_so(
        self, hub: Coalition, finance: Visitor, sign_in: SignIn, propose: Propose
    ) -> None:
        name = propose("window-approval", figures(hub))
        answer = sign_in("mei", "approver").get(page(name))
        assert "You closed this window, so someone else must approve it." in answer.words
        assert page(name) + "/approve" not in answer.text

    def test_rejects_with_a_reason(
        self, hub: Coalition, finance: Visitor, approver: Visitor, propose: Propose
    ) -> None:
        name = propose("window-approval", figures(hub))
        nothing = approver.post(page(name) + "/reject", on=page(name), reason=" ")
        assert nothing.status == 422
        assert "Fill this in" in nothing.words
        words = approver.submit(page(name) + "/reject", on=page(name), reason="too early").words
        assert "Rejected by amy" in words
        assert "too early" in words
        assert hub.state("window 1") == "closed"

    def test_unknown_ones_are_not_found(self, approver: Visitor) -> None:
        assert approver.get("/desk/approvals/prp_x").status == 404
        assert approver.get(page("prp_01m833qhqvfx6smwk0fq19vd10")).status == 404

    def test_an_expired_one_is_shown_as_such(
        self, site: Site, hub: Coalition, finance: Visitor, approver: Visitor, propose: Propose
    ) -> None:
        name = propose("window-approval", figures(hub))
        expire(hub, name)
        answer = approver.get(page(name))
        assert "Nobody decided on it in time." in answer.words
        assert page(name) + "/approve" not in answer.text

    def test_terms_show_their_effect_on_the_last_window(
        self, hub: Coalition, finance: Visitor, approver: Visitor, propose: Propose
    ) -> None:
        content = {
            "party": hub.parties["fuel"], "issue_price": 1_000_000, "accept_price": 500_000,
            "fee_ppm": 0, "prefunded_ppm": 0, "breakage_hub_ppm": 0, "currency": "CNY",
            "cap": None, "expiry_months": 24, "pending_days": 0,
            "valid_from": "2031-01-01T00:00:00+00:00", "collateral": 0, "fund_share": 0,
        }  # fmt: skip
        words = approver.get(page(propose("terms", content))).words
        assert "Price of a point accepted ¥1.00 for 100 points ¥0.50 for 100 points" in words
        assert "Window window 1 under the new terms, simulated" in words
        assert "−¥1.50" in words

    def test_payment_files_stand_with_their_digests(
        self, hub: Coalition, finance: Visitor, approver: Visitor, propose: Propose
    ) -> None:
        now = datetime.now(UTC)
        with hub.database.transaction() as session:
            for party, account in ((HUB, "6222020200112233445"), (hub.parties["fuel"], "62170010")):
                agree_account(session, party, account, now=now)
        name = propose("window-approval", figures(hub))
        approver.submit(page(name) + "/approve", on=page(name))
        with hub.database.transaction() as session:
            content = agreed.payment(session, "window 1", by="fay", at=now)
        (file,) = content["files"]
        shown = approver.get(page(propose("window-payment", content)))
        assert file["name"] in shown.words
        assert file["digest"][:8] in shown.words


def expire(hub: Coalition, name: str) -> None:
    """Two days go by."""
    hub.books.owner.execute(
        "UPDATE staff.proposal SET proposed_at = proposed_at - %(d)s, expires_at = expires_at"
        " - %(d)s",
        {"d": timedelta(days=2)},
    )
