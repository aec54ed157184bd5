"""What every page asks for its header, and the inbox itself, reads a few rows of many."""

from typing import Any

import pytest
from sqlalchemy import Connection, event

from members.notices import store
from tests.books import Books
from tests.members.known import Known, know

MANY = 20_000
FEW = 60  # pages of 8 kB


@pytest.fixture
def known(books: Books) -> Known:
    """Somebody with a long inbox among others; every tenth notice is unread."""
    known, other = know(books), know(books)
    for each in (known, other):
        books.owner.execute(
            "INSERT INTO members.notice (id, person_id, kind, facts, at, inbox, read_at, state)"
            " SELECT gen_random_uuid(), %s, 'frozen', '{}', now() - n * interval '1 minute', true,"
            " CASE WHEN n %% 10 > 0 THEN now() END, 'none' FROM generate_series(1, %s) n",
            (each.person, MANY),
        )
    books.owner.execute("ANALYZE members.notice")
    return known


def pages(books: Books, ask: Any) -> int:
    """How many pages the statements touch that `ask` makes."""
    heard: list[tuple[str, Any]] = []

    def hear(_: Connection, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        heard.append((statement, parameters))

    engine = books.database.engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        with books.database.transaction() as session:
            assert ask(session)
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    with engine.connect() as connection:
        plans = [
            connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters
            ).scalar_one()[0]["Plan"]
            for statement, parameters in heard
        ]
        connection.rollback()
    assert plans
    return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans)


def test_the_count_in_the_header(books: Books, known: Known) -> None:
    assert pages(books, lambda s: store.count_unread(s, known.person) == 100) <= 2 * FEW


def test_the_first_page_and_a_late_one(books: Books, known: Known) -> None:
    (late,) = books.rows(
        "SELECT id FROM members.notice WHERE person_id = %s AND read_at IS NOT NULL"
        " ORDER BY at OFFSET 100 LIMIT 1",
        known.person,
    )
    assert pages(books, lambda s: store.unread_notices(s, known.person, 50)) <= FEW
    assert pages(books, lambda s: store.read_notices(s, known.person, None, 31)) <= FEW
    assert pages(books, lambda s: store.read_notices(s, known.person, late.id, 31)) <= FEW


def test_what_is_to_be_sent(books: Books, known: Known) -> None:
    books.owner.execute(
        "INSERT INTO members.notice (id, person_id, kind, facts, at, inbox, state, due_at)"
        " SELECT gen_random_uuid(), %s, 'frozen', '{}', now(), true, 'waiting', now()"
        " FROM generate_series(1, 3)",
        (known.person,),
    )
    books.owner.execute("VACUUM (ANALYZE) members.notice")  # Of what other tests left behind.
    now, lease = books.rows("SELECT now() AS now")[0].now, store.STALE
    assert pages(books, lambda s: store.claim(s, now, lease, 1)) <= 2 * FEW
