"""Today: what is due, in order and each with its link; how the books stand, on every page."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from kit.database import Database
from settlement.book_checks.checking import check_in_full, check_quickly
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.factories import build_proposal
from tests.members.visitor import Site
from tests.settlement.coalition import Coalition

DAY = timedelta(days=1)
BROKEN = "Books do not balance: 1 check failed"


@pytest.fixture
def coalition(books: Books) -> Coalition:
    made = Coalition(books)
    made.partner("market", name="Market", cap=500_000)
    made.partner("fuel", name="Fuel")
    return made


class TestList:
    def test_a_new_hub_has_three_steps(self, sign_in: SignIn, books: Books) -> None:
        page = sign_in("fay", "finance").get("/desk")
        assert "Three steps to begin" in page.words
        for href in ("/desk/people", "/desk/partners"):
            assert f'href="{href}"' in page.text
        assert "Nothing to do today." in page.words
        assert "No points have been issued yet." in page.words
        assert "No issuer has a cap yet." in page.words

    def test_a_closed_window_waits_for_approval(
        self, sign_in: SignIn, coalition: Coalition
    ) -> None:
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 100_000)
        coalition.spend("fuel", wallet, 40_000)
        closed = coalition.close("2026-12")
        page = sign_in("fay", "finance").get("/desk")
        assert f"Approve window {closed}" in page.words
        assert f'href="/desk/windows/{closed}"' in page.text
        moves = sum(net for net in coalition.nets(closed).values() if net > 0)
        assert f"¥{moves / 100:,.2f}" in page.words
        assert "Three steps" not in page.words

    def test_a_closing_that_was_cut_short_is_stuck(
        self, sign_in: SignIn, site: Site, coalition: Coalition
    ) -> None:
        visitor = sign_in("fay", "finance")
        closed = coalition.begin("2026-12")
        said = f"Closing of window {closed} is not finished"
        assert said not in visitor.get("/desk").words
        site.clock.advance(minutes=11)
        assert said in visitor.get("/desk").words
        coalition.resume(closed)
        assert said not in visitor.get("/desk").words

    def test_what_waits_for_me_is_not_what_i_proposed(
        self, sign_in: SignIn, database: Database
    ) -> None:
        finance, approver = sign_in("fay", "finance"), sign_in("amy", "approver")
        with database.transaction() as session:
            build_proposal(session, proposed_by="fay", expires_at=datetime.now(UTC) + DAY)
        mine = finance.get("/desk").words
        assert "Proposed by you: 1" in mine
        assert "Waiting for your approval" not in mine
        theirs = approver.get("/desk").words
        assert "Waiting for your approval: 1" in theirs
        assert "Proposed by you" not in theirs

    def test_a_partner_without_terms_cannot_trade(
        self, sign_in: SignIn, coalition: Coalition, owner: psycopg.Connection
    ) -> None:
        owner.execute(
            "UPDATE partners.terms SET valid = tstzrange(lower(valid), now()) WHERE party_id = %s",
            (coalition.parties["fuel"],),
        )
        page = sign_in("fay", "finance").get("/desk")
        assert "Fuel has no terms and cannot trade" in page.words
        assert 'href="/desk/partners/fuel"' in page.text

    def test_a_late_seal_and_a_worker_that_is_gone(
        self, sign_in: SignIn, site: Site, coalition: Coalition, owner: psycopg.Connection
    ) -> None:
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 10)
        coalition.close("2026-12")  # Which seals.
        coalition.issue("market", wallet, 10)
        owner.execute("UPDATE settlement.head SET at = now() - interval '1 hour'")
        site.clock.advance(minutes=11)
        visitor = sign_in("fay", "finance")
        assert "The journals are not sealed" in visitor.get("/desk").words
        owner.execute(
            "INSERT INTO jobs.procrastinate_periodic_defers (task_name, defer_timestamp,"
            " periodic_id) VALUES ('seal', extract(epoch FROM now())::bigint, '')"
        )
        try:
            assert "No job has run" in visitor.get("/desk").words
        finally:
            owner.execute("DELETE FROM jobs.procrastinate_periodic_defers")


class TestFigures:
    def test_outstanding_and_the_open_window(
        self, sign_in: SignIn, coalition: Coalition, database: Database
    ) -> None:
        wallet = coalition.wallet()
        coalition.issue("market", wallet, 1000)
        first = coalition.close("2026-12")
        coalition.spend("fuel", wallet, 400)
        coalition.issue("market", wallet, 50)
        coalition.books.roll_up()
        visitor = sign_in("fay", "auditor")
        page = visitor.get("/desk")
        assert "650 points are outstanding, of 1 issuers" in page.words
        assert "Issued 50" in page.words
        assert "Spent 400" in page.words
        file = visitor.get("/desk/outstanding.csv")
        assert file.body.decode("utf-8-sig").splitlines() == [
            "window,issuer,points",
            f"{first},market,1000",
            "2026-12,market,650",
        ]

    def test_exposure_against_cap(
        self, sign_in: SignIn, coalition: Coalition, database: Database
    ) -> None:
        coalition.issue("market", coalition.wallet(), 300_000)
        visitor = sign_in("fay", "risk")
        assert "Market has used most of its cap" in visitor.get("/desk").words
        rows = visitor.get("/desk/exposure.csv").body.decode("utf-8-sig").splitlines()
        assert rows[0] == "partner,points,owed,exposure,cap,currency"
        assert rows[1].startswith("market,300000,0,")
        assert rows[1].endswith(",500000,CNY")


class TestBooks:
    def test_checked_a_moment_ago(
        self, sign_in: SignIn, site: Site, coalition: Coalition, database: Database
    ) -> None:
        visitor = sign_in("fay", "auditor")
        assert "The books have not been checked yet" in visitor.get("/desk/shortcuts").words
        answer = visitor.submit("/desk/check", on="/desk")
        assert "Books balance" in answer.words
        assert "checked just now" in visitor.get("/desk").words
        assert "have not been checked" not in visitor.get("/desk/shortcuts").words
        site.clock.advance(minutes=16)
        assert "The books were last checked at" in visitor.get("/desk/shortcuts").words

    @pytest.mark.corrupts_books
    def test_books_that_are_off_are_said_on_every_page_until_they_are_well(
        self,
        sign_in: SignIn,
        site: Site,
        coalition: Coalition,
        database: Database,
        owner: psycopg.Connection,
    ) -> None:
        coalition.issue("market", coalition.wallet(), 1000)
        visitor = sign_in("fay", "finance")
        owner.execute("UPDATE exchange.exposure SET points = points + 1 WHERE points > 0")
        check_quickly(database, site.clock())
        for path in ("/desk", "/desk/shortcuts"):
            assert BROKEN in visitor.get(path).words
        assert "exposure-is-what-the-totals-say" in visitor.get("/desk").words
        owner.execute("UPDATE exchange.exposure SET points = points - 1 WHERE points > 0")
        visitor.submit("/desk/check", on="/desk")
        assert BROKEN not in visitor.get("/desk/shortcuts").words

    @pytest.mark.corrupts_books
    def test_what_a_full_check_found_is_not_ended_by_a_quick_one(
        self,
        sign_in: SignIn,
        site: Site,
        coalition: Coalition,
        database: Database,
        owner: psycopg.Connection,
    ) -> None:
        coalition.issue("market", coalition.wallet(), 1000)
        owner.execute("UPDATE exchange.lot SET expires_on = expires_on + 1")
        check_in_full(database, site.clock() - timedelta(minutes=1))
        visitor = sign_in("fay", "finance")
        answer = visitor.submit("/desk/check", on="/desk")
        assert BROKEN in answer.words
