"""The open window's movements behind a watermark: exact whenever they were summed, and under
whatever terms."""

import time
from datetime import UTC, datetime

import pytest
from sqlalchemy.dialects.postgresql import Range

from settlement import postings, rollup
from settlement.errors import PointsUnpriced
from settlement.movements import Movement
from settlement.position import position
from tests.factories import build_terms
from tests.settlement.coalition import NOW, Coalition

FROM_2021 = Range(datetime(2021, 1, 1, tzinfo=UTC), None)

WAITED_FOR = """
    SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
        AND backend_xid::text::bigint <= (SELECT max(xid) FROM exchange.posting)
"""


@pytest.fixture
def pair(coalition: Coalition) -> Coalition:
    """Market issues, Fuel accepts."""
    coalition.partner("market", prefunded_ppm=250_000)
    coalition.partner("fuel", accept_price=900_000, fee_ppm=20_000)
    return coalition


def roll_up(coalition: Coalition) -> None:
    """The watermark waits for every transaction of the server: here, for other tests' as well."""
    for _ in range(200):
        if coalition.books.owner.execute(WAITED_FOR).fetchone() == (0,):
            break
        time.sleep(0.05)
    with coalition.database.transaction() as session:
        rollup.roll_up(session)


def kept(coalition: Coalition) -> int:
    """The points in the sums."""
    row = coalition.books.owner.execute("SELECT sum(points) FROM settlement.movement").fetchone()
    assert row is not None
    return int(row[0] or 0)


def found(coalition: Coalition, slug: str) -> list[Movement]:
    """What the party has a part in; the same as the postings say."""
    party, window = coalition.parties[slug], coalition.id(coalition.window)
    with coalition.database.transaction() as session:
        summed = rollup.movements(session, window, party)
        whole = postings.movements(session, window)
    assert summed == [each for each in whole if party in (each.issuer, each.acceptor)]
    return summed


def trade(coalition: Coalition) -> str:
    """100 issued, 40 of them spent, 10 of those given back; the sale."""
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 100)
    sale = coalition.spend("fuel", wallet, 40)
    coalition.refund("fuel", sale, 10)
    return sale


def test_sums_and_tail_are_all_postings(pair: Coalition) -> None:
    trade(pair)
    before = found(pair, "market")
    assert kept(pair) == 0
    roll_up(pair)
    assert kept(pair) == 150
    assert found(pair, "market") == before
    trade(pair)
    assert kept(pair) == 150
    assert [each.points for each in found(pair, "market")] == [200, 20, 80]
    roll_up(pair)
    roll_up(pair)
    assert kept(pair) == 300
    assert [each.points for each in found(pair, "fuel")] == [20, 80]


def test_a_position_does_not_depend_on_when_it_was_summed(pair: Coalition) -> None:
    sale = trade(pair)
    roll_up(pair)
    pair.refund("fuel", sale, 5)
    with pair.database.transaction() as session:
        fuel = position(session, pair.parties["fuel"], currency="CNY", now=NOW)
    assert (fuel.points.accepted, fuel.points.accepted_refunds) == (40, 15)
    assert fuel.window.opened_at < fuel.as_of <= datetime.now(UTC)
    assert {"fuel": fuel.net}.items() <= pair.nets(pair.close("2026-12")).items()


def test_terms_agreed_late_reprice_what_was_summed(pair: Coalition) -> None:
    """As the books do it: the old terms end where the new ones begin, within the window."""
    trade(pair)
    roll_up(pair)
    old = {each.issue_terms for each in found(pair, "market")}
    market = pair.parties["market"]
    pair.books.owner.execute(
        "UPDATE partners.terms SET valid = tstzrange(lower(valid), '2021-01-01') "
        "WHERE party_id = %s",
        (market,),
    )
    with pair.database.transaction() as session:
        build_terms(session, market, valid=FROM_2021, currency="CNY")
    assert old.isdisjoint(each.issue_terms for each in found(pair, "market"))
    roll_up(pair)
    assert kept(pair) == 150
    assert old.isdisjoint(each.issue_terms for each in found(pair, "market"))


def test_what_has_no_price_is_refused_when_it_is_summed_too(pair: Coalition) -> None:
    trade(pair)
    pair.books.owner.execute(
        "UPDATE partners.terms SET valid = tstzrange(lower(valid), '2021-01-01')"
    )
    roll_up(pair)
    assert kept(pair) == 150
    window = pair.id(pair.window)
    with pair.database.transaction() as session, pytest.raises(PointsUnpriced):
        rollup.movements(session, window, pair.parties["market"])


def test_a_window_that_has_closed_is_swept(pair: Coalition) -> None:
    trade(pair)
    roll_up(pair)
    pair.close("2026-12")
    trade(pair)
    roll_up(pair)
    assert kept(pair) == 150
    assert [each.points for each in found(pair, "fuel")] == [10, 40]


def test_nothing_while_another_does_it(pair: Coalition) -> None:
    trade(pair)
    roll_up(pair)
    trade(pair)
    with pair.database.transaction() as first:
        rollup.roll_up(first)
        roll_up(pair)
        assert kept(pair) == 150


def test_nothing_without_an_open_window(pair: Coalition) -> None:
    pair.books.owner.execute('UPDATE exchange."window" SET closed_at = clock_timestamp()')
    roll_up(pair)
    assert kept(pair) == 0
