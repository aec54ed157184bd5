"""A closed window's way by command: who may take which step, and what two people must agree on."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from exchange.invariants import check
from kit.ids import uuid7
from settlement import deferrals, revisions
from settlement.errors import BankDisagrees, SettlementStepRefused
from settlement.invariants import INVARIANTS
from settlement.reckoning import HUB
from staff.errors import ProposalChanged, SecondPersonRequired
from tests.books import Books
from tests.settlement.bank.agreed import agree_account
from tests.settlement.coalition import NOW, Coalition
from tests.web.desk import Desk

OURS, FUELS, THIEFS = "6222020200112233445", "6217001080100011112", "6217001080100099999"


@pytest.fixture
def hub(books: Books) -> Coalition:
    """Market owes Fuel 300 fen, by way of the hub; a florist is in none of it."""
    made = Coalition(books)
    for slug in ("market", "fuel", "florist"):
        made.partner(slug)
    wallet = made.wallet()
    made.issue("market", wallet, 500)
    made.spend("fuel", wallet, 300)
    with made.database.transaction() as session:
        for party, account in ((HUB, OURS), (made.parties["fuel"], FUELS)):
            agree_account(session, party, account, now=NOW)
    return made


@pytest.fixture
def desk(hub: Coalition) -> Desk:
    return Desk(hub.database, hub.signer)


@pytest.fixture
def closed(desk: Desk) -> str:
    """Closed by Ann."""
    return str(desk.json("windows", "close", "--as", "ann", "--next", "next")["window"]["name"])


@pytest.fixture
def paying(desk: Desk, closed: str) -> str:
    desk.agree("windows", "approve", closed)
    desk.agree("windows", "pay", closed)
    return closed


def revise(hub: Coalition, window: str) -> None:
    """Market is left out: its figures are none."""
    with hub.database.transaction() as session:
        deferrals.defer_party(
            session, hub.id(window), hub.parties["market"], because=uuid7(), now=NOW
        )
    made = revisions.revise(
        hub.database, window=window, reason="without", by="ann, ben", now=NOW, signer=hub.signer
    )
    assert made == 2


def settle_regardless(desk: Desk, window: str) -> Any:
    return desk.json("windows", "settle", window, "--as", "ann", "--regardless", "paid in cash")


def test_each_step_says_who_took_it(desk: Desk, hub: Coalition, paying: str) -> None:
    (shown,) = (one for one in desk.json("windows", "list") if one["name"] == paying)
    assert (shown["closed_by"], shown["approved_by"], shown["paid_by"]) == (
        "ann",
        "ben",
        "ann, ben",
    )
    (made,) = desk.json("windows", "revisions", paying)
    assert (made["number"], made["reason"], made["made_by"]) == (1, "closing", "ann")


@pytest.mark.parametrize("step", ["close", "settle"])
def test_only_operators_take_them(desk: Desk, hub: Coalition, step: str) -> None:
    result = desk.run("windows", step, hub.window, "--as", "nobody")
    assert result.exit_code == 2
    assert "nobody is no operator" in result.output
    assert hub.state(hub.window) == "open"


class TestApprove:
    def test_only_operators_propose_it(self, desk: Desk, closed: str) -> None:
        result = desk.run("windows", "approve", closed, "--as", "nobody", "--reason", "a test")
        assert "nobody is no operator" in result.output

    def test_only_a_closed_window_is_proposed(self, desk: Desk, hub: Coalition) -> None:
        with pytest.raises(SettlementStepRefused):
            desk.propose("windows", "approve", hub.window)

    def test_names_what_is_to_move_and_the_statements(self, desk: Desk, closed: str) -> None:
        content = desk.propose("windows", "approve", closed)["content"]
        assert (content["window"], content["revision"]) == (closed, 1)
        assert content["amount"] == {"CNY": 600}  # Market to the hub, and the hub to Fuel.
        assert len(bytes.fromhex(content["statements_digest"])) == 32

    def test_takes_another_than_closed_it(self, desk: Desk, hub: Coalition, closed: str) -> None:
        proposal = desk.json(
            "windows", "approve", closed, "--as", "ben", "--reason", "as told by mail"
        )
        with pytest.raises(SecondPersonRequired):
            desk.run("proposals", "approve", proposal["id"], "--as", "ann")
        assert hub.state(closed) == "closed"

    def test_is_for_the_figures_that_were_shown(
        self, desk: Desk, hub: Coalition, closed: str
    ) -> None:
        proposal = desk.propose("windows", "approve", closed)
        revise(hub, closed)
        with pytest.raises(ProposalChanged):
            desk.approve(proposal)
        assert hub.state(closed) == "closed"


class TestPay:
    @pytest.fixture
    def approved(self, desk: Desk, closed: str) -> str:
        desk.agree("windows", "approve", closed)
        return closed

    def test_only_an_approved_window_is_proposed(self, desk: Desk, closed: str) -> None:
        with pytest.raises(SettlementStepRefused):
            desk.propose("windows", "pay", closed)

    def test_the_files_are_those_that_were_agreed_to(
        self, desk: Desk, approved: str, tmp_path: Path
    ) -> None:
        proposal = desk.propose("windows", "pay", approved)
        with pytest.raises(SettlementStepRefused):
            desk.run("bank", "pay", approved)
        assert desk.approve(proposal)["effect"].endswith("files for the bank: 1")
        (agreed,) = proposal["content"]["files"]
        for _ in range(2):
            desk.run("bank", "pay", approved, "--to", str(tmp_path))
            written = (tmp_path / agreed["name"]).read_bytes()
            assert hashlib.sha256(written).hexdigest() == agreed["digest"]

    def test_is_not_for_another_account(self, desk: Desk, hub: Coalition, approved: str) -> None:
        proposal = desk.propose("windows", "pay", approved)
        with hub.database.transaction() as session:
            agree_account(
                session, hub.parties["fuel"], THIEFS, now=NOW, valid_from=date(2020, 1, 2)
            )
        with pytest.raises(ProposalChanged):
            desk.approve(proposal)
        assert hub.state(approved) == "approved"

    def test_is_for_the_figures_that_were_shown(
        self, desk: Desk, hub: Coalition, approved: str
    ) -> None:
        proposal = desk.propose("windows", "pay", approved)
        revise(hub, approved)
        with pytest.raises(ProposalChanged):
            desk.approve(proposal)
        assert hub.state(approved) == "approved"


class TestSettleRegardless:
    def test_takes_two_people(self, desk: Desk, hub: Coalition, paying: str) -> None:
        with pytest.raises(BankDisagrees):
            desk.run("windows", "settle", paying, "--as", "ben")
        proposal = settle_regardless(desk, paying)
        with pytest.raises(SecondPersonRequired):
            desk.run("proposals", "approve", proposal["id"], "--as", "ann")
        assert hub.state(paying) == "paying"
        desk.approve(proposal)
        (shown,) = (one for one in desk.json("windows", "list") if one["name"] == paying)
        assert (shown["state"], shown["settled_by"]) == ("settled", "ann, ben")

    def test_rejected_settles_nothing(self, desk: Desk, hub: Coalition, paying: str) -> None:
        proposal = settle_regardless(desk, paying)
        desk.json("proposals", "reject", proposal["id"], "--as", "ben", "--reason", "not yet")
        assert hub.state(paying) == "paying"

    def test_is_for_the_figures_that_were_spoken_of(
        self, desk: Desk, hub: Coalition, paying: str
    ) -> None:
        proposal = settle_regardless(desk, paying)
        revise(hub, paying)
        with pytest.raises(ProposalChanged):
            desk.approve(proposal)
        assert hub.state(paying) == "paying"


class TestAbort:
    def test_takes_two_people(self, desk: Desk, hub: Coalition, closed: str) -> None:
        nets = hub.nets(closed)
        proposal = desk.propose("windows", "abort", closed)
        with pytest.raises(SecondPersonRequired):
            desk.run("proposals", "approve", proposal["id"], "--as", "ann")
        assert hub.state(closed) == "closed"
        assert "next settlement" in desk.approve(proposal)["effect"]
        assert hub.state(closed) == "aborted"
        desk.run("windows", "close", "--as", "ann", "--next", "after")
        assert hub.nets("next") == nets
        with hub.database.engine.connect() as connection:
            assert not [one for one in check(connection, INVARIANTS) if one.count]

    def test_is_for_the_figures_that_were_spoken_of(
        self, desk: Desk, hub: Coalition, closed: str
    ) -> None:
        proposal = desk.propose("windows", "abort", closed)
        revise(hub, closed)
        with pytest.raises(ProposalChanged):
            desk.approve(proposal)
        assert hub.state(closed) == "closed"

    def test_comes_too_late_once_money_is_on_its_way(
        self, desk: Desk, hub: Coalition, closed: str
    ) -> None:
        proposal = desk.propose("windows", "abort", closed)
        desk.agree("windows", "approve", closed)
        desk.agree("windows", "pay", closed)
        with pytest.raises(SettlementStepRefused):
            desk.approve(proposal)
        assert hub.state(closed) == "paying"
