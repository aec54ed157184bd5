"""The pages of exchanging over HTTP: a price, the state at every moment, the undo, foreign ids."""

from dataclasses import dataclass

import pytest

from exchange import freezing
from kit.ids import to_text
from tests.members.conftest import _site, site, visitor
from tests.members.visitor import Site, Visitor, sign_in_as
from tests.partners.exchanges.conftest import Trade

__all__ = ["_site", "site", "visitor"]


@dataclass
class Pages:
    """The member of `trade`, signed in; the partner believes the hub of these pages."""

    trade: Trade
    site: Site
    visitor: Visitor

    def quote(self, direction: str = "export", amount: str = "600") -> str:
        """The path of a fresh quote."""
        answer = self.visitor.post(
            "/exchange", on="/exchange", direction=direction, brand="airline", amount=amount
        )
        assert answer.status == 303, answer.words
        return answer.location

    def exchange(self, direction: str = "export", amount: str = "600") -> str:
        """The path of the state of an exchange that was confirmed."""
        quote = self.quote(direction, amount)
        answer = self.visitor.post(quote, on=quote)
        assert answer.status == 303, answer.words
        assert answer.location.startswith("/exchange/exg_")
        return answer.location


@pytest.fixture
def pages(trade: Trade, site: Site, visitor: Visitor) -> Pages:
    trade.programme.hub_keys = {**trade.programme.hub_keys, **site.keys}
    sign_in_as(visitor, trade.database, wallet=trade.wallet)
    return Pages(trade, site, visitor)


def test_from_price_to_undo(pages: Pages) -> None:
    quote = pages.quote(amount="６００")
    words = pages.visitor.get(quote).words
    assert "599 points become 179 at Airline" in words
    assert "10 points = 3 of theirs" in words
    assert "5 points, of what you give" in words
    assert "Airline, …4471" in words
    assert "This price holds until" in words
    assert pages.trade.balance() == (5_000, 0)
    state = pages.visitor.submit(quote)
    assert "Done" in state.words
    assert pages.trade.balance() == (4_401, 0)
    ask = pages.visitor.get(state.path + "/undo")
    assert "599 points" in ask.words
    assert pages.trade.programme.acts() == ["credit"]
    undone = pages.visitor.submit(state.path + "/undo")
    assert "Undone" in undone.words
    assert pages.trade.balance() == (5_000, 0)
    assert "Undone" in pages.visitor.get("/exchange").words


@pytest.mark.parametrize("amount", ["1,200", "1，200", "１２００", " 1200 "])
def test_amounts_as_people_type_them(pages: Pages, amount: str) -> None:
    pages.trade.owner.execute("UPDATE exchange.rate SET ours = 2 WHERE direction = 'import'")
    assert "1,200 at Airline become 800 points" in (
        pages.visitor.get(pages.quote("import", amount)).words
    )


@pytest.mark.parametrize("amount", ["", "x", "-5", "1.5", "1e3", "9" * 30, "0", "499", "1001"])
def test_amounts_that_are_refused_stay_typed(pages: Pages, amount: str) -> None:
    answer = pages.visitor.post(
        "/exchange", on="/exchange", direction="export", brand="airline", amount=amount
    )
    assert answer.status == 422
    assert "Enter a whole number from 502 to 1,000" in answer.words
    assert answer.form("/exchange").fields["amount"] == amount
    assert answer.form("/exchange").fields["brand"] == "airline"


def test_an_expired_price_keeps_the_entries(pages: Pages) -> None:
    quote = pages.quote()
    form = pages.visitor.get(quote).form(quote)
    pages.site.clock.advance(minutes=6)
    late = pages.visitor.send("POST", quote, form.fields)
    assert (late.status, late.location) == (303, quote)
    page = pages.visitor.get(quote)
    assert "This price has expired. Your entries are kept." in page.words
    assert pages.trade.balance() == (5_000, 0)
    again = pages.visitor.post("/exchange")
    assert again.location.startswith("/exchange/quote/")
    assert again.location != quote


def test_confirmed_twice_is_one_exchange(pages: Pages) -> None:
    quote = pages.quote()
    form = pages.visitor.get(quote).form(quote)
    first, second = (pages.visitor.send("POST", quote, form.fields) for _ in range(2))
    assert first.location == second.location
    assert pages.trade.journals("capture") == 1
    assert pages.visitor.get(quote).location == first.location


def test_the_true_state_while_nobody_answers(pages: Pages) -> None:
    pages.trade.programme.mood = "500"
    state = pages.exchange()
    page = pages.visitor.get(state)
    assert "Airline has not answered yet. 599 points are set aside; we keep asking" in page.words
    assert "Last asked" in page.words
    assert f'data-poll="{state}"' in page.text
    assert "Airline has not answered yet" in pages.visitor.get("/exchange").words
    part = pages.visitor.get(state, **{"X-Fragment": "1"})
    assert "<html" not in part.text
    pages.trade.programme.mood = "done"
    pages.trade.clock.ahead = pages.trade.row_of(state)["ask_at"] - pages.trade.clock()
    pages.trade.later(seconds=1)
    assert "Done" in pages.visitor.get(state, **{"X-Fragment": "1"}).words


def test_refused_says_why(pages: Pages) -> None:
    pages.trade.programme.mood = "refused"
    words = pages.visitor.get(pages.exchange("import", "30")).words
    assert "You do not have enough points at Airline." in words
    assert "Nothing was exchanged" in words


def test_an_undo_that_is_refused_says_why(pages: Pages) -> None:
    state = pages.exchange("import", "300")
    airline, body = pages.trade.airline, {"max_points": 5_500}
    path = f"/v1/members/{pages.trade.traveller}/payment-codes"
    code = airline.call("POST", path, body).body["code"]
    spent = {"payment_code": code, "points": 5_500, "reference": "all"}
    assert pages.trade.bank.call("POST", "/v1/redemptions", spent).status == 201
    answer = pages.visitor.submit(state + "/undo", on=state + "/undo")
    assert "have been spent, so it cannot be undone" in answer.words


def test_what_is_too_late_says_so(pages: Pages) -> None:
    state = pages.exchange()
    pages.trade.owner.execute("UPDATE partners.exchange SET undo_until = now()")
    page = pages.visitor.get(state + "/undo")
    assert "The time to undo this is over." in page.words
    assert not [form for form in page.forms if form.action.endswith("/undo")]


def test_foreign_ids_are_missing_ids(pages: Pages) -> None:
    quote, state = pages.quote(), pages.exchange()
    stranger = pages.site.visitor()
    sign_in_as(stranger, pages.trade.database)
    missing = stranger.get("/exchange/exg_00000000000000000000000000")
    for path in (quote, state, state + "/undo", "/exchange/quo_1", "/exchange/nothing"):
        answer = stranger.get(path)
        assert (answer.status, answer.words) == (404, missing.words)
    token = stranger.token("/exchange")
    for path in (quote, state + "/undo"):
        assert stranger.send("POST", path, {"csrf_token": token}).status == 404
    assert stranger.get(quote.replace("quo_", "exg_").replace("/quote", "")).status == 404
    assert "No brand that you have linked" in stranger.get("/exchange").words


def test_who_is_not_signed_in(pages: Pages) -> None:
    for path in ("/exchange", "/exchange/quote/quo_1", "/exchange/exg_1", "/exchange/exg_1/undo"):
        answer = pages.site.visitor().get(path)
        assert (answer.status, answer.location.partition("?")[0]) == (303, "/sign-in")


def test_frozen(pages: Pages) -> None:
    quote = pages.quote()
    form = pages.visitor.get(quote).form(quote)
    with pages.trade.database.transaction() as session:
        freezing.freeze(session, pages.trade.wallet)
    answer = pages.visitor.follow(pages.visitor.send("POST", quote, form.fields))
    assert "Your wallet is frozen" in answer.words
    assert pages.trade.balance() == (5_000, 0)
    assert not [form for form in answer.forms if form.action == "/exchange"]


def test_in_chinese(pages: Pages) -> None:
    visitor = pages.site.visitor(language="zh-CN")
    sign_in_as(visitor, pages.trade.database, language="zh", wallet=None)
    assert "您关联的品牌目前都不在这里兑换积分" in visitor.get("/exchange").words


def test_the_ids_say_which(pages: Pages) -> None:
    state = pages.exchange()
    assert to_text("exg", pages.trade.row_of(state)["id"]) == state.rpartition("/")[2]
