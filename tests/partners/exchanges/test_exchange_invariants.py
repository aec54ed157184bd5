"""What is changed behind the hub's back is found: each invariant is made to fail."""

import pytest

from exchange.invariants import check
from partners.exchanges.invariants import INVARIANTS
from tests.partners.exchanges.conftest import Trade


@pytest.fixture
def traded(trade: Trade) -> Trade:
    """Exchanges in every state, both ways."""
    for direction in ("export", "import"):
        amount = 600 if direction == "export" else 30
        trade.quote(direction, amount)
        trade.begun(direction, amount)
        trade.done(direction, amount)
        undone, undoing = (trade.done(direction, amount) for _ in range(2))
        trade.undo(undone)
        trade.advance(undone)
        trade.undo(undoing)
        trade.programme.moods = ["refused", "500"]
        trade.advance(trade.begun(direction, amount))
        trade.advance(trade.begun(direction, amount))
    return trade


def violated(trade: Trade) -> set[str]:
    with trade.database.engine.connect() as connection:
        return {result.name for result in check(connection, INVARIANTS) if result.count}


def test_all_hold(traded: Trade) -> None:
    rows = traded.coalition.books.rows(
        "SELECT DISTINCT direction, state FROM partners.exchange ORDER BY 1, 2"
    )
    assert len(rows) == 14
    assert violated(traded) == set()


AS_QUOTED = "exchange-done-as-quoted"
NOTHING = "exchange-not-done-moves-nothing"
HELD = "exchange-under-way-is-held"
UNDONE = "exchange-undone-once-and-whole"
PRICED = "exchange-priced-by-its-rate"
SET = "UPDATE partners.exchange SET "
OPEN = " state = 'asked' AND direction = 'export'"


@pytest.mark.corrupts_books
@pytest.mark.parametrize(
    ("corruption", "name"),
    [
        (SET + "journal_id = gen_random_uuid() WHERE state = 'done'", AS_QUOTED),
        (SET + "fee = fee + 1 WHERE state = 'done'", AS_QUOTED),
        (SET + "theirs = theirs - 1 WHERE state = 'undone'", AS_QUOTED),
        (SET + "hold_id = gen_random_uuid() WHERE journal_id IS NOT NULL", AS_QUOTED),
        ("UPDATE exchange.quote SET used_by = gen_random_uuid()", AS_QUOTED),
        (
            "UPDATE exchange.journal SET rate_id = NULL WHERE kind = 'capture'",
            AS_QUOTED,
        ),
        (
            "UPDATE exchange.hold SET state = 'captured', captured = points, released = 0,"
            " ended_at = now() WHERE state = 'held'",
            NOTHING,
        ),
        (SET + "state = 'returned', ask_at = NULL WHERE" + OPEN, NOTHING),
        (
            "INSERT INTO exchange.quote SELECT id, party_id, link_id, rate_id, theirs, points,"
            " fee, quoted_at, expires_at, id FROM partners.exchange"
            " WHERE state = 'asked' AND direction = 'import'",
            NOTHING,
        ),
        (SET + "hold_id = NULL WHERE" + OPEN, HELD),
        ("UPDATE exchange.hold SET firm = false WHERE state = 'held'", HELD),
        ("UPDATE exchange.hold SET expires_at = now() WHERE state = 'held'", HELD),
        ("UPDATE exchange.hold SET points = points + 1 WHERE state = 'held'", HELD),
        ("UPDATE exchange.undone SET undone = undone - 1 WHERE undone > 0", UNDONE),
        (SET + "undo_id = NULL WHERE state = 'undoing'", UNDONE),
        (SET + "undo_id = journal_id WHERE state = 'undone'", UNDONE),
        (SET + "state = 'done' WHERE state = 'undone'", UNDONE),
        (SET + "undo_until = undo_asked_at WHERE state = 'undone'", UNDONE),
        (SET + "undo_until = NULL WHERE state = 'undone'", UNDONE),
        (SET + "points = points + 1 WHERE state = 'quoted' AND direction = 'import'", PRICED),
        (SET + "theirs = theirs + 9 WHERE state = 'quoted' AND direction = 'export'", PRICED),
        (SET + "fee = fee + 1 WHERE state = 'quoted' AND direction = 'export'", PRICED),
        (SET + "wallet_id = (SELECT min(id) FROM exchange.wallet WHERE id <> wallet_id)", PRICED),
        (SET + "direction = 'import' WHERE state = 'quoted'", PRICED),
    ],
)
def test_each_is_found(traded: Trade, corruption: str, name: str) -> None:
    traded.bank.enrol()
    traded.owner.execute(corruption)
    assert name in violated(traded)
