"""What a benchmark fills in are books like any other."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bench.filling import link_id
from bench.place import Place, filled
from kit.database import Database
from tests.books import assert_books_balance


@pytest.fixture(scope="module")
def place(hub_home: Path) -> Iterator[Place]:
    """Two hundred members with seven past sales, the last two of them added later."""
    with filled(hub_home / "bench", members=200, tills=3, sales=5) as made:
        made.sell(2, before=5)
        yield made


def test_the_books_balance(place: Place) -> None:
    database = Database(place.owner_url)
    try:
        assert_books_balance(database)
    finally:
        database.close()


def test_there_is_as_much_as_was_asked_for(place: Place) -> None:
    with psycopg.connect(place.owner_url) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM exchange.lot), (SELECT count(*) FROM exchange.wallet),"
            " (SELECT count(*) FROM exchange.posting), (SELECT count(*) FROM exchange.journal)"
        ).fetchone()
    assert counts == (600, 200, 600 + 1400, 600 + 1400)


def test_members_are_linked_to_the_till_that_python_names(place: Place) -> None:
    with psycopg.connect(place.owner_url) as connection:
        links = dict(connection.execute("SELECT id, party_id FROM exchange.link").fetchall())
    parties = [till.party for till in place.tills]
    expected = {link_id(number): parties[number % 3] for number in range(1, 201)}
    # The first member is till 1's, and known to the two others too.
    assert links == expected | {link_id(1, 1): parties[2], link_id(1, 2): parties[0]}


def test_new_rows_get_numbers_of_their_own(place: Place) -> None:
    with psycopg.connect(place.superuser_url) as connection:
        row = connection.execute(
            "SELECT nextval(pg_get_serial_sequence('exchange.account', 'id'))"
            " > (SELECT max(id) FROM exchange.account),"
            " nextval(pg_get_serial_sequence('exchange.lot', 'id'))"
            " > (SELECT max(id) FROM exchange.lot)"
        ).fetchone()
    assert row == (True, True)
