"""Sequences that once lost money or counted it twice: each is settled once, and by whom it may."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event

from exchange.invariants import INVARIANTS as BOOKS
from exchange.invariants import check
from kit.database import Busy
from kit.ids import from_text, uuid7
from settlement import closing, content, deferrals, revisions
from settlement.bank import dues
from settlement.bank.store import lock_imports
from settlement.defaults import defaulting
from settlement.disputes import opening, steps
from settlement.disputes.errors import DisputeTooLate
from settlement.errors import MoneyMoved, UnrevisedDeferrals
from settlement.invariants import INVARIANTS
from tests.factories import build_proposal
from tests.settlement.bank.scene import Desk, paying
from tests.settlement.coalition import NOW, Coalition

BECAUSE = uuid7()


@pytest.fixture
def traded(coalition: Coalition) -> Coalition:
    """Market's points are for Fuel to take, at 0.9 fen each."""
    coalition.partner("market")
    coalition.partner("fuel", accept_price=900_000)
    return coalition


def _sales(traded: Coalition, *points: int) -> list[UUID]:
    wallet = traded.wallet()
    traded.issue("market", wallet, 5000)
    sales = [traded.spend("fuel", wallet, each) for each in points]
    return [from_text("jrn", sale) or UUID(sale) for sale in sales]


def _contest(traded: Coalition, journal: UUID) -> UUID:
    with traded.database.transaction() as session:
        (made,) = opening.open_disputes(
            session,
            party=traded.parties["market"],
            lines=[opening.Line(journal)],
            reason="not-ours",
            words="",
            now=datetime.now(UTC),
        )
    return made


def _withdraw(traded: Coalition, dispute: UUID) -> None:
    with traded.database.transaction() as session:
        steps.withdraw(session, party=traded.parties["market"], dispute=dispute, words="", now=NOW)


def _revise(traded: Coalition, window: str, reason: revisions.Reason) -> None:
    revisions.revise(
        traded.database, window=window, reason=reason, by="mei", now=NOW, signer=traded.signer
    )


def _whole(traded: Coalition) -> None:
    with traded.database.engine.connect() as connection:
        wrong = [one for one in check(connection, [*BOOKS, *INVARIANTS]) if one.violations]
    assert not wrong, wrong


class TestALineOfAPartyLeftOut:
    def test_is_settled_with_the_cure_and_not_again(self, traded: Coalition) -> None:
        sale, _ = _sales(traded, 600, 400)
        first = traded.close("2026-12")
        with traded.database.transaction() as session:
            left_out = deferrals.defer_party(
                session, traded.id(first), traded.parties["market"], because=BECAUSE, now=NOW
            )
        _revise(traded, first, "without")
        with traded.database.transaction() as session:
            deferrals.release(session, left_out, NOW)
        cured = traded.close("2027-01")
        assert traded.nets(cured)["fuel"] == 900
        with pytest.raises(DisputeTooLate):
            _contest(traded, sale)
        _revise(traded, first, "dispute")
        assert traded.nets(traded.close("2027-02"))["fuel"] == 0
        _whole(traded)


class TestGivingUp:
    def test_is_too_late_once_money_came(self, coalition: Coalition, tmp_path: Path) -> None:
        """Its payer would pay a second time with the next settlement."""
        desk = Desk(coalition, tmp_path)
        window = desk.trade()
        desk.says(paying(desk.due(window, "in")))
        with coalition.database.transaction() as session, pytest.raises(MoneyMoved):
            closing.abort(session, window, NOW, by="mei, li", because=BECAUSE)
        assert coalition.state(window) == "approved"

    def test_keeps_a_contested_line_out_of_the_next(self, traded: Coalition) -> None:
        sale, _ = _sales(traded, 600, 400)
        closed = traded.close("2026-12")
        dispute = _contest(traded, sale)
        with traded.database.transaction() as session, pytest.raises(UnrevisedDeferrals):
            closing.abort(session, closed, NOW, by="mei, li", because=BECAUSE)
        _revise(traded, closed, "dispute")
        with traded.database.transaction() as session:
            closing.abort(session, closed, NOW, by="mei, li", because=BECAUSE)
        assert traded.nets(traded.close("2027-01"))["fuel"] == 360
        _withdraw(traded, dispute)
        assert traded.nets(traded.close("2027-02"))["fuel"] == 540
        _whole(traded)


class TestMoneyThatComesMeanwhile:
    """Matched to figures that are no longer in force, it would be missing from those that are."""

    def test_holds_back_a_default(self, coalition: Coalition, tmp_path: Path) -> None:
        window = Desk(coalition, tmp_path).trade()
        with coalition.database.transaction() as session:
            shown = defaulting.dry_run(session, window, coalition.parties["market"], "cover")
            agreed = build_proposal(session, kind="default", decided_by="li").id
        with coalition.database.transaction() as importer:
            lock_imports(importer)
            assert dues.of_window(importer, coalition.id(window))  # Read, and not yet matched.
            with pytest.raises(Busy), coalition.database.transaction() as session:
                defaulting.enact(
                    session,
                    shown.content(),
                    proposal=agreed,
                    by="li",
                    now=NOW,
                    signer=coalition.signer,
                )

    def test_holds_back_giving_up(self, coalition: Coalition, tmp_path: Path) -> None:
        window = Desk(coalition, tmp_path).trade()
        with coalition.database.transaction() as importer:
            lock_imports(importer)
            assert dues.of_window(importer, coalition.id(window))
            with pytest.raises(Busy), coalition.database.transaction() as session:
                closing.abort(session, window, NOW, by="mei, li", because=BECAUSE)


class TestManyContestedLines:
    def test_are_read_at_once(self, traded: Coalition) -> None:
        """A partner that contests a thousand must not hold up everybody's closing."""
        asked = []
        for sale in _sales(traded, *range(10, 18)):
            _contest(traded, sale)
        closed = traded.close("2026-12")
        with traded.database.transaction() as session:
            event.listen(
                traded.database.engine,
                "before_cursor_execute",
                lambda *of: asked.append(of[2]),
            )
            found = content.content(session, traded.id(closed))
        assert sum(each.points for each in found.left_out) == sum(range(10, 18))
        assert len(asked) <= 6
        _whole(traded)
