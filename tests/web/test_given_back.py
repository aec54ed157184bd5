"""The invariant given-back-by-two: what was taken is given back by two people, or it is found."""

from typing import Any

import psycopg
import pytest

from exchange.invariants import check
from kit.database import Database
from partners import registry
from staff.invariants import GIVEN_BACK
from tests.books import Books
from tests.factories import build_sealer
from tests.settlement.coalition import NOW, Coalition
from tests.web.desk import Desk


@pytest.fixture
def desk(books: Books) -> Desk:
    """A partner that was suspended, and let in again by Ann and Ben."""
    Coalition(books).partner("market")
    desk = Desk(books.database, build_sealer())
    with books.database.transaction() as session:
        registry.move(session, slug="market", to="suspended", now=NOW)
    desk.agree("partners", "restore", "market")
    return desk


def violations(database: Database) -> int:
    with database.engine.connect() as connection:
        (result,) = check(connection, [GIVEN_BACK])
    count: int = result.count
    return count


def test_two_people_did(desk: Desk, database: Database) -> None:
    assert violations(database) == 0
    found: Any = desk.json("audit", "list", "--what", "partner-restored")
    assert [(each["who"], each["object"]) for each in found] == [("ben", "partner market")]


@pytest.mark.corrupts_books
@pytest.mark.parametrize(
    "corruption",
    [
        "UPDATE staff.proposal SET state = 'rejected' WHERE kind = 'partner-restoration'",
        'UPDATE staff.proposal SET content = \'{"partner": "fuel"}\'',
        "UPDATE staff.audit SET who = 'ann' WHERE what = 'partner-restored'",
        "UPDATE staff.audit SET what = 'roles-changed', object = 'operator ann'"
        " WHERE what = 'partner-restored'",
        "UPDATE staff.audit SET what = 'key-registered' WHERE what = 'partner-restored'",
    ],
)
def test_whoever_did_it_alone_is_found(
    desk: Desk, database: Database, owner: psycopg.Connection, corruption: str
) -> None:
    owner.execute(corruption)
    assert violations(database) == 1
