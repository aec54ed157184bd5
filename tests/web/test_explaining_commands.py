"""`bin/hub settlement …` and `bin/hub simulate …`, as typed."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kit.errors import Refusal
from kit.ids import from_text, to_text, uuid7
from settlement import deferrals, revisions
from tests.books import Books
from tests.settlement.coalition import NOW, Coalition
from tests.web.desk import Desk


@pytest.fixture
def coalition(books: Books) -> Coalition:
    """Market's points are spent at Fuel, which is paid 0.9 fen for each, and gives 2 % of it."""
    coalition = Coalition(books)
    coalition.partner("market")
    coalition.partner("fuel", accept_price=900_000, fee_ppm=20_000)
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 1500)
    coalition.spend("fuel", wallet, 1001)
    coalition.close("2026-12")
    return coalition


@pytest.fixture
def desk(coalition: Coalition) -> Desk:
    return Desk(coalition.database, coalition.signer)


class TestExplain:
    def test_goes_from_the_net_down_to_the_journals(self, desk: Desk) -> None:
        shown = desk.json("settlement", "explain", "window 1", "fuel")
        assert (shown["net"], shown["receives"], shown["pays"]) == (881, 900, 19)
        [spent] = [each for each in shown["reasons"] if each["kind"] == "spent"]
        assert (spent["exact"], spent["rounding"], spent["amount"]) == ("900.9", "down", 900)
        [line] = desk.json("settlement", "lines", "window 1", "fuel", "--kind", "spent")
        assert (line["points"], line["issuer"]) == (1001, "Market")
        assert line["id"].startswith("jrn_")

    def test_shows_a_tree(self, desk: Desk) -> None:
        shown = desk.run("settlement", "explain", "window 1", "fuel").stdout
        for words in (
            "Fuel, window window 1: receives ¥8.81 CNY = ¥9.00 received − ¥0.19 paid",
            "is owed ¥9.00 for points spent (900.9 exactly, rounded down)",
            "1,001 spent, of Market at Fuel × 0.9",
        ):
            assert words in shown.replace("\n", " "), shown

    def test_hub_and_float_too(self, desk: Desk) -> None:
        assert desk.json("settlement", "explain", "window 1", "hub")["receives"] > 0

    def test_finance_may_ask_by_acceptor(self, desk: Desk) -> None:
        [line] = desk.json(
            *("settlement", "lines", "window 1", "market", "--kind", "spent", "--owes"),
            *("--with", "fuel"),
        )
        assert line["acceptor"] == "Fuel"

    def test_evidence_of_what_nobody_asked_for(self, desk: Desk, coalition: Coalition) -> None:
        row = coalition.books.rows("SELECT id FROM exchange.journal LIMIT 1")[0]
        with pytest.raises(Refusal) as refused:
            desk.run("settlement", "evidence", to_text("jrn", row.id))
        assert refused.value.code == "evidence-not-kept"

    def test_what_is_left_out_and_brought_in(self, desk: Desk, coalition: Coalition) -> None:
        [line] = desk.json("settlement", "lines", "window 1", "fuel", "--kind", "spent")
        with coalition.database.transaction() as session:
            deferral = deferrals.defer_line(
                session,
                coalition.id("window 1"),
                from_text("jrn", line["id"]) or UUID(int=0),
                coalition.parties["market"],
                because=uuid7(),
                now=NOW,
            )
        # Explained are the figures in force, until there are others.
        assert desk.json("settlement", "explain", "window 1", "fuel")["net"] == 881
        revisions.revise(
            coalition.database,
            window="window 1",
            reason="dispute",
            by="mei",
            now=NOW,
            signer=coalition.signer,
        )
        shown = desk.json("settlement", "explain", "window 1", "fuel")
        assert (shown["revision"], shown["net"], shown["reasons"]) == (2, 0, [])
        assert {each["kind"]: each["exact"] for each in shown["left_out"]} == {
            "spent": "900.9",
            "fee": "18.018",
        }
        [line] = desk.json("settlement", "lines", "window 1", "fuel", "--kind", "spent")
        assert line["left_out"] is True
        with coalition.database.transaction() as session:
            deferrals.release(session, deferral, NOW)
        coalition.close("2027-01")
        shown = desk.json("settlement", "explain", "2026-12", "fuel")
        assert (shown["net"], [each["kind"] for each in shown["brought_in"]]) == (
            881,
            ["spent", "fee"],
        )
        assert "brought in" in desk.run("settlement", "explain", "2026-12", "fuel").stdout
        [window] = desk.json("simulate", "2026-12")
        assert [each["after"] == each["before"] for each in window["parties"]] == [True] * 4

    @pytest.mark.corrupts_books
    def test_figures_that_the_books_do_not_come_to(self, desk: Desk, coalition: Coalition) -> None:
        coalition.books.owner.execute(
            "UPDATE settlement.obligation SET amount = amount + 1 WHERE kind = 'fee'"
        )
        with pytest.raises(Refusal) as refused:
            desk.run("settlement", "explain", "window 1", "fuel")
        assert refused.value.code == "explanation-does-not-add-up"


class TestSimulate:
    def net_changes(self, desk: Desk, *words: str) -> dict[str, int]:
        [window] = desk.json("simulate", "window 1", *words)
        return {each["name"]: each["net_change"] for each in window["parties"]}

    def test_unchanged_is_what_was_paid(self, desk: Desk, coalition: Coalition) -> None:
        [window] = desk.json("simulate", "window 1")
        for each in window["parties"]:
            assert each["after"] == each["before"]
        kept = coalition.payments("window 1")
        names = {"market": "Market", "fuel": "Fuel", "hub": "Hub", "float": "Float"}
        assert [(each["payer"], each["payee"], each["amount"]) for each in window["payments"]] == [
            (names[payer], names[payee], amount) for payer, payee, amount, _ in kept
        ]

    def test_another_price(self, desk: Desk, tmp_path: Path) -> None:
        changed = {"Hub": -99, "Float": 0, "Market": 0, "Fuel": 99}
        assert self.net_changes(desk, "--set", "fuel.accept_price=1000000") == changed
        file = tmp_path / "terms.json"
        file.write_text(json.dumps({"fuel": {"accept_price": 1_000_000}}))
        assert self.net_changes(desk, "--terms", str(file)) == changed

    def test_another_policy(self, desk: Desk) -> None:
        changes = self.net_changes(desk, "--policy", "market=issuance")
        assert (changes["Market"], changes["Float"]) == (-499, 500)
        shown = desk.run("simulate", "window 1", "--policy", "market=issuance").stdout
        assert "+¥5.00" in shown

    def test_another_currency_at_a_rate(self, desk: Desk, tmp_path: Path) -> None:
        file = tmp_path / "rates.json"
        file.write_text('{"JPY": "20.1"}')
        words = ("--set", "fuel.currency=JPY", "--rates", str(file))
        [window] = desk.json("simulate", "window 1", *words)
        [fuel] = [each for each in window["parties"] if each["name"] == "Fuel"]
        assert (fuel["after"]["settles"], fuel["after"]["currency"]) == (881 * 201 // 1000, "JPY")

    def test_another_route(self, desk: Desk) -> None:
        ways: dict[str, list[Any]] = {
            route: desk.json("simulate", "window 1", "--route", route)[0]["payments"]
            for route in ("hub", "direct")
        }
        assert {each["payer"] for each in ways["hub"]} == {"Market", "Hub"}
        assert {each["payer"] for each in ways["direct"]} == {"Market"}

    @pytest.mark.parametrize(
        "words",
        [("--set", "fuel.cap=1"), ("--policy", "fuel=never"), ("--set", "fuel.fee_ppm=2000000")],
    )
    def test_refuses_what_no_terms_could_be(self, desk: Desk, words: tuple[str, str]) -> None:
        with pytest.raises(Refusal) as refused:
            desk.run("simulate", "window 1", *words)
        assert refused.value.code == "scenario-refused"

    def test_refuses_a_window_that_is_open(self, desk: Desk) -> None:
        with pytest.raises(Refusal) as refused:
            desk.run("simulate", "2026-12")
        assert refused.value.code == "window-not-closed"
