"""Lines, parties and windows left out: everything else settles, and they do in the next one."""

from uuid import UUID

import pytest

from exchange.invariants import INVARIANTS as BOOKS
from exchange.invariants import check
from kit.ids import from_text, uuid7
from settlement import closing, content, deferrals, revisions
from settlement.errors import (
    CoversDoNotBalance,
    DeferralExists,
    SettlementStepRefused,
    UnrevisedDeferrals,
)
from settlement.invariants import INVARIANTS
from tests.settlement import steps
from tests.settlement.coalition import NOW, Coalition

MILLION = 1_000_000
BECAUSE = uuid7()


@pytest.fixture
def traded(coalition: Coalition) -> Coalition:
    """Market's points spent at Fuel, twice, and at Cafe; Fuel takes 0.9 fen a point."""
    coalition.partner("market", issue_price=MILLION)
    coalition.partner("fuel", accept_price=900_000)
    coalition.partner("cafe", prefunded_ppm=500_000)
    return coalition


@pytest.fixture
def sale(traded: Coalition) -> UUID:
    """The first of Market's sales: 600 points at Fuel."""
    wallet = traded.wallet()
    traded.issue("market", wallet, 5000)
    traded.issue("cafe", wallet, 800)
    first = traded.spend("fuel", wallet, 600)
    traded.spend("fuel", wallet, 400)
    traded.spend("cafe", wallet, 1000)
    return _uuid(first)


def _uuid(journal: str) -> UUID:
    return from_text("jrn", journal) or UUID(journal)


def _defer(traded: Coalition, window: str, journal: UUID) -> UUID:
    with traded.database.transaction() as session:
        return deferrals.defer_line(
            session,
            traded.id(window),
            journal,
            traded.parties["market"],
            because=BECAUSE,
            now=NOW,
        )


def _release(traded: Coalition, deferral: UUID) -> None:
    with traded.database.transaction() as session:
        deferrals.release(session, deferral, NOW)


def _revise(traded: Coalition, window: str, **values: object) -> int:
    values = {"reason": "dispute", "by": "mei", "now": NOW, "signer": traded.signer} | values
    return revisions.revise(traded.database, window=window, **values)  # type: ignore[arg-type]


def _whole(traded: Coalition) -> None:
    """Every invariant holds."""
    with traded.database.engine.connect() as connection:
        wrong = [one for one in check(connection, [*BOOKS, *INVARIANTS]) if one.violations]
    assert not wrong, wrong


class TestLines:
    def test_are_left_out_of_the_net_and_settle_in_the_next(
        self, traded: Coalition, sale: UUID
    ) -> None:
        closed = traded.close("2026-12")
        before = traded.nets(closed)
        deferral = _defer(traded, closed, sale)
        assert _revise(traded, closed) == 2
        revised = traded.nets(closed)
        assert revised["fuel"] == before["fuel"] - 540
        assert revised["market"] == before["market"] + 600
        _whole(traded)
        traded.settle(closed)
        _whole(traded)
        _release(traded, deferral)
        following = traded.close("2027-01")
        assert traded.nets(following) == {slug: before[slug] - revised[slug] for slug in before}
        _whole(traded)

    def test_keep_counting_towards_the_cap(self, traded: Coalition, sale: UUID) -> None:
        closed = traded.close("2026-12")
        points, owed = traded.exposure("market")
        deferral = _defer(traded, closed, sale)
        _revise(traded, closed)
        assert traded.exposure("market") == (points + 600, owed - 600)
        traded.settle(closed)
        assert traded.exposure("market") == (points + 600, 0)
        _release(traded, deferral)
        traded.close("2027-01")
        assert traded.exposure("market") == (points, 600)

    def test_contested_before_the_closing_are_never_in_it(
        self, traded: Coalition, sale: UUID
    ) -> None:
        deferral = _defer(traded, traded.window, sale)
        closed = traded.close("2026-12")
        assert traded.nets(closed)["fuel"] == 360
        assert _revise(traded, closed) == 1
        _whole(traded)
        _release(traded, deferral)
        assert traded.nets(traded.close("2027-01"))["fuel"] == 540
        _whole(traded)

    def test_resolved_before_any_revision_were_never_left_out(
        self, traded: Coalition, sale: UUID
    ) -> None:
        closed = traded.close("2026-12")
        _release(traded, _defer(traded, closed, sale))
        following = traded.close("2027-01")
        assert traded.nets(following)["fuel"] == 0
        _whole(traded)

    def test_are_left_out_once(self, traded: Coalition, sale: UUID) -> None:
        _defer(traded, traded.window, sale)
        with pytest.raises(DeferralExists):
            _defer(traded, traded.window, sale)

    def test_are_in_force_once_revised(self, traded: Coalition, sale: UUID) -> None:
        closed = traded.close("2026-12")
        _defer(traded, closed, sale)
        with traded.database.transaction() as session:
            assert not content.content(session, traded.id(closed)).left_out
        with traded.database.transaction() as session, pytest.raises(UnrevisedDeferrals):
            steps.approve(session, closed, NOW, by="li")
        _revise(traded, closed)
        with traded.database.transaction() as session:
            (left_out,) = content.content(session, traded.id(closed)).left_out
            steps.approve(session, closed, NOW, by="li")
        assert left_out.points == 600

    def test_that_nobody_owes_for_are_counted_all_the_same(self, traded: Coalition) -> None:
        """Nothing is owed for what an issuer takes of its own points."""
        wallet = traded.wallet()
        traded.issue("market", wallet, 100)
        own = _uuid(traded.spend("market", wallet, 100))
        closed = traded.close("2026-12")
        _defer(traded, closed, own)
        assert _revise(traded, closed) == 2
        assert _revise(traded, closed) == 2
        with traded.database.transaction() as session:
            steps.approve(session, closed, NOW, by="li")


class TestRevisions:
    def test_change_the_statements_of_those_concerned(self, traded: Coalition, sale: UUID) -> None:
        traded.partner("florist")
        closed = traded.close("2026-12")
        first = traded.documents(closed)
        _defer(traded, closed, sale)
        _revise(traded, closed)
        rows = traded.books.rows(
            "SELECT number, revision, convert_from(document, 'UTF8')::jsonb ->> 'replaces' AS old"
            " FROM settlement.statement WHERE revision = 2 ORDER BY number"
        )
        assert {row.old for row in rows} == {first["market"].number, first["fuel"].number}
        assert all(row.number == f"{row.old}-r2" for row in rows)

    def test_nothing_new_is_no_revision(self, traded: Coalition, sale: UUID) -> None:
        closed = traded.close("2026-12")
        assert _revise(traded, closed) == 1

    def test_covers_move_the_nets(self, traded: Coalition, sale: UUID) -> None:
        closed = traded.close("2026-12")
        before = traded.nets(closed)
        market, fuel = traded.parties["market"], traded.parties["fuel"]
        covers = {market: 900, 1: -700, fuel: -200}
        assert _revise(traded, closed, reason="covered", covers=covers) == 2
        after = traded.nets(closed)
        assert after["market"] == before["market"] + 900
        assert after["fuel"] == before["fuel"] - 200
        assert sum(after.values()) == 0
        _whole(traded)
        assert _revise(traded, closed, reason="covered") == 2  # Those in force stay.
        with pytest.raises(CoversDoNotBalance):
            _revise(traded, closed, reason="covered", covers={market: 1})

    def test_are_refused_once_the_figures_are_agreed(self, traded: Coalition, sale: UUID) -> None:
        closed = traded.close("2026-12")
        traded.settle(closed)
        for reason in "dispute", "without", "covered":
            with pytest.raises(SettlementStepRefused):
                _revise(traded, closed, reason=reason)


class TestParties:
    def test_left_out_take_all_of_theirs_with_them(self, traded: Coalition, sale: UUID) -> None:
        closed = traded.close("2026-12")
        before = traded.nets(closed)
        with traded.database.transaction() as session:
            deferral = deferrals.defer_party(
                session, traded.id(closed), traded.parties["market"], because=BECAUSE, now=NOW
            )
        _revise(traded, closed, reason="without", because=BECAUSE)
        without = traded.nets(closed)
        assert without["market"] == 0
        assert sum(without.values()) == 0
        _whole(traded)
        traded.settle(closed)
        _release(traded, deferral)
        following = traded.nets(traded.close("2027-01"))
        together = {slug: without[slug] + following[slug] for slug in before}
        assert all(abs(together[slug] - before[slug]) <= 2 for slug in before)
        _whole(traded)


class TestAborted:
    def test_goes_into_the_next(self, traded: Coalition, sale: UUID) -> None:
        closed = traded.close("2026-12")
        nets, exposure = traded.nets(closed), traded.exposure("market")
        with traded.database.transaction() as session:
            closing.abort(session, closed, NOW, by="mei, li", because=BECAUSE)
        assert traded.state(closed) == "aborted"
        assert traded.exposure("market") == (5000, 0)
        _whole(traded)
        second = traded.close("2027-01")
        assert (traded.nets(second), traded.exposure("market")) == (nets, exposure)
        _whole(traded)
        with traded.database.transaction() as session:
            closing.abort(session, second, NOW, by="mei, li", because=BECAUSE)
        assert traded.nets(traded.close("2027-02")) == nets
        _whole(traded)

    def test_what_it_left_out_stays_left_out(self, traded: Coalition, sale: UUID) -> None:
        closed = traded.close("2026-12")
        deferral = _defer(traded, closed, sale)
        _revise(traded, closed)
        nets = traded.nets(closed)
        with traded.database.transaction() as session:
            closing.abort(session, closed, NOW, by="mei, li", because=BECAUSE)
        assert traded.nets(traded.close("2027-01")) == nets
        _release(traded, deferral)
        third = traded.close("2027-02")
        assert traded.nets(third)["fuel"] == 540
        _whole(traded)
