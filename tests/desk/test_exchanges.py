"""Exchanges that a partner does not answer, at the desk: found, understood, settled by two."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from kit.database import Database
from kit.ids import to_text
from tests.books import Books
from tests.desk.conftest import SignIn
from tests.members.visitor import Site, Visitor
from tests.partners.exchanges import conftest as exchanges
from tests.partners.exchanges.conftest import Trade
from tests.server import Coalition

trade = exchanges.trade


@pytest.fixture
def coalition(site: Site, database: Database, books: Books) -> Iterator[Coalition]:
    made = Coalition(site, database, books)  # type: ignore[arg-type]
    yield made
    made.close()


@pytest.fixture
def silent(trade: Trade, site: Site) -> str:
    """The page of an export that the airline was asked to credit, and never said whether it did."""
    trade.programme.mood = "500"
    exchange = trade.begun("export", 600)
    trade.advance(exchange)
    site.clock.advance(minutes=2)
    return page(exchange)


def page(exchange: UUID) -> str:
    return f"/desk/health/exchanges/{to_text('exg', exchange)}"


def propose(visitor: Visitor, at: str, said: str) -> str:
    """The proposal's page."""
    answer = visitor.post(at, on=at, said=said, reason="Ms Li, on the phone, ticket 4471")
    assert answer.status == 303, answer.words
    return answer.location


def approve(visitor: Visitor, proposal: str) -> str:
    return visitor.submit(f"{proposal}/approve", on=proposal).words


@pytest.mark.parametrize(("language", "words"), [("en", "Today"), ("zh", "今日")])
def test_a_page_that_is_not_there_leads_back_to_the_desk(
    sign_in: SignIn, books: Books, language: str, words: str
) -> None:
    answer = sign_in("ida", "auditor", language=language).get("/desk/nowhere")
    assert answer.status == 404
    assert f'href="/desk">{words}' in answer.text


class TestList:
    def test_without_any_says_so(self, sign_in: SignIn, books: Books) -> None:
        visitor = sign_in("ida", "auditor")
        assert "Every partner has answered." in visitor.get("/desk/health/exchanges").words
        assert visitor.get("/desk/health/exchanges/exg_nonsense").status == 404
        assert visitor.get(page(UUID(int=7))).status == 404

    def test_says_what_is_asked_since_when(
        self, sign_in: SignIn, trade: Trade, silent: str
    ) -> None:
        visitor = sign_in("fay", "finance")
        words = visitor.get("/desk/health/exchanges").words
        assert "Airline Give the member 179 of its own points 599 179" in words
        assert "Nothing matches" in visitor.get("/desk/health/exchanges?partner=bank").words
        assert "Nothing matches" in visitor.get("/desk/health/exchanges?partner=nobody").words
        (line,) = visitor.get(
            "/desk/health/exchanges?partner=airline&format=csv"
        ).text.splitlines()[1:]
        fields = line.split(",")
        assert fields[0] == silent.rpartition("/")[2]
        assert fields[1:9] == [
            "airline", trade.traveller, "FF-004471", "export", "asked", "credit", "599", "179",
        ]  # fmt: skip
        assert visitor.get(f"/desk/search?q={fields[0]}").location.endswith(silent)

    def test_what_is_answered_is_gone_from_it(self, sign_in: SignIn, trade: Trade) -> None:
        visitor, done = sign_in("fay", "finance"), trade.done("export", 600)
        assert "Every partner has answered." in visitor.get("/desk/health/exchanges").words
        words = visitor.get(page(done)).words
        assert "Nothing any more: it is over." in words
        assert "Settle it by hand" not in words


class TestSettling:
    def test_two_people_say_that_the_partner_did_it(
        self, sign_in: SignIn, trade: Trade, silent: str, books: Books
    ) -> None:
        fay, ben = sign_in("fay", "finance"), sign_in("ben", "approver")
        words = fay.get(silent).words
        assert "It did it The points leave the member's wallet, for its own." in words
        assert "It did not What was set aside goes back to the member." in words
        proposal = propose(fay, silent, "done")
        assert trade.balance() == (4_401, 599)  # Nothing yet.
        assert "A proposal about this exchange waits already." in fay.get(silent).words
        shown = ben.get(proposal).words
        assert "airline: settle an exchange by hand" in shown
        assert "ticket 4471" in shown
        assert "is done" in approve(ben, proposal)
        assert trade.balance() == (4_401, 0)
        (entry,) = books.rows(
            "SELECT who, object, before, after, reason FROM staff.audit"
            " WHERE what = 'exchange-settled'"
        )
        assert (entry.who, entry.object) == ("ben", f"exchange {silent.rpartition('/')[2]}")
        assert (entry.before["state"], entry.after["state"]) == ("asked", "done")
        asked = len(trade.programme.calls)
        trade.later(days=1)
        assert len(trade.programme.calls) == asked

    def test_or_that_it_did_not(self, sign_in: SignIn, trade: Trade, silent: str) -> None:
        fay, ben = sign_in("fay", "finance"), sign_in("ben", "approver")
        assert "is returned" in approve(ben, propose(fay, silent, "refused"))
        assert trade.balance() == (5_000, 0)

    def test_the_first_cannot_be_the_second(
        self, sign_in: SignIn, trade: Trade, silent: str
    ) -> None:
        amy = sign_in("amy", "finance", "approver")
        proposal = propose(amy, silent, "done")
        assert amy.send(
            "POST", f"{proposal}/approve", {"csrf_token": amy.token("/desk")}
        ).status in (403, 422)
        assert trade.balance() == (4_401, 599)

    def test_the_partner_may_still_answer_first(
        self, sign_in: SignIn, trade: Trade, silent: str
    ) -> None:
        fay, ben = sign_in("fay", "finance"), sign_in("ben", "approver")
        proposal = propose(fay, silent, "refused")
        trade.programme.mood = "done"
        trade.later(hours=2)
        assert trade.balance() == (4_401, 0)
        assert "The partner is not asked this any more." in approve(ben, proposal)
        assert trade.balance() == (4_401, 0)

    def test_errors_stand_beside_their_fields(
        self, sign_in: SignIn, trade: Trade, silent: str
    ) -> None:
        fay = sign_in("fay", "finance")
        answer = fay.post(silent, on=silent, said="perhaps", reason="")
        assert answer.status == 422
        assert "Choose one of these" in answer.words
        assert "Fill this in" in answer.words

    def test_not_a_moment_after_it_was_asked(
        self, sign_in: SignIn, trade: Trade, silent: str, site: Site
    ) -> None:
        fay = sign_in("fay", "finance")
        site.clock.reset()
        answer = fay.post(silent, on=silent, said="done", reason="They said so")
        assert answer.status == 422
        assert "asked a moment ago" in answer.words
        assert "They said so" in answer.text

    def test_others_look_and_may_not(self, sign_in: SignIn, trade: Trade, silent: str) -> None:
        ida = sign_in("ida", "auditor")
        assert "Proposed by: operations, finance" in ida.get(silent).words
        sent = {"csrf_token": ida.token("/desk"), "said": "done", "reason": "x"}
        assert ida.send("POST", silent, sent).status == 403
