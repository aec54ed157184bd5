"""`bin/hub windows …` and `bin/hub fx …`, as typed."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kit.database import Database
from kit.errors import Refusal
from settlement.errors import FxRateExists, SettlementStepRefused, WindowNameInvalid
from staff.errors import AlreadyProposed, SecondPersonRequired
from tests.books import Books
from tests.factories import build_operator
from tests.settlement.coalition import Coalition
from web.commands.context import Context
from web.commands.fx import fx
from web.commands.proposals import proposals
from web.commands.windows import _month_after, windows


class Desk:
    """Runs commands over the test's database."""

    def __init__(self, coalition: Coalition) -> None:
        self.coalition = coalition

    def run(self, *words: str) -> Result:
        context = Context()
        context.__dict__["database"] = self.coalition.database
        context.__dict__["settings"] = SimpleNamespace(
            currency="CNY", key=self.coalition.signer, sealer=self.coalition.signer
        )
        group = {"windows": windows, "fx": fx, "proposals": proposals}[words[0]]
        result = CliRunner().invoke(group, words[1:], obj=context)
        if isinstance(result.exception, Refusal):
            raise result.exception
        return result

    def json(self, *words: str) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def desk(books: Books) -> Desk:
    return Desk(Coalition(books))


@pytest.fixture(autouse=True)
def _two_people(database: Database) -> None:
    with database.transaction() as session:
        for name in ("ann", "ben"):
            build_operator(session, name=name)


class TestWindows:
    def test_open_the_first(self, desk: Desk, database: Database) -> None:
        desk.coalition.books.owner.execute('TRUNCATE exchange."window" CASCADE')
        assert desk.json("windows", "open", "2017-01")["state"] == "open"
        assert desk.json("windows", "list")[0]["name"] == "2017-01"

    def test_refuse_a_name_that_no_url_can_hold(self, desk: Desk) -> None:
        with pytest.raises(WindowNameInvalid):
            desk.run("windows", "open", "January 2017")

    def test_close_and_show(self, desk: Desk) -> None:
        desk.coalition.partner("market")
        desk.coalition.partner("fuel")
        wallet = desk.coalition.wallet()
        desk.coalition.issue("market", wallet, 500)
        desk.coalition.spend("fuel", wallet, 300)
        shown = desk.json("windows", "close", "--as", "ann", "--next", "2017-02")
        assert shown["window"]["state"] == "closed"
        assert sum(each["net"] for each in shown["positions"]) == 0
        market, fuel = (desk.coalition.parties[slug] for slug in ("market", "fuel"))
        assert [(each["payer"], each["payee"], each["amount"]) for each in shown["payments"]] == [
            (1, fuel, 300),
            (market, 1, 300),
        ]
        assert desk.json("windows", "show", "window 1") == shown
        assert desk.json("windows", "resume", "window 1") == shown
        assert "¥3.00" in desk.run("windows", "show", "window 1").stdout

    def test_close_names_the_next_month_by_itself(self, desk: Desk) -> None:
        desk.run("windows", "close", "--as", "ann", "--next", "2017-12")
        assert desk.run("windows", "close", "--as", "ann").exit_code == 0
        assert [each["name"] for each in desk.json("windows", "list")] == [
            "2018-01",
            "2017-12",
            "window 1",
        ]

    def test_close_asks_for_a_name_where_none_follows(self, desk: Desk) -> None:
        result = desk.run("windows", "close", "--as", "ann")
        assert result.exit_code == 2
        assert "--next" in result.output

    def test_settle_step_by_step_or_at_once(self, desk: Desk) -> None:
        desk.run("windows", "close", "--as", "ann", "--next", "2017-01")
        for step, state in (("approve", "approved"), ("pay", "paying")):
            words = ("windows", step, "window 1", "--as", "ann", "--reason", "a test")
            proposal = desk.json(*words)
            assert desk.json("windows", "list")[-1]["state"] != state
            desk.run("proposals", "approve", proposal["id"], "--as", "ben")
            assert desk.json("windows", "list")[-1]["state"] == state
        assert desk.json("windows", "settle", "window 1", "--as", "ben")["state"] == "settled"
        with pytest.raises(SettlementStepRefused):
            desk.run("windows", "settle", "window 1", "--as", "ben")

    @pytest.mark.parametrize(
        ("name", "after"),
        [("2017-01", "2017-02"), ("2017-11", "2017-12"), ("2017-12", "2018-01")],
    )
    def test_months_follow(self, name: str, after: str) -> None:
        assert _month_after(name) == after


class TestFx:
    def agree(self, desk: Desk, *words: str) -> Any:
        proposal = desk.json("fx", "propose", *words, "--as", "ann", "--reason", "the ECB's")
        desk.json("proposals", "approve", proposal["id"], "--as", "ben")
        return proposal["content"]

    def test_agree_and_list(self, desk: Desk) -> None:
        agreed = self.agree(desk, "CNY/JPY", "20.1", "--from", "2017-01-01")
        assert (agreed["numerator"], agreed["denominator"]) == (201, 10)
        self.agree(desk, "EUR", "9/70")
        rows = desk.json("fx", "list")
        assert [(row["quote"], row["numerator"], row["denominator"]) for row in rows] == [
            ("EUR", 9, 70),
            ("JPY", 201, 10),
        ]
        assert rows[1]["valid_from"] == "2017-01-01"

    def test_one_person_fixes_nothing(self, desk: Desk) -> None:
        words = ("fx", "propose", "CNY/JPY", "20.1", "--as", "ann", "--reason", "mine")
        proposal = desk.json(*words)
        with pytest.raises(SecondPersonRequired):
            desk.run("proposals", "approve", proposal["id"], "--as", "ann")
        assert desk.json("fx", "list") == []

    def test_twice_alike_but_not_otherwise(self, desk: Desk) -> None:
        for _ in range(2):
            self.agree(desk, "CNY/JPY", "20.1")
        with pytest.raises(FxRateExists):
            self.agree(desk, "CNY/JPY", "20.2")

    def test_does_not_wait_twice(self, desk: Desk) -> None:
        words = ("--as", "ann", "--reason", "the ECB's")
        first = desk.json("fx", "propose", "JPY", "20.1", *words)
        with pytest.raises(AlreadyProposed) as refused:
            desk.json("fx", "propose", "JPY", "20.2", *words)
        assert refused.value.facts == {"proposal": first["id"]}

    @pytest.mark.parametrize(
        ("pair", "rate"),
        [
            ("CNY/CNY", "1"),
            ("EUR/JPY", "1"),
            ("yen", "1"),
            ("JPY", "0"),
            ("JPY", "-1"),
            ("JPY", "1e3"),
            ("JPY", "1/0"),
        ],
    )
    def test_refuse_what_is_no_rate(self, desk: Desk, pair: str, rate: str) -> None:
        words = ("fx", "propose", "--as", "ann", "--reason", "typed", "--", pair, rate)
        assert desk.run(*words).exit_code == 2
