"""A closed window's way by command: who may take which step, and what two people must agree on."""

from typing import Any

import pytest

from exchange.invariants import check
from kit.ids import uuid7
from settlement import deferrals, revisions
from settlement.errors import BankDisagrees, SettlementStepRefused
from settlement.invariants import INVARIANTS
from staff.errors import ProposalChanged, SecondPersonRequired
from tests.books import Books
from tests.settlement.coalition import NOW, Coalition
from tests.web.desk import Desk


@pytest.fixture
def hub(books: Books) -> Coalition:
    """Market owes Fuel 300 fen, by way of the hub; a florist is in none of it."""
    made = Coalition(books)
    for slug in ("market", "fuel", "florist"):
        made.partner(slug)
    wallet = made.wallet()
    made.issue("market", wallet, 500)
    made.spend("fuel", wallet, 300)
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
    desk.run("windows", "approve", closed, "--as", "ben")
    desk.run("windows", "pay", closed, "--as", "ann")
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
    assert (shown["closed_by"], shown["approved_by"], shown["paid_by"]) == ("ann", "ben", "ann")
    (made,) = desk.json("windows", "revisions", paying)
    assert (made["number"], made["reason"], made["made_by"]) == (1, "closing", "ann")


@pytest.mark.parametrize("step", ["close", "approve", "pay", "settle"])
def test_only_operators_take_them(desk: Desk, hub: Coalition, step: str) -> None:
    result = desk.run("windows", step, hub.window, "--as", "nobody")
    assert result.exit_code == 2
    assert "nobody is no operator" in result.output
    assert hub.state(hub.window) == "open"


def test_whoever_closed_it_does_not_approve_it(desk: Desk, hub: Coalition, closed: str) -> None:
    with pytest.raises(SecondPersonRequired):
        desk.run("windows", "approve", closed, "--as", "ann")
    assert hub.state(closed) == "closed"


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
        desk.json("proposals", "reject", proposal["id"], "--as", "ben")
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
        desk.run("windows", "approve", closed, "--as", "ben")
        desk.run("windows", "pay", closed, "--as", "ann")
        with pytest.raises(SettlementStepRefused):
            desk.approve(proposal)
        assert hub.state(closed) == "paying"
