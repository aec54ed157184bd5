"""The checker finds points that moved before they were issued."""

import psycopg
import pytest

from settlement.finance.invariants import INVARIANTS
from tests.books import check
from tests.settlement.coalition import Coalition


@pytest.mark.corrupts_books
def test_finds_points_older_than_their_journal(
    coalition: Coalition, owner: psycopg.Connection
) -> None:
    coalition.partner("market")
    coalition.issue("market", coalition.wallet(), 10)
    with coalition.database.engine.connect() as connection:
        assert [each.count for each in check(connection, INVARIANTS)] == [0]
    owner.execute("UPDATE exchange.posting SET issued_at = issued_at + interval '1 day'")
    with coalition.database.engine.connect() as connection:
        assert [each.count for each in check(connection, INVARIANTS)] == [1]
